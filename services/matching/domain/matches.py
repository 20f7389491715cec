"""A match: a demand and a listing that fit, how well, why, and what the two sides said of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.matching.domain.eligibility import Bar
from services.matching.domain.errors import MatchDismissed, MatchLapsed, MatchNotFound
from services.matching.domain.feedback import DismissalReason
from services.matching.domain.reasons import Reason, public

BEST_KEPT = 50  # matches of one demand at a time


class Standing(StrEnum):
    """CURRENT is shown to both sides; FADED no longer fits well enough, or others fit better; LAPSED cannot be had, its
    bar says why; DISMISSED was refused by a side and stays so.
    """

    CURRENT = "current"
    FADED = "faded"
    LAPSED = "lapsed"
    DISMISSED = "dismissed"


# A dismissed match leaves its state no more; the others follow the facts.
TRANSITIONS: dict[Standing, frozenset[Standing]] = {
    Standing.CURRENT: frozenset({Standing.FADED, Standing.LAPSED, Standing.DISMISSED}),
    Standing.FADED: frozenset({Standing.CURRENT, Standing.LAPSED, Standing.DISMISSED}),
    Standing.LAPSED: frozenset({Standing.CURRENT, Standing.FADED, Standing.DISMISSED}),
    Standing.DISMISSED: frozenset(),
}


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Side(StrEnum):
    DEMAND = "demand"
    LISTING = "listing"


@dataclass(frozen=True)
class Judgement:
    side: Side
    verdict: Verdict
    reason: DismissalReason | None
    judged_at: datetime


@dataclass(frozen=True)
class Party:
    """One side of a match, as the other may see it."""

    id: UUID
    title: str
    organisation_id: UUID
    organisation_name: str


@dataclass(frozen=True)
class Match:
    match_id: UUID
    demand: Party
    listing: Party
    score: float
    reasons: tuple[Reason, ...]
    standing: Standing
    found_at: datetime
    updated_at: datetime
    version: int
    bar: Bar | None = None
    judgements: dict[Side, Judgement] = field(default_factory=dict)

    def is_side(self, organisation_id: UUID) -> bool:
        return organisation_id in {self.demand.organisation_id, self.listing.organisation_id}

    def side_of(self, organisation_id: UUID) -> Side:
        """Raises MatchNotFound for anyone but the two sides."""
        if organisation_id == self.demand.organisation_id:
            return Side.DEMAND
        if organisation_id == self.listing.organisation_id:
            return Side.LISTING
        raise MatchNotFound(match_id=self.match_id)

    def reasons_for(self, side: Side) -> tuple[Reason, ...]:
        return self.reasons if side is Side.DEMAND else public(self.reasons)

    def judged(self, judgement: Judgement) -> "Match":
        """The match with the judgement; the same object where it says nothing new.

        Raises MatchDismissed where either side has said no, MatchLapsed on accepting what cannot be had.
        """
        known = self.judgements.get(judgement.side)
        if known and (known.verdict, known.reason) == (judgement.verdict, judgement.reason):
            return self
        if self.standing is Standing.DISMISSED:
            raise MatchDismissed(match_id=self.match_id)
        dismissed = judgement.verdict is Verdict.DISMISSED
        if self.standing is Standing.LAPSED and not dismissed:
            raise MatchLapsed(match_id=self.match_id)
        return replace(
            self,
            standing=Standing.DISMISSED if dismissed else self.standing,
            judgements=self.judgements | {judgement.side: judgement},
            updated_at=judgement.judged_at,
            version=self.version + 1,
        )
