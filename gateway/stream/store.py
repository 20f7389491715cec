"""Rows of the live stream, numbered so that "after the last one I saw" never misses one.

A number from a sequence is taken before its transaction commits: of two writers the one with the higher number may be
seen first, and a reader who has gone past the lower one never sees it. So writers take turns. The lock is taken before
the numbers are, and PostgreSQL gives it back after the commit can be seen: whoever sees a number sees all lower ones.
(Numbers of rolled-back transactions are left out; nobody waits for them.)
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.stream.translate import TRANSLATIONS, stream_type, views
from gateway.tables import StreamFloor, StreamRow
from services.kit.db import Database
from services.kit.inbox import Event, Handlers
from services.kit.retention import forget

handlers = Handlers()


@dataclass(frozen=True)
class Resume:
    """`floor`: the highest number that retention removed. `newest`: the highest there is."""

    floor: int
    newest: int

    def covers(self, last_seen: int) -> bool:
        """Whether all that followed `last_seen` is still there. A number not yet given is of another hall's stream."""
        return self.floor <= last_seen <= self.newest


@handlers.on_batch(*TRANSLATIONS)
async def keep(session: AsyncSession, events: Sequence[Event[Message]]) -> None:
    """One row for each audience of each event."""
    rows = [
        {
            "type": stream_type(type(event.data)),
            "audience": view.audience,
            "data": view.data,
            "occurred_at": event.time,
        }
        for event in events
        for view in views(event.data)
    ]
    if not rows:
        return
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("gateway stream", 0))))
    await session.execute(insert(StreamRow), rows)
    await session.execute(select(func.pg_notify(func.current_schema() + "_stream", "")))


async def rows_after(session: AsyncSession, last: int, *, limit: int) -> list[StreamRow]:
    """Everybody's rows, for the process that hands them on."""
    statement = select(StreamRow).where(StreamRow.id > last).order_by(StreamRow.id).limit(limit)
    return list((await session.execute(statement)).scalars())


async def visible_after(
    session: AsyncSession, last: int, audiences: Collection[UUID], *, limit: int
) -> list[StreamRow]:
    """Public rows and those of `audiences`."""
    statement = (
        select(StreamRow)
        .where(StreamRow.id > last, or_(StreamRow.audience.is_(None), StreamRow.audience.in_(audiences)))
        .order_by(StreamRow.id)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def resume(session: AsyncSession) -> Resume:
    floor = (await session.execute(select(StreamFloor.removed_to))).scalar_one_or_none() or 0
    newest = (await session.execute(select(func.max(StreamRow.id)))).scalar_one_or_none() or floor
    return Resume(floor, newest)


async def remove_old(database: Database, kept_for: timedelta, now: datetime) -> int:
    """Remember up to where rows are old, then remove them. Returns how many.

    In this order: who resumes meanwhile is told too early that rows are gone, never too late.
    """
    old = select(func.max(StreamRow.id)).where(StreamRow.stored_at < now - kept_for)
    async with database.transaction() as session:
        last = (await session.execute(old)).scalar_one_or_none()
        if last is None:
            return 0
        floor = upsert(StreamFloor).values(one=True, removed_to=last)
        await session.execute(
            floor.on_conflict_do_update(
                index_elements=[StreamFloor.one],
                set_={"removed_to": func.greatest(StreamFloor.removed_to, floor.excluded.removed_to)},
            )
        )
    return await forget(database, StreamRow, StreamRow.id <= last)
