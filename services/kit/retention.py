"""What is kept for its time and then deleted: in bounded steps, so that no lock is held for long whatever has piled up.

Only what is a means is ever deleted: events on their way, answers to repeated requests. Records of trade are not, since
they have to be there three years after completion at least (EC 31), and nobody needs them gone after that.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, delete, func, literal_column, select
from sqlalchemy.orm import DeclarativeBase

from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.settings import Settings
from services.kit.tables import dead_letters, idempotent_answers, inbox, outbox

BATCH = 5_000


@dataclass(frozen=True)
class Kept:
    """Rows of `table` go once `since`, one of its columns, is longer ago than `so_long`. NULL is never long ago."""

    table: Table
    since: ColumnElement[Any]
    so_long: timedelta


def kept_by_every_service(settings: Settings) -> Sequence[Kept]:
    """Published outbox rows, consumed event ids, answers to repeated keys, dead letters that were replayed."""
    return (
        Kept(outbox, outbox.c.published_at, timedelta(days=settings.outbox_retention_days)),
        Kept(inbox, inbox.c.processed_at, timedelta(days=settings.inbox_retention_days)),
        Kept(
            idempotent_answers, idempotent_answers.c.created_at, timedelta(hours=settings.idempotency_retention_hours)
        ),
        Kept(dead_letters, dead_letters.c.replayed_at, timedelta(days=settings.dead_letter_retention_days)),
    )


async def clear_out(database: Database, kept: Sequence[Kept]) -> int:
    """Delete what was kept for its time. Returns how many rows that were."""
    now = utcnow()
    return sum([await forget(database, each.table, each.since < now - each.so_long) for each in kept])


async def forget(
    database: Database, table: Table | type[DeclarativeBase], old: ColumnElement[bool], *, batch: int = BATCH
) -> int:
    """Delete the rows for which `old` holds, a transaction for each batch of them. Returns how many.

    Rows that somebody has locked are left for the next time.
    """
    if not isinstance(table, Table):
        table = cast("Table", table.__table__)
    place: ColumnElement[Any] = literal_column("ctid")
    some = select(place).select_from(table).where(old).limit(batch).with_for_update(skip_locked=True)
    statement = delete(table).where(place == func.any(func.array(some.scalar_subquery())))
    total, removed = 0, batch
    while removed == batch:
        async with database.transaction() as session:
            removed = (await session.execute(statement)).rowcount  # type: ignore[attr-defined]  # a CursorResult
        total += removed
        await asyncio.sleep(0)  # whoever waits for this process comes first
    return total
