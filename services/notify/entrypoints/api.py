"""A member's own notifications."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.auth import Principal
from services.kit.web import Caller, Page, PagingQuery, Tx, router
from services.notify.adapters import members, preferences, readings
from services.notify.adapters.tables import NotificationRow
from services.notify.domain.errors import NotificationNotFound
from services.notify.domain.rules import Rules


class NotificationView(BaseModel):
    """`count` events are behind it, the first at `created_at`, the latest at `updated_at`. One that grows is unread
    again. `link` is the resource of this API to look at.
    """

    notification_id: UUID
    kind: str
    title: str
    text: str
    link: str
    count: int
    created_at: datetime
    updated_at: datetime
    read: bool
    read_at: datetime | None


class UnreadCount(BaseModel):
    unread: int


class ReadAll(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReadCount(BaseModel):
    """How many became read."""

    read: int


def notifications_router(rules: Rules) -> APIRouter:
    r = router(prefix="/api/v1/notifications", tags=["notifications"])

    @r.get("")
    async def list_notifications(
        tx: Tx,
        caller: Caller,
        paging: PagingQuery,
        unread: Annotated[bool, Query(description="Only those not read yet.")] = False,
    ) -> Page[NotificationView]:
        """The caller's own notifications, newest first, in the language of the caller's account."""
        rows, cursor = await readings.page(tx, caller.user_id, rules.kinds, paging, unread_only=unread)
        return Page(items=await _views(tx, rules, caller, rows), next=cursor)

    @r.get("/unread-count")
    async def count_unread_notifications(tx: Tx, caller: Caller) -> UnreadCount:
        return UnreadCount(unread=await readings.unread(tx, caller.user_id, rules.kinds))

    @r.post("/read-all")
    async def read_all_notifications(_body: ReadAll, tx: Tx, caller: Caller) -> ReadCount:
        return ReadCount(read=await readings.read_all(tx, caller.user_id))

    @r.post("/{notification_id}/read")
    async def read_notification(notification_id: UUID, tx: Tx, caller: Caller) -> NotificationView:
        row = await readings.read_one(tx, caller.user_id, rules.kinds, notification_id)
        if row is None:
            raise NotificationNotFound(notification_id=notification_id)
        return (await _views(tx, rules, caller, [row]))[0]

    return r


async def _views(
    tx: AsyncSession, rules: Rules, caller: Principal, rows: Sequence[NotificationRow]
) -> list[NotificationView]:
    mentioned = {each for row in rows for each in rules.organisations_named(row.notice.kind, row.notice.params)}
    names = await members.names_of(tx, mentioned)
    language = await preferences.language_of(tx, caller.user_id) or caller.language
    return [_view(rules, row, language, names) for row in rows]


def _view(rules: Rules, row: NotificationRow, language: str, names: dict[str, str]) -> NotificationView:
    notice = row.notice
    rendered = rules.render(notice.kind, language, notice.count, notice.params, names)
    is_read = row.seen >= notice.count
    return NotificationView(
        notification_id=row.notification_id,
        kind=notice.kind,
        title=rendered.title,
        text=rendered.text,
        link=rendered.link,
        count=notice.count,
        created_at=notice.first_at,
        updated_at=notice.last_at,
        read=is_read,
        read_at=row.read_at if is_read else None,
    )
