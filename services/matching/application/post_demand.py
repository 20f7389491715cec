from datetime import datetime

from services.matching.application.find_matches import key_terms_of
from services.matching.application.ports import Expiry, News, Store
from services.matching.domain.demands import Demand
from services.matching.domain.relevance import vocabulary


async def post_demand(store: Store, news: News, expiry: Expiry, demand: Demand, now: datetime) -> None:
    """Open a demand to listings. Its matches follow by event."""
    corpus = await store.corpus()
    statistics = await store.statistics(vocabulary(demand.facts))
    terms = key_terms_of(demand.facts, statistics, corpus.listings if corpus else 0)
    await store.add_demand(demand, terms, due_at=now)
    await expiry.set(demand.facts.demand_id, demand.expires_at)
    await news.demand_posted(demand)
