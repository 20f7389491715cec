from datetime import datetime
from uuid import UUID

from services.matching.application.find_matches import Finder
from services.matching.application.ports import KnownListing, News, Store
from services.matching.domain.eligibility import Bar, bar
from services.matching.domain.errors import DemandNotFound, DemandNotOpen, ListingNotFound


async def ask_for_demand(
    finder: Finder, store: Store, news: News, *, demand_id: UUID, organisation_id: UUID, now: datetime
) -> None:
    """Match an own demand at once. Raises DemandNotFound, DemandNotOpen."""
    demand = await store.demand(demand_id)
    if demand is None or demand.facts.organisation_id != organisation_id:
        raise DemandNotFound(demand_id=demand_id)
    if not demand.is_open:
        raise DemandNotOpen(status=demand.status)
    await finder.for_demand(store, news, demand, None, now)


async def ask_for_listing(
    finder: Finder, store: Store, news: News, *, listing_id: UUID, organisation_id: UUID, now: datetime
) -> Bar | None:
    """Match an own listing at once; says why where it is never matched. Raises ListingNotFound."""
    known = await listing_of(store, listing_id, organisation_id)
    await finder.for_listings(store, news, [known], now)
    return bar(known.facts, now)


async def listing_of(store: Store, listing_id: UUID, organisation_id: UUID) -> KnownListing:
    """An own listing. Raises ListingNotFound."""
    found = await store.listings([listing_id])
    if not found or found[0].facts.organisation_id != organisation_id:
        raise ListingNotFound(listing_id=listing_id)
    return found[0]
