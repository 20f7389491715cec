from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import tables
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.timers import Timer, Timers, cancel, schedule
from tests.support.effects import effects

PAST = timedelta(seconds=-1)


@pytest.fixture
def timers() -> Timers:
    timers = Timers()

    @timers.on("note")
    async def note(session: AsyncSession, timer: Timer) -> None:
        await session.execute(insert(effects).values(id=timer.aggregate_id, name=timer.payload["name"]))
        if timer.payload["name"] == "bad":
            raise ValueError("bad")

    return timers


async def names(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list((await session.execute(select(effects.c.name))).scalars())


async def test_a_due_timer_fires_once(database: Database, timers: Timers) -> None:
    async with database.transaction() as session:
        await schedule(session, "note", new_id(), utcnow() + PAST, {"name": "due"})
        await schedule(session, "note", new_id(), utcnow() + timedelta(hours=1), {"name": "later"})
    assert await timers.fire_next("kit", database)
    assert not await timers.fire_next("kit", database)
    assert await names(database) == ["due"]


async def test_setting_again_moves_and_cancelling_removes(database: Database, timers: Timers) -> None:
    moved, cancelled = new_id(), new_id()
    async with database.transaction() as session:
        await schedule(session, "note", moved, utcnow() + PAST, {"name": "moved"})
        await schedule(session, "note", moved, utcnow() + timedelta(hours=1), {"name": "moved"})
        await schedule(session, "note", cancelled, utcnow() + PAST, {"name": "cancelled"})
        await cancel(session, "note", cancelled)
    assert not await timers.fire_next("kit", database)


async def test_a_timer_that_fails_leaves_nothing_half_done_and_comes_again(database: Database, timers: Timers) -> None:
    async with database.transaction() as session:
        await schedule(session, "note", new_id(), utcnow() + PAST, {"name": "bad"})
    assert await timers.fire_next("kit", database)
    assert await names(database) == []
    async with database.transaction() as session:
        row = (await session.execute(select(tables.timers))).one()
        assert (row.attempts, row.last_error) == (1, "ValueError('bad')")
        assert row.due_at > utcnow()
        await session.execute(update(tables.timers).values(payload={"name": "good"}, due_at=utcnow() + PAST))
    assert await timers.fire_next("kit", database)
    assert await names(database) == ["good"]


async def test_kinds_nobody_handles_stay(database: Database, timers: Timers) -> None:
    async with database.transaction() as session:
        await schedule(session, "from the future", new_id(), utcnow() + PAST)
    assert not await timers.fire_next("kit", database)
