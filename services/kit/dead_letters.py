"""Dead letters of a service: look at them, and send them back to where they failed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import outbox
from services.kit.consumer import ONLY_GROUP
from services.kit.tables import dead_letters


async def waiting(session: AsyncSession, limit: int = 100) -> Sequence[RowMapping]:
    """Dead letters not yet replayed, oldest first."""
    statement = (
        select(dead_letters).where(dead_letters.c.replayed_at.is_(None)).order_by(dead_letters.c.id).limit(limit)
    )
    return (await session.execute(statement)).mappings().all()


async def count(session: AsyncSession) -> int:
    statement = select(func.count()).select_from(dead_letters).where(dead_letters.c.replayed_at.is_(None))
    return int((await session.execute(statement)).scalar_one())


async def show(session: AsyncSession, letter_id: int) -> RowMapping | None:
    statement = select(dead_letters).where(dead_letters.c.id == letter_id)
    return (await session.execute(statement)).mappings().one_or_none()


async def replay(session: AsyncSession, service: str, letter_ids: Sequence[int] | None = None) -> int:
    """Send dead letters (all that wait, or these) back to their topics, for this service alone. Returns how many.

    One transaction marks and sends, so two replays at once send each letter once.
    """
    statement = update(dead_letters).where(dead_letters.c.replayed_at.is_(None)).values(replayed_at=func.now())
    if letter_ids is not None:
        statement = statement.where(dead_letters.c.id.in_(letter_ids))
    rows: list[Any] = sorted((await session.execute(statement.returning(dead_letters))).all(), key=lambda row: row.id)
    for row in rows:
        await outbox.publish_raw(
            session, row.topic, row.key, row.headers | {ONLY_GROUP: f"zayton.{service}"}, row.payload
        )
    return len(rows)
