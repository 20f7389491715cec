"""The way out: facts are rows of the transaction that made them true, and are published afterwards by the relay."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import telemetry
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.envelope import headers_for, type_name
from services.kit.ids import new_id
from services.kit.tables import outbox
from services.kit.topics import topic_of


@dataclass(frozen=True)
class Fact:
    """Something that became true of an aggregate, whose version it raised to `version`."""

    message: Message
    aggregate_id: UUID
    version: int


async def publish(session: AsyncSession, message: Message, *, aggregate_id: UUID, version: int) -> None:
    """Publish one fact with the transaction of `session`. Raises KeyError where no topic carries the message."""
    await publish_all(session, [Fact(message, aggregate_id, version)])


async def publish_all(session: AsyncSession, facts: Sequence[Fact]) -> None:
    """Publish facts, in this order, with the transaction of `session`."""
    if not facts:
        return
    now, traceparent = utcnow(), telemetry.current_traceparent()
    await session.execute(insert(outbox), [_row(fact, now, traceparent) for fact in facts])
    await wake(session)


async def wake(session: AsyncSession) -> None:
    """Wake the service's worker once this transaction is committed. Only a hint: the worker also looks by itself."""
    await session.execute(text("SELECT pg_notify(current_schema() || '_work', '')"))


async def publish_raw(
    session: AsyncSession, topic: str, key: bytes | None, headers: dict[str, str], payload: bytes
) -> None:
    """Pass bytes on unchanged, as dead letters and their replays need."""
    await session.execute(
        insert(outbox).values(
            event_id=new_id(),
            topic=topic,
            key=(key or b"").decode("utf-8", "backslashreplace").replace("\x00", "\\x00"),
            headers=headers,
            payload=payload,
        )
    )
    await wake(session)


def _row(fact: Fact, now: datetime, traceparent: str | None) -> dict[str, object]:
    event_type = type_name(type(fact.message))
    topic = topic_of(event_type)
    event_id = new_id()
    subject = str(fact.aggregate_id)
    return {
        "event_id": event_id,
        "topic": topic,
        "key": subject,
        "headers": headers_for(
            event_id=str(event_id),
            source=f"/zayton/{topic.partition('.')[0]}",
            event_type=event_type,
            time=now,
            subject=subject,
            version=fact.version,
            traceparent=traceparent,
        ),
        "payload": fact.message.SerializeToString(),
        "created_at": now,
    }


async def rewound_never_while_sending(session: AsyncSession) -> None:
    """Taken by a relay for each batch, so that `resending` waits until nothing is under way.

    The commit need not wait for the disk: a mark that a power cut takes back is an event sent twice, which consumers
    know by its id.
    """
    await session.execute(
        text(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended(current_schema(), 2)), "
            "set_config('synchronous_commit', 'off', true)"
        )
    )


@asynccontextmanager
async def resending(database: Database, since: datetime | None = None) -> AsyncIterator[int]:
    """Let the relay send retained rows again, in their old order, after the block. Yields how many.

    Nothing is sent during the block, and nothing is under way when it begins. A broker that lost all comes back inside
    it: else what a relay had under way when the old one died would reach the new one before what came earlier.
    """
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL lock_timeout = '30s'"))
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 2))"))
        statement = update(outbox).where(outbox.c.published_at.is_not(None)).values(published_at=None)
        if since is not None:
            statement = statement.where(outbox.c.created_at >= since)
        result = await session.execute(statement)
        await wake(session)
        yield int(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult


async def backlog(session: AsyncSession) -> int:
    """How many rows wait to be published."""
    statement = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
    return int((await session.execute(statement)).scalar_one())
