from collections.abc import Sequence
from datetime import datetime, timedelta

from services.matching.application.breath import Breath
from services.matching.application.ports import Corpus, Store
from services.matching.domain.relevance import Document, Statistics, Tally

SAMPLE = 3_000
FEWEST = 10  # of which anything can be said
GROWTH = 2.0
SETTLED = 1_000  # from here on looking now and then will do
AT_LEAST_EVERY = timedelta(days=1)


async def measure_listings(store: Store, now: datetime) -> bool:
    """Count terms anew when the listings have doubled or halved, and once a day. True if it did.

    Shares of documents are all that scoring needs, so a sample will do; a term of a single document counts as unseen.
    """
    if not await _is_due(store, now):
        return False
    await store.lock_statistics()
    if not await _is_due(store, now):  # another step measured while we waited
        return False
    listings = await store.count_listings()
    statistics = await _measure(await store.sample_documents(SAMPLE))
    await store.save_statistics(statistics, Corpus(listings, now))
    await store.match_again(None, now)
    return True


async def measure_if_young(store: Store, now: datetime) -> None:
    """Before matching: as long as listings are few, a handful more changes what is common, and nothing known of words
    makes everything fit a little.
    """
    corpus = await store.corpus()
    if corpus is None or corpus.listings < SETTLED:
        await measure_listings(store, now)


async def _is_due(store: Store, now: datetime) -> bool:
    listings, corpus = await store.count_listings(), await store.corpus()
    if listings < FEWEST:
        return False
    if corpus is None or now - corpus.measured_at > AT_LEAST_EVERY:
        return True
    return not corpus.listings / GROWTH < listings < corpus.listings * GROWTH


async def _measure(sample: Sequence[tuple[Document, Sequence[str]]]) -> Statistics:
    tally, breath = Tally(), Breath()
    for document, symbols in sample:
        tally.add(document, symbols)
        await breath.take()
    return tally.statistics()
