"""What one person has been told, and has read. Every statement here is bound to that person's id."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from services.kit.clock import utcnow
from services.kit.web import Paging, paginate
from services.notify.adapters.tables import NoticeRow, NotificationRow

_FEED = 50
_IS_UNREAD = NotificationRow.seen < NoticeRow.count


async def page(
    session: AsyncSession, user_id: UUID, kinds: Collection[str], paging: Paging, *, unread_only: bool
) -> tuple[Sequence[NotificationRow], str | None]:
    """A page, newest first, each with its notice, and the next cursor. `kinds` are those there are words for."""
    statement = _own(user_id, kinds)
    if unread_only:
        statement = statement.where(_IS_UNREAD)
    return await paginate(session, statement, paging, sort=[NotificationRow.notice_id])


async def newest(session: AsyncSession, user_id: UUID, kinds: Collection[str]) -> Sequence[NotificationRow]:
    """The latest of them, each with its notice."""
    statement = _own(user_id, kinds).order_by(NoticeRow.last_at.desc(), NotificationRow.notice_id).limit(_FEED)
    rows: Sequence[NotificationRow] = (await session.execute(statement)).scalars().all()
    return rows


async def unread(session: AsyncSession, user_id: UUID, kinds: Collection[str]) -> int:
    statement = (
        select(func.count())
        .select_from(NotificationRow)
        .join(NoticeRow)
        .where(NotificationRow.user_id == user_id, NoticeRow.kind.in_(kinds), _IS_UNREAD)
    )
    return int((await session.execute(statement)).scalar_one())


async def read_one(
    session: AsyncSession, user_id: UUID, kinds: Collection[str], notification_id: UUID
) -> NotificationRow | None:
    """The person's notification, marked as read; None where there is none of this id."""
    statement = _own(user_id, kinds).where(NotificationRow.notification_id == notification_id)
    row: NotificationRow | None = (await session.execute(statement)).scalar_one_or_none()
    if row is not None and row.seen < row.notice.count:
        row.seen, row.read_at = row.notice.count, utcnow()
        await session.flush()
    return row


async def read_all(session: AsyncSession, user_id: UUID) -> int:
    """Mark everything as read; returns how many were not."""
    result = await session.execute(
        update(NotificationRow)
        .where(NotificationRow.user_id == user_id, NotificationRow.notice_id == NoticeRow.notice_id, _IS_UNREAD)
        .values(seen=NoticeRow.count, read_at=utcnow())
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult


def _own(user_id: UUID, kinds: Collection[str]) -> Select[Any]:
    return (
        select(NotificationRow)
        .join(NotificationRow.notice)
        .options(contains_eager(NotificationRow.notice))
        .where(NotificationRow.user_id == user_id, NoticeRow.kind.in_(kinds))
    )
