"""What may be offered of a right, already when it is listed. Each rule is one function, in the order they are asked.

Indicative: whether a deal is lawful is judged again on its terms, when there is one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from services.kit.problems import Refusal
from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.errors import (
    AssignmentSigned,
    CoOwnerConsentMissing,
    LicenceOverlaps,
    OpenLicenceNotPossible,
    OpenLicenceRuns,
    PledgeeConsentMissing,
    RightNotInForce,
)
from services.listing.domain.prices import DECLARED_FEES
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import (
    LICENCES,
    RESTRICTIVE_LICENCES,
    DealForm,
    EncumbranceKind,
    PriceForm,
    RightStatus,
)

_WITHOUT_CO_OWNERS = frozenset({DealForm.ORDINARY_LICENCE})


@dataclass(frozen=True)
class Proposal:
    """What a holder wants to offer of a right."""

    forms: frozenset[DealForm]
    territories: tuple[str, ...]
    price_form: PriceForm


def refusals(right: Right, proposal: Proposal, now: datetime) -> Iterator[Refusal]:
    """Every rule that forbids the proposal now."""
    for rule in RULES:
        refusal = rule(right, proposal, now)
        if refusal is not None:
            yield refusal


def check(right: Right, proposal: Proposal, now: datetime) -> None:
    """Raises the first Refusal, if there is one."""
    for refusal in refusals(right, proposal, now):
        raise refusal


def _in_force(right: Right, _proposal: Proposal, now: datetime) -> Refusal | None:
    if right.in_force(now):
        return None
    return RightNotInForce(
        number=right.number.canonical,
        status=right.status,
        ended=right.ends_by.date().isoformat() if right.ends_by and right.ends_by < now else "—",
    )


def _not_signed_away(right: Right, _proposal: Proposal, _now: datetime) -> Refusal | None:
    return AssignmentSigned(number=right.number.canonical) if right.assignment_deal_id else None


def _pledgee_consents(right: Right, _proposal: Proposal, now: datetime) -> Refusal | None:
    for pledge in right.running(EncumbranceKind.PLEDGE, now):
        if not pledge.holder_consents:
            return PledgeeConsentMissing(holder=pledge.holder)
    return None


def _co_owners_consent(right: Right, proposal: Proposal, now: datetime) -> Refusal | None:
    beyond = proposal.forms - _WITHOUT_CO_OWNERS
    for share in right.running(EncumbranceKind.CO_OWNERSHIP, now):
        if beyond and not share.holder_consents:
            return CoOwnerConsentMissing(holder=share.holder, forms=", ".join(sorted(beyond)))
    return None


def _no_overlap(right: Right, proposal: Proposal, now: datetime) -> Refusal | None:
    # A restrictive licence of part of the field or territory leaves the rest free: that the deal's terms decide.
    for licence in _restrictive(right, now):
        if proposal.forms & LICENCES and licence.covers(proposal.territories):
            return LicenceOverlaps(holder=licence.holder, form=licence.licence_form)
    return None


def _open_licence_possible(right: Right, proposal: Proposal, now: datetime) -> Refusal | None:
    if DealForm.OPEN_LICENCE not in proposal.forms:
        return None
    hindrance = None
    if right.status is not RightStatus.GRANTED:  # grace means an annuity is unpaid
        hindrance = "status"
    elif _restrictive(right, now):
        hindrance = "licence"
    elif right.running(EncumbranceKind.PRESERVATION, now):
        hindrance = "preservation"
    elif proposal.price_form not in DECLARED_FEES:
        hindrance = "fee"
    return OpenLicenceNotPossible(hindrance=hindrance, status=right.status) if hindrance else None


def _no_open_licence_beside(right: Right, proposal: Proposal, now: datetime) -> Refusal | None:
    if proposal.forms & RESTRICTIVE_LICENCES and right.running(EncumbranceKind.OPEN_LICENCE, now):
        return OpenLicenceRuns(forms=", ".join(sorted(proposal.forms & RESTRICTIVE_LICENCES)))
    return None


def _restrictive(right: Right, now: datetime) -> list[Encumbrance]:
    licences = right.running(EncumbranceKind.LICENCE, now)
    return [licence for licence in licences if licence.licence_form in RESTRICTIVE_LICENCES]


Rule = Callable[[Right, Proposal, datetime], Refusal | None]
RULES: tuple[Rule, ...] = (
    _in_force,
    _not_signed_away,
    _pledgee_consents,
    _co_owners_consent,
    _no_overlap,
    _open_licence_possible,
    _no_open_licence_beside,
)
