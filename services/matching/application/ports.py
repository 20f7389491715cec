"""What the use cases need of the outside. One Store and one News share a transaction, which the edge commits.

Rows are locked in one order, lest two steps wait for each other: demands by id, then listings by id, then matches.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.matching.domain.demands import Demand
from services.matching.domain.eligibility import Bar
from services.matching.domain.facts import ListingFacts
from services.matching.domain.feedback import Dismissal
from services.matching.domain.matches import Judgement, Match
from services.matching.domain.relevance import Document, Statistics
from services.matching.domain.scoring import Fit

Pair = tuple[UUID, UUID]  # demand id, listing id


@dataclass(frozen=True)
class KnownListing:
    """A listing as it was read; `due_at` is when it is, or was, to be matched."""

    facts: ListingFacts
    document: Document
    organisation_name: str
    bar: Bar | None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Scored:
    """A pair and its fit."""

    demand: Demand
    listing: KnownListing
    fit: Fit

    @property
    def pair(self) -> Pair:
        return self.demand.facts.demand_id, self.listing.facts.listing_id


@dataclass(frozen=True)
class Corpus:
    """What the statistics were measured on; `listings` is how many there were in all."""

    listings: int
    measured_at: datetime


class Store(Protocol):
    # demands
    async def add_demand(self, demand: Demand, key_terms: Sequence[tuple[str, float]], due_at: datetime) -> None: ...
    async def save_demand(self, demand: Demand) -> None: ...
    async def demand(self, demand_id: UUID, *, lock: bool = False) -> Demand | None: ...
    async def due_demand(self, now: datetime) -> tuple[Demand, datetime] | None:
        """The open demand that fell due last, and when: somebody may be looking at the screen for it, and a demand
        that is only matched anew can wait.
        """

    async def open_demands(self, demand_ids: Collection[UUID], *, lock: bool = False) -> list[Demand]:
        """Those of them that are open; locked, they stay so until the transaction ends."""

    async def set_key_terms(self, demand_id: UUID, key_terms: Sequence[tuple[str, float]]) -> None: ...
    async def demand_matched(self, demand_id: UUID, due_at: datetime | None) -> None:
        """It waits no longer, unless something else than what fell due at `due_at` came up meanwhile."""

    async def match_again(self, demand_id: UUID | None, due_at: datetime) -> None:
        """Have one demand, or every open one, matched again."""

    # listings
    async def listings(self, listing_ids: Collection[UUID], *, lock: bool = False) -> list[KnownListing]:
        """Locked listings stay as they are until the transaction ends."""

    async def due_listings(self, now: datetime, limit: int) -> list[KnownListing]:
        """Those that fell due last, for the same reason: one published in the middle of an import comes first."""

    async def unchanged(self, listings: Sequence[KnownListing]) -> list[KnownListing]:
        """Those that nothing was heard of since they were read; locked for a change until the transaction ends."""

    async def listings_matched(self, outcomes: Sequence[tuple[UUID, Bar | None, datetime | None]]) -> None:
        """Record what was decided of locked listings: (id, why it is barred, when to look again)."""

    # candidates
    async def listing_candidates(self, key_terms: Sequence[tuple[str, float]], limit: int) -> list[UUID]: ...
    async def demand_candidates(self, listing_ids: Collection[UUID]) -> list[Pair]: ...

    # statistics
    async def lock_statistics(self) -> None:
        """Have them to oneself until the transaction ends."""

    async def corpus(self) -> Corpus | None: ...
    async def count_listings(self) -> int: ...
    async def sample_documents(self, size: int) -> list[tuple[Document, Sequence[str]]]:
        """Some listings, counted, with their IPC symbols."""

    async def statistics(self, terms: Collection[str]) -> Statistics:
        """Statistics that know these terms."""

    async def save_statistics(self, statistics: Statistics, corpus: Corpus) -> None: ...

    # matches
    async def match(self, match_id: UUID, *, lock: bool = False) -> Match | None: ...

    async def current_pairs(self, *, demand_id: UUID | None = None, listing_ids: Collection[UUID] = ()) -> list[Pair]:
        """Pairs of current matches; of listings, of lapsed ones too."""

    async def dismissed_pairs(self, demand_ids: Collection[UUID]) -> set[Pair]: ...
    async def dismissals(self, demand_ids: Collection[UUID]) -> dict[UUID, list[Dismissal]]:
        """What the demand's own side dismissed, by demand."""

    async def floors(self, demand_ids: Collection[UUID], best: int) -> dict[UUID, float]:
        """The least score among the best current matches, for demands that have as many as `best`."""

    async def save_found(self, scored: Sequence[Scored], now: datetime) -> list[Match]:
        """Write scores; returns the matches that are new."""

    async def fade(self, pairs: Collection[Pair], now: datetime) -> None:
        """A match that a side accepted does not fade."""

    async def lapse(self, pairs: Collection[Pair], bar: Bar, now: datetime) -> None: ...
    async def lapse_all(
        self, bar: Bar, now: datetime, *, demand_id: UUID | None = None, listing_id: UUID | None = None
    ) -> None: ...
    async def keep_best(self, demand_ids: Collection[UUID], best: int, now: datetime) -> None:
        """Fade what is beyond the best current matches of a demand, but for those a side accepted."""

    async def save_judged(self, match: Match) -> None: ...


class News(Protocol):
    """Facts for the rest of the hall, published with the transaction."""

    async def demand_posted(self, demand: Demand) -> None: ...
    async def demand_ended(self, demand: Demand) -> None: ...
    async def matches_found(self, matches: Sequence[Match]) -> None: ...
    async def match_judged(self, match: Match, judgement: Judgement, organisation_id: UUID) -> None: ...


class Expiry(Protocol):
    """The clock of demands."""

    async def set(self, demand_id: UUID, at: datetime) -> None: ...
    async def cancel(self, demand_id: UUID) -> None: ...
