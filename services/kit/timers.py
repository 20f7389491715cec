"""Durable timers: rows that fall due, fired once each by the worker that leads."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import telemetry
from services.kit.clock import utcnow
from services.kit.db import Database, is_outside_fault
from services.kit.tables import timers as table

log = structlog.get_logger()

RETRY_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Timer:
    kind: str
    aggregate_id: UUID
    due_at: datetime
    payload: dict[str, Any]


TimerHandler = Callable[[AsyncSession, Timer], Awaitable[None]]


async def schedule(
    session: AsyncSession, kind: str, aggregate_id: UUID, due_at: datetime, payload: dict[str, Any] | None = None
) -> None:
    """Set the timer of this kind for the aggregate. There is one: setting it again moves it."""
    values = {"due_at": due_at, "payload": payload or {}, "attempts": 0, "last_error": None}
    statement = insert(table).values(kind=kind, aggregate_id=aggregate_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["kind", "aggregate_id"], set_=values))


async def cancel(session: AsyncSession, kind: str, aggregate_id: UUID) -> None:
    await session.execute(delete(table).where(table.c.kind == kind, table.c.aggregate_id == aggregate_id))


class Timers:
    """Handlers by kind. The handler's effect and the end of the timer are one transaction.

    A handler may find that what it waited for has happened meanwhile; it must look before it acts. It locks its
    aggregate while the timer's row is locked: a request that holds the aggregate and moves the same timer may deadlock
    with it. PostgreSQL ends one of the two, to be tried again. A timer per occasion, never moved, avoids that.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, TimerHandler] = {}

    def on(self, kind: str) -> Callable[[TimerHandler], TimerHandler]:
        def register(handler: TimerHandler) -> TimerHandler:
            self._handlers[kind] = handler
            return handler

        return register

    async def run(self, service: str, database: Database) -> None:
        """Fire what is due, twice a second, for ever."""
        while True:
            while await self.fire_next(service, database):
                pass
            await asyncio.sleep(0.5)

    async def fire_next(self, service: str, database: Database) -> bool:
        """Fire the timer most overdue. Returns False when none is due. One that fails is put off for a minute."""
        statement = (
            select(table)
            .where(table.c.due_at <= utcnow(), table.c.kind.in_(self._handlers))
            .order_by(table.c.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        async with database.transaction() as session:
            row = (await session.execute(statement)).one_or_none()
            if row is None:
                return False
            this = (table.c.kind == row.kind) & (table.c.aggregate_id == row.aggregate_id)
            timer = Timer(row.kind, row.aggregate_id, row.due_at, row.payload)
            try:
                async with session.begin_nested():
                    await session.execute(delete(table).where(this))  # first: the handler may set it anew
                    await self._handlers[row.kind](session, timer)
            except Exception as error:
                if is_outside_fault(error):
                    raise
                log.exception("timer_failed", service=service, kind=row.kind, aggregate_id=str(row.aggregate_id))
                put_off = {
                    "due_at": utcnow() + RETRY_AFTER,
                    "attempts": row.attempts + 1,
                    "last_error": repr(error)[:500],
                }
                await session.execute(update(table).where(this).values(put_off))
                outcome = "failed"
            else:
                outcome = "done"
        telemetry.TIMERS_FIRED.labels(service, row.kind, outcome).inc()
        return True
