"""Finding matches: of one demand among all listings, or of new listings among all demands. One pipeline both ways:

    key terms of the demand → candidates → eligibility → score → the best are kept, new ones announced

No pair is missed whichever side comes first: a demand and its key terms, or a listing, are committed before their own
step begins, so the later step sees the other side.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.matching.application.breath import Breath
from services.matching.application.measure_listings import measure_if_young
from services.matching.application.ports import KnownListing, News, Pair, Scored, Store
from services.matching.domain.demands import Demand
from services.matching.domain.eligibility import Bar, bar, bar_for, next_change
from services.matching.domain.facts import DemandFacts
from services.matching.domain.feedback import Dismissal
from services.matching.domain.matches import BEST_KEPT
from services.matching.domain.relevance import Statistics, key_terms, vocabulary
from services.matching.domain.scoring import THRESHOLD, Asked, Offered, explain, score

CANDIDATES = 120  # more of them change no first ten (bench/matching_quality.py)
LISTINGS_AT_ONCE = 100
KEY_TERMS = 128
# What looking up one demand may cost: (term, listing) pairs. Everything at 8,000 listings; a bound at 200,000.
POSTINGS = 24_000
_PREPARED = 512  # demands kept ready for listings to come


def key_terms_of(demand: DemandFacts, statistics: Statistics, listings: int) -> list[tuple[str, float]]:
    return key_terms(demand, statistics, limit=KEY_TERMS, postings=POSTINGS / max(listings, 1))


class Finder:
    """Keeps demands prepared between steps; all else is in the store."""

    def __init__(self) -> None:
        self._prepared: OrderedDict[tuple[UUID, int, datetime | None], Asked] = OrderedDict()

    async def for_demand(
        self, store: Store, news: News, demand: Demand, due_at: datetime | None, now: datetime
    ) -> None:
        """Match one open demand with all listings. `due_at` is since when it has waited for it, if it has."""
        demand_id = demand.facts.demand_id
        await measure_if_young(store, now)
        corpus = await store.corpus()
        asked = (await self._asked(store, [demand]))[demand_id]
        terms = key_terms_of(demand.facts, asked.statistics, corpus.listings if corpus else 0)
        current = {listing_id for _, listing_id in await store.current_pairs(demand_id=demand_id)}
        dismissed = {listing_id for _, listing_id in await store.dismissed_pairs([demand_id])}
        candidates = set(await store.listing_candidates(terms, CANDIDATES)) | current
        listings = await store.listings(candidates - dismissed)
        first = await _score_all([(demand, asked, each) for each in listings], now, worded=False)
        best = {each.listing.facts.listing_id for each in _best(first.fits)}
        held_demand = await store.demand(demand_id, lock=True)
        if held_demand is None or not held_demand.is_open:
            return
        # Listings may have changed since they were read. Those that count are held, and judged as they are now.
        held = await store.listings(best | current, lock=True)
        final = await _score_all([(demand, asked, each) for each in held], now)
        await _record(store, news, await _that_matter(store, final), now)
        await store.set_key_terms(demand_id, terms)
        await store.demand_matched(demand_id, due_at)

    async def for_listings(self, store: Store, news: News, listings: Sequence[KnownListing], now: datetime) -> None:
        """Match listings with all open demands. What changes while this goes on stays due."""
        await measure_if_young(store, now)
        barred = {each.facts.listing_id: bar(each.facts, now) for each in listings}
        free = {each.facts.listing_id: each for each in listings if barred[each.facts.listing_id] is None}
        pairs = await store.demand_candidates(list(free)) + await store.current_pairs(listing_ids=list(free))
        by_demand: dict[UUID, set[UUID]] = defaultdict(set)
        for demand_id, listing_id in pairs:
            by_demand[demand_id].add(listing_id)
        demands = await store.open_demands(list(by_demand))
        asked = await self._asked(store, demands)
        dismissed = await store.dismissed_pairs(list(asked))
        work = [
            (demand, asked[demand.facts.demand_id], free[listing_id])
            for demand in demands
            for listing_id in by_demand[demand.facts.demand_id]
            if (demand.facts.demand_id, listing_id) not in dismissed
        ]
        outcome = await _that_matter(store, await _score_all(work, now))
        held = {each.facts.demand_id for each in await store.open_demands(outcome.demand_ids, lock=True)}
        unchanged = {each.facts.listing_id: each for each in await store.unchanged(listings)}
        await _record(store, news, outcome.among(held, unchanged), now)
        for listing_id in unchanged:
            why = barred[listing_id]
            if why is not None:
                await store.lapse_all(why, now, listing_id=listing_id)
        await store.listings_matched(
            [(listing_id, barred[listing_id], next_change(each.facts, now)) for listing_id, each in unchanged.items()]
        )

    async def _asked(self, store: Store, demands: Sequence[Demand]) -> dict[UUID, Asked]:
        corpus = await store.corpus()
        measured_at = corpus.measured_at if corpus else None
        keys = {demand.facts.demand_id: (demand.facts.demand_id, demand.version, measured_at) for demand in demands}
        missing = [demand for demand in demands if keys[demand.facts.demand_id] not in self._prepared]
        fresh: dict[UUID, Asked] = {}
        for demand in missing:
            statistics = await store.statistics(vocabulary(demand.facts))
            fresh[demand.facts.demand_id] = Asked.of(demand.facts, statistics)
        ready = {
            demand_id: fresh[demand_id] if demand_id in fresh else self._prepared[key]
            for demand_id, key in keys.items()
        }
        for demand_id, asked in fresh.items():
            self._prepared[keys[demand_id]] = asked
        while len(self._prepared) > _PREPARED:
            self._prepared.popitem(last=False)
        lessons: dict[UUID, list[Dismissal]] = await store.dismissals(list(ready))
        return {demand_id: replace(asked, dismissals=lessons.get(demand_id, ())) for demand_id, asked in ready.items()}


@dataclass(frozen=True)
class _Outcome:
    """What became of pairs; `known` are those that were matches before."""

    fits: list[Scored] = field(default_factory=list)
    poor: list[Pair] = field(default_factory=list)
    barred: dict[Pair, Bar] = field(default_factory=dict)
    known: frozenset[Pair] = frozenset()

    @property
    def demand_ids(self) -> set[UUID]:
        return {demand_id for demand_id, _ in [*(each.pair for each in self.fits), *self.poor, *self.barred]}

    def among(self, demand_ids: Container[UUID], listing_ids: Container[UUID]) -> "_Outcome":
        def inside(pair: Pair) -> bool:
            return pair[0] in demand_ids and pair[1] in listing_ids

        return _Outcome(
            [each for each in self.fits if inside(each.pair)],
            [pair for pair in self.poor if inside(pair)],
            {pair: why for pair, why in self.barred.items() if inside(pair)},
            self.known,
        )


async def _score_all(
    work: Iterable[tuple[Demand, Asked, KnownListing]], now: datetime, *, worded: bool = True
) -> _Outcome:
    outcome = _Outcome()
    breath = Breath()
    for demand, asked, listing in work:
        await breath.take()
        pair = demand.facts.demand_id, listing.facts.listing_id
        why = bar(listing.facts, now) or bar_for(demand.facts, listing.facts, now)
        if why is not None:
            outcome.barred[pair] = why
            continue
        offered = Offered(listing.facts, listing.document)
        fit = score(asked, offered, now)
        if fit.score >= THRESHOLD:
            outcome.fits.append(Scored(demand, listing, explain(fit, asked, offered) if worded else fit))
        else:
            outcome.poor.append(pair)
    return outcome


def _best(fits: Sequence[Scored]) -> list[Scored]:
    return sorted(fits, key=lambda each: (-each.fit.score, each.pair))[:BEST_KEPT]


async def _that_matter(store: Store, outcome: _Outcome) -> _Outcome:
    """Without the pairs that are no matches and never were."""
    pairs = {*(each.pair for each in outcome.fits), *outcome.poor, *outcome.barred}
    known = pairs.intersection(await store.current_pairs(listing_ids={listing_id for _, listing_id in pairs}))
    poor = [pair for pair in outcome.poor if pair in known]
    barred = {pair: why for pair, why in outcome.barred.items() if pair in known}
    return _Outcome(outcome.fits, poor, barred, frozenset(known))


async def _record(store: Store, news: News, outcome: _Outcome, now: datetime) -> None:
    demand_ids = {each.pair[0] for each in outcome.fits}
    floors = await store.floors(demand_ids, BEST_KEPT)
    kept: list[Scored] = []
    for demand_id in demand_ids:
        best = _best([each for each in outcome.fits if each.pair[0] == demand_id])
        kept += [each for each in best if each.pair in outcome.known or each.fit.score > floors.get(demand_id, 0.0)]
    beyond = outcome.known.intersection(each.pair for each in outcome.fits) - {each.pair for each in kept}
    await store.fade([*outcome.poor, *beyond], now)
    for pair, why in outcome.barred.items():
        await store.lapse([pair], why, now)
    await news.matches_found(await store.save_found(sorted(kept, key=lambda each: each.pair), now))
    await store.keep_best(demand_ids, BEST_KEPT, now)


async def match_due_demand(finder: Finder, store: Store, news: News, now: datetime) -> bool:
    """Match a demand that waits for it. False when none does."""
    waiting = await store.due_demand(now)
    if waiting is None:
        return False
    await finder.for_demand(store, news, *waiting, now)
    return True


async def match_due_listings(finder: Finder, store: Store, news: News, now: datetime) -> bool:
    """Match some of the listings that are new, have changed, or whose bar ends. False when no more wait."""
    listings = await store.due_listings(now, LISTINGS_AT_ONCE)
    if listings:
        await finder.for_listings(store, news, listings, now)
    return len(listings) == LISTINGS_AT_ONCE
