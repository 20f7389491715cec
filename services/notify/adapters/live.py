"""Tells the live streams of persons what they have been told, by an event of the hall."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.notify.v1.events_pb2 import NotificationAdded, Telling

from services.kit.outbox import Fact, publish_all
from services.notify.adapters import members
from services.notify.adapters.tables import MemberRow, NoticeRow, NotificationRow, PreferencesRow
from services.notify.domain.rules import Rules


async def announce(session: AsyncSession, rules: Rules, notices: Sequence[UUID]) -> None:
    """One event for each notice that somebody has, naming all who have it."""
    statement = (
        select(
            NotificationRow.notification_id,
            NotificationRow.user_id,
            func.coalesce(PreferencesRow.language, MemberRow.language).label("language"),
            NoticeRow,
        )
        .join(NoticeRow, NoticeRow.notice_id == NotificationRow.notice_id)
        .join(MemberRow, MemberRow.user_id == NotificationRow.user_id)
        .outerjoin(PreferencesRow, PreferencesRow.user_id == NotificationRow.user_id)
        .where(NotificationRow.notice_id.in_(notices))
        .order_by(NotificationRow.notice_id)
    )
    told: dict[UUID, list[Row[UUID, UUID, str, NoticeRow]]] = defaultdict(list)
    for row in await session.execute(statement):
        told[row.NoticeRow.notice_id].append(row)
    mentioned = {
        each
        for rows in told.values()
        for each in rules.organisations_named(rows[0].NoticeRow.kind, rows[0].NoticeRow.params)
    }
    names = await members.names_of(session, mentioned)
    facts = [Fact(_fact(rules, rows, names), notice_id, rows[0].NoticeRow.count) for notice_id, rows in told.items()]
    await publish_all(session, facts)


def _fact(rules: Rules, rows: Sequence[Row[UUID, UUID, str, NoticeRow]], names: dict[str, str]) -> NotificationAdded:
    notice: NoticeRow = rows[0].NoticeRow
    by_language = {
        language: rules.render(notice.kind, language, notice.count, notice.params, names)
        for language in {row.language for row in rows}
    }
    fact = NotificationAdded(
        notice_id=str(notice.notice_id),
        organisation_id=str(notice.organisation_id),
        kind=notice.kind,
        link=next(iter(by_language.values())).link,
        count=notice.count,
        tellings=[
            Telling(
                user_id=str(row.user_id),
                notification_id=str(row.notification_id),
                title=by_language[row.language].title,
                text=by_language[row.language].text,
            )
            for row in rows
        ],
    )
    fact.at.FromDatetime(notice.last_at)
    return fact
