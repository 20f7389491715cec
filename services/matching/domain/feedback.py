"""What a "no" teaches: a listing like one that the demander dismissed ranks a little lower for that demand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.matching.domain import ipc
from services.matching.domain.facts import ListingFacts, Maturity
from services.matching.domain.reasons import Reason


class DismissalReason(StrEnum):
    """DOMAIN.md §5: a "no" is data."""

    TOO_EARLY = "too_early"
    BENEFIT_UNCLEAR = "benefit_unclear"
    ROUTE_UNCLEAR = "route_unclear"
    DESCRIPTION_UNCLEAR = "description_unclear"
    PRICE = "price"
    PRIOR_ART = "prior_art"
    REMAINING_LIFE = "remaining_life"
    NO_FIT = "no_fit"
    CAPACITY = "capacity"


@dataclass(frozen=True)
class Dismissal:
    """A listing that the demand's side dismissed, and why."""

    listing: ListingFacts
    reason: DismissalReason


PENALTY = -0.06
GREATEST_PENALTY = -0.18


def learned(listing: ListingFacts, dismissals: Sequence[Dismissal]) -> Iterator[Reason]:
    """One reason for each dismissal that the listing resembles in what was objected to, until the greatest penalty."""
    total = 0.0
    for dismissal in dismissals:
        alike = _ALIKE.get(dismissal.reason)
        if alike is not None and total > GREATEST_PENALTY and alike(listing, dismissal.listing):
            total += PENALTY
            facts = {"dismissed": dismissal.listing.title, "dismissal_reason": str(dismissal.reason)}
            yield Reason("like_dismissed", PENALTY, facts)


def _same_subject(one: ListingFacts, other: ListingFacts) -> bool:
    closest = ipc.closest(one.ipc, other.ipc)
    return closest is not None and closest[0] in {ipc.Level.GROUP, ipc.Level.MAIN_GROUP}


def _no_cheaper(one: ListingFacts, dismissed: ListingFacts) -> bool:
    asked, refused = one.price.minimum, dismissed.price.minimum
    if asked is None or refused is None or asked.currency != refused.currency:
        return False
    return asked.minor_units >= refused.minor_units


def _no_riper(one: ListingFacts, dismissed: ListingFacts) -> bool:
    return (
        Maturity.UNSPECIFIED not in {one.maturity, dismissed.maturity} and one.maturity.rank <= dismissed.maturity.rank
    )


def _no_longer_lived(one: ListingFacts, dismissed: ListingFacts) -> bool:
    mine, refused = one.right.expires_at, dismissed.right.expires_at
    return mine is not None and refused is not None and mine <= refused


# What an objection says of other listings. Unclear words and lack of capacity say nothing of them.
_ALIKE: dict[DismissalReason, Callable[[ListingFacts, ListingFacts], bool]] = {
    DismissalReason.TOO_EARLY: _no_riper,
    DismissalReason.PRICE: _no_cheaper,
    DismissalReason.REMAINING_LIFE: _no_longer_lived,
    DismissalReason.PRIOR_ART: _same_subject,
    DismissalReason.NO_FIT: _same_subject,
}
