"""Notices in PostgreSQL.

A notice may be heard of before the member it concerns, since the two come by different topics. So whoever comes second
finds the other: a notice is told to the members there are, and a new member is told what happened since it joined.
An advisory lock per organisation, shared among notices, keeps the two from passing each other unseen.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import DateTime, Text, Uuid, column, func, select, update, values
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.ids import new_id
from services.notify.adapters.tables import NOTICES, NoticeRow
from services.notify.domain.rules import Notice

# The unique index that holds one notice per cause; of a group, one at a time.
_CAUSE = [NOTICES.c.organisation_id, NOTICES.c.kind, NOTICES.c.cause]
_OPEN = NOTICES.c.is_open.expression


async def record(session: AsyncSession, notices: Sequence[Notice]) -> list[UUID]:
    """Write notices, at most one per identity. Returns those that are new or have grown. Repeating it adds nothing."""
    if not notices:
        return []
    await _lock(session, {notice.organisation_id for notice in notices}, exclusive=False)
    # In one order everywhere, so that two workers adding to the same groups do not wait for each other in a circle.
    ordered = sorted(notices, key=lambda notice: notice.identity)
    return [
        *await _add_single(session, [notice for notice in ordered if notice.window is None]),
        *await _add_to_groups(session, [notice for notice in ordered if notice.window is not None]),
    ]


async def lock_for_members(session: AsyncSession, organisations: Iterable[str]) -> None:
    """To be held while members are written."""
    await _lock(session, organisations, exclusive=True)


async def _lock(session: AsyncSession, organisations: Iterable[str], *, exclusive: bool) -> None:
    lock = func.pg_advisory_xact_lock if exclusive else func.pg_advisory_xact_lock_shared
    keys = func.unnest(postgresql.array([f"notify {each}" for each in sorted(organisations)], type_=Text()))
    await session.execute(select(lock(func.hashtextextended(keys.column_valued("organisation"), 0))))


async def _add_single(session: AsyncSession, notices: Sequence[Notice]) -> list[UUID]:
    if not notices:
        return []
    statement = (
        postgresql.insert(NOTICES)
        .on_conflict_do_nothing(index_elements=_CAUSE, index_where=_OPEN)
        .returning(NOTICES.c.notice_id)
    )
    return list((await session.execute(statement, [_row(notice) for notice in notices])).scalars())


async def _add_to_groups(session: AsyncSession, notices: Sequence[Notice]) -> list[UUID]:
    if not notices:
        return []
    await _close_groups(session, notices)
    insertion = postgresql.insert(NOTICES)
    statement = insertion.on_conflict_do_update(
        index_elements=_CAUSE,
        index_where=_OPEN,
        set_={
            "count": NOTICES.c.count + insertion.excluded.count,
            "last_at": func.greatest(NOTICES.c.last_at, insertion.excluded.last_at),
            "params": insertion.excluded.params,
        },
    ).returning(NOTICES.c.notice_id)
    return list((await session.execute(statement, [_row(notice) for notice in notices])).scalars())


async def _close_groups(session: AsyncSession, notices: Sequence[Notice]) -> None:
    """Close open groups whose window was over when the new events happened."""
    fresh = values(
        column("organisation_id", Uuid()),
        column("kind", Text()),
        column("cause", Text()),
        column("opened_before", DateTime(timezone=True)),
        name="fresh",
    ).data(
        [
            (UUID(notice.organisation_id), notice.kind, notice.cause, notice.first_at - notice.window)
            for notice in notices
            if notice.window
        ]
    )
    await session.execute(
        update(NoticeRow)
        .where(
            NoticeRow.is_open,
            NoticeRow.organisation_id == fresh.c.organisation_id,
            NoticeRow.kind == fresh.c.kind,
            NoticeRow.cause == fresh.c.cause,
            NoticeRow.first_at < fresh.c.opened_before,
        )
        .values(is_open=False)
        .execution_options(synchronize_session=False)
    )


def _row(notice: Notice) -> dict[str, object]:
    return {
        "notice_id": new_id(),
        "organisation_id": UUID(notice.organisation_id),
        "kind": notice.kind,
        "cause": notice.cause,
        "is_open": True,
        "roles": list(notice.roles),
        "params": dict(notice.params),
        "count": notice.count,
        "first_at": notice.first_at,
        "last_at": notice.last_at,
        "closes_at": notice.closes_at,
    }
