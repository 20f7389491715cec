"""What is never matched, and why (DOMAIN.md §3): nobody is offered what nobody may grant."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from services.matching.domain.facts import (
    DealForm,
    DemandFacts,
    Encumbrance,
    EncumbranceKind,
    ListingFacts,
    ListingStatus,
    RightStatus,
)


@dataclass(frozen=True)
class Bar:
    """Why a listing is not matched. `code` selects the sentence (`bar.<code>`); rule and article where law says so."""

    code: str
    rule: str = ""
    article: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


_OPEN = frozenset({ListingStatus.PUBLISHED, ListingStatus.UNDER_OFFER})
_DEAD = {
    RightStatus.TERMINATED: Bar("right_terminated", "G3", "CC 865"),
    RightStatus.INVALIDATED: Bar("right_invalidated", "G3", "CC 865"),
    RightStatus.WITHDRAWN_OR_REJECTED: Bar("right_refused", "G3", "CC 865"),
}
_EXCLUDING = frozenset({DealForm.EXCLUSIVE_LICENCE, DealForm.SOLE_LICENCE})


def bar(listing: ListingFacts, now: datetime) -> Bar | None:
    """Why the listing is matched with no demand at all; None where it may be."""
    if listing.status not in _OPEN:
        return Bar(f"listing_{listing.status}")
    right = listing.right
    if right.status in _DEAD:
        return _DEAD[right.status]
    if right.expires_at is not None and right.expires_at <= now:
        return Bar("right_expired", "G3", "CC 865", {"expired_on": right.expires_at.date().isoformat()})
    for burden in right.encumbrances:
        if burden.kind is EncumbranceKind.PLEDGE and not burden.holder_consents and _runs(burden, now):
            return Bar("pledged_without_consent", "G5", "CC 444")
    for licence in _excluding_licences(listing, now):
        if not licence.territories or (listing.reach and listing.reach <= set(licence.territories)):
            return _licensed(licence)
    return None


def bar_for(demand: DemandFacts, listing: ListingFacts, now: datetime) -> Bar | None:
    """Why an otherwise eligible listing is not matched with this demand."""
    if demand.organisation_id == listing.organisation_id:
        return Bar("own_listing")
    for licence in _excluding_licences(listing, now):
        if demand.territories and set(demand.territories) <= set(licence.territories):
            return _licensed(licence)
    return None


def next_change(listing: ListingFacts, now: datetime) -> datetime | None:
    """The next moment at which time alone may change what `bar` or `bar_for` says."""
    moments = [listing.right.expires_at, *(burden.ends_at for burden in listing.right.encumbrances)]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def _excluding_licences(listing: ListingFacts, now: datetime) -> Iterator[Encumbrance]:
    """Exclusive and sole licences in every field, running or agreed: neither leaves room for a licensee (TI 25)."""
    for burden in listing.right.encumbrances:
        if (
            burden.kind is EncumbranceKind.LICENCE
            and burden.licence_form in _EXCLUDING
            and not burden.field_of_use
            and _runs(burden, now)
        ):
            yield burden


def _licensed(licence: Encumbrance) -> Bar:
    parameters = {"form": str(licence.licence_form)}
    if licence.territories:
        parameters["territories"] = ", ".join(sorted(licence.territories))
        return Bar("licensed_in_territory", "G2", "TI 25", parameters)
    return Bar("licensed_away", "G2", "TI 25", parameters)


def _runs(burden: Encumbrance, now: datetime) -> bool:
    return burden.ends_at is None or burden.ends_at > now
