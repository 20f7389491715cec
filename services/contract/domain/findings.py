"""What a guard rail finds: a refusal, or a note that the parties should read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.kit.problems import FieldError, Refusal


@dataclass(frozen=True)
class Finding:
    """`code` names the text in messages.toml. `whatever_terms`: no other terms would help."""

    code: str
    rule: str
    article: str
    refuses: bool = True
    whatever_terms: bool = False
    params: dict[str, Any] = field(default_factory=dict)


class ExclusiveExcludesLicensor(Refusal):
    slug = "exclusive-excludes-licensor"


class OverlappingLicence(Refusal):
    slug = "overlapping-licence"


class AlreadyTransferred(Refusal):
    slug = "already-transferred"


class RightNotInForce(Refusal):
    slug = "right-not-in-force"


class TermOutlivesRight(Refusal):
    slug = "term-outlives-right"


class CoOwnersMustConsent(Refusal):
    slug = "co-owners-must-consent"


class PledgeeMustConsent(Refusal):
    slug = "pledgee-must-consent"


REFUSALS: dict[str, type[Refusal]] = {
    each.slug: each
    for each in (
        ExclusiveExcludesLicensor,
        OverlappingLicence,
        AlreadyTransferred,
        RightNotInForce,
        TermOutlivesRight,
        CoOwnersMustConsent,
        PledgeeMustConsent,
    )
}


def refuse(findings: Sequence[Finding]) -> None:
    """Raise the first refusal among findings, if any; further ones are listed in its `errors`."""
    refusals = [finding for finding in findings if finding.refuses]
    if not refusals:
        return
    first = refusals[0]
    raise REFUSALS[first.code](
        rule=first.rule,
        article=first.article,
        errors=[FieldError("/terms", each.code, params={"rule": each.rule, **each.params}) for each in refusals[1:]],
        **first.params,
    )
