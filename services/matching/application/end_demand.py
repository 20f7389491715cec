from datetime import datetime
from uuid import UUID

from services.matching.application.ports import Expiry, News, Store
from services.matching.domain.demands import Demand
from services.matching.domain.eligibility import Bar
from services.matching.domain.errors import DemandNotFound


async def close_demand(
    store: Store, news: News, expiry: Expiry, *, demand_id: UUID, organisation_id: UUID, reason: str, now: datetime
) -> Demand:
    """Raises DemandNotFound for any but its own organisation, DemandNotOpen."""
    demand = await store.demand(demand_id, lock=True)
    if demand is None or demand.facts.organisation_id != organisation_id:
        raise DemandNotFound(demand_id=demand_id)
    demand.close(reason)
    await expiry.cancel(demand_id)
    await _ended(store, news, demand, now)
    return demand


async def expire_demand(store: Store, news: News, demand_id: UUID, now: datetime) -> None:
    """The demand's time is over, unless it was closed before."""
    demand = await store.demand(demand_id, lock=True)
    if demand is None or not demand.is_open:
        return
    demand.expire()
    await _ended(store, news, demand, now)


async def _ended(store: Store, news: News, demand: Demand, now: datetime) -> None:
    await store.save_demand(demand)
    await store.set_key_terms(demand.facts.demand_id, [])
    await store.lapse_all(Bar(f"demand_{demand.status}"), now, demand_id=demand.facts.demand_id)
    await news.demand_ended(demand)
