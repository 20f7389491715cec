"""Deliveries on their way: claimed in one transaction, sent outside of any, recorded in another.

A claim is a lease: `due_at` of what is being sent says when its sender is taken for dead, and then it is sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.notify.v1 import events_pb2 as pb

from services.kit.outbox import publish
from services.notify.adapters.tables import AttemptRow, DeliveryRow
from services.notify.domain.timing import retry_at

LEASE = timedelta(minutes=5)
# While a mail server does not answer at all it is asked again this often, and no try of a mail is used up.
OUTAGE_RETRY = timedelta(minutes=1)
OUTAGE_LIMIT = timedelta(days=4)


@dataclass(frozen=True)
class Outcome:
    """How a try ended. Without `error` it went well; `final`: no other try can help; `outage`: it was no try at all."""

    at: datetime
    took_ms: int
    status: int | None = None
    error: str | None = None
    answer: str | None = None
    final: bool = False
    outage: bool = False


async def record(session: AsyncSession, claimed: DeliveryRow, outcome: Outcome, chance: float) -> DeliveryRow | None:
    """Write down how a try ended and what comes next. None where another sender has taken it over meanwhile."""
    statement = (
        select(DeliveryRow)
        .where(
            DeliveryRow.delivery_id == claimed.delivery_id,
            DeliveryRow.state == "sending",
            DeliveryRow.attempts == claimed.attempts,
        )
        .with_for_update()
    )
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        return None
    row.error = outcome.error
    if outcome.outage:
        _put_off(row, outcome)
    else:
        session.add(_attempt(row, outcome))
        _advance(row, outcome, chance)
    if row.state == "failed":
        await _announce_failure(session, row)
    await session.flush()
    return row


def claim(row: DeliveryRow, now: datetime) -> None:
    row.state, row.due_at = "sending", now + LEASE
    row.attempts += 1
    row.tries += 1
    row.begun_at = row.begun_at or now


def finish(row: DeliveryRow, state: str, now: datetime, error: str | None = None) -> None:
    row.state, row.finished_at, row.error = state, now, error


async def fail_waiting(session: AsyncSession, endpoint_id: UUID, now: datetime, error: str) -> None:
    """Of an endpoint that was turned off: what waits is not sent, but can be sent again from the log."""
    await session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.state == "waiting")
        .values(state="failed", finished_at=now, error=error)
        .execution_options(synchronize_session=False)
    )


async def delete_finished(session: AsyncSession, before: datetime, *, at_most: int = 1_000) -> int:
    """Returns how many were deleted."""
    old = select(DeliveryRow.delivery_id).where(DeliveryRow.finished_at < before).limit(at_most)
    rows: Sequence[UUID] = (await session.execute(old)).scalars().all()
    if rows:
        await session.execute(delete(DeliveryRow).where(DeliveryRow.delivery_id.in_(rows)))
    return len(rows)


def is_due(channel: str, now: datetime) -> ColumnElement[bool]:
    """What waits, or whose sender is taken for dead; as the partial index has it."""
    return and_(
        DeliveryRow.channel == channel,
        or_(DeliveryRow.state == "waiting", DeliveryRow.state == "sending"),
        DeliveryRow.due_at <= now,
    )


async def waiting(session: AsyncSession) -> dict[str, int]:
    """How many are not finished, by channel."""
    statement = (
        select(DeliveryRow.channel, func.count())
        .where(or_(DeliveryRow.state == "waiting", DeliveryRow.state == "sending"))
        .group_by(DeliveryRow.channel)
    )
    return dict((await session.execute(statement)).all())


def _advance(row: DeliveryRow, outcome: Outcome, chance: float) -> None:
    if outcome.error is None:
        finish(row, "delivered", outcome.at)
        return
    again = None if outcome.final else retry_at(outcome.at, row.tries, chance)
    if again is None:
        finish(row, "failed", outcome.at, outcome.error)
    else:
        row.state, row.due_at = "waiting", again


def _put_off(row: DeliveryRow, outcome: Outcome) -> None:
    assert row.begun_at is not None
    row.attempts -= 1
    row.tries -= 1
    if outcome.at - row.begun_at > OUTAGE_LIMIT:
        finish(row, "failed", outcome.at, outcome.error)
    else:
        row.state, row.due_at = "waiting", outcome.at + OUTAGE_RETRY


def _attempt(row: DeliveryRow, outcome: Outcome) -> AttemptRow:
    return AttemptRow(
        delivery_id=row.delivery_id,
        number=row.attempts,
        at=outcome.at,
        took_ms=outcome.took_ms,
        status=outcome.status,
        error=outcome.error,
        answer=outcome.answer,
    )


async def _announce_failure(session: AsyncSession, row: DeliveryRow) -> None:
    fact = pb.DeliveryFailed(
        delivery=pb.Delivery(
            delivery_id=str(row.delivery_id),
            organisation_id=str(row.organisation_id),
            channel=pb.CHANNEL_EMAIL if row.channel == "email" else pb.CHANNEL_WEBHOOK,
            user_id=str(row.user_id or ""),
            endpoint_id=str(row.endpoint_id or ""),
            kind=row.kind or "",
            attempts=row.attempts,
        ),
        reason=row.error or "",
    )
    await publish(session, fact, aggregate_id=row.delivery_id, version=row.attempts)
