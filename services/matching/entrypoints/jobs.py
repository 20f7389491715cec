"""Background work of the worker that leads. Demands and listings are matched side by side, so that a demand posted
during an import of thousands of listings waits for none of them.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.jobs import Job
from services.kit.timers import Timer, Timers
from services.matching.adapters.expiry import DEMAND_EXPIRY
from services.matching.adapters.news import PublishedNews
from services.matching.adapters.store import PgStore
from services.matching.application.end_demand import expire_demand
from services.matching.application.find_matches import Finder, match_due_demand, match_due_listings
from services.matching.application.measure_listings import measure_listings

Step = Callable[[Finder, PgStore, PublishedNews, datetime], Awaitable[bool]]
COUNT_EVERY = timedelta(seconds=5)


def jobs_for(finder: Finder) -> Sequence[Job]:
    return [
        Job("match demands", _step(finder, match_due_demand)),
        Job("match listings", _step(finder, match_due_listings)),
        Job("measure listings", _Measuring().step),
    ]


def timers_for() -> Timers:
    timers = Timers()

    @timers.on(DEMAND_EXPIRY)
    async def expire(session: AsyncSession, timer: Timer) -> None:
        await expire_demand(PgStore(session), PublishedNews(session), timer.aggregate_id, utcnow())

    return timers


def _step(finder: Finder, use_case: Step) -> Callable[[Database], Awaitable[bool]]:
    async def step(database: Database) -> bool:
        async with database.transaction() as session:
            return await use_case(finder, PgStore(session), PublishedNews(session), utcnow())

    return step


class _Measuring:
    """Counting all listings costs 20 ms at 200,000: wake-ups come more often than that is worth."""

    def __init__(self) -> None:
        self._next = utcnow()

    async def step(self, database: Database) -> bool:
        if utcnow() < self._next:
            return False
        self._next = utcnow() + COUNT_EVERY
        async with database.transaction() as session:
            await measure_listings(PgStore(session), utcnow())
        return False
