"""What the cashier finds to do: orders and pay-out accounts that are due, events that came in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, cast, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.money.tables import InvoiceRow, OrderRow, PayoutAccountRow, StripeEventRow
from services.contract.domain.money.invoice import ProviderName
from services.kit.outbox import wake


@dataclass(frozen=True)
class Due:
    order_id: UUID
    deal_id: UUID


async def next_due(session: AsyncSession, now: datetime) -> Due | None:
    """The order longest due. Not locked: whoever takes it up locks its deal, and looks again."""
    statement = (
        select(OrderRow.order_id, InvoiceRow.deal_id)
        .join(InvoiceRow, InvoiceRow.invoice_id == OrderRow.invoice_id)
        .where(OrderRow.look_at <= now)
        .order_by(OrderRow.look_at)
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return Due(*row) if row else None


async def is_due(session: AsyncSession, order_id: UUID, now: datetime) -> bool:
    statement = select(OrderRow.order_id).where(OrderRow.order_id == order_id, OrderRow.look_at <= now)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def look_again(session: AsyncSession, order_id: UUID, at: datetime | None) -> None:
    await session.execute(update(OrderRow).where(OrderRow.order_id == order_id).values(look_at=at))


async def payee_account(session: AsyncSession, organisation_id: UUID) -> str | None:
    """The account at Stripe that may be paid; None where there is none (yet)."""
    row = await session.get(PayoutAccountRow, (organisation_id, ProviderName.STRIPE.value), populate_existing=True)
    return row.remote_id if row and row.state == "ready" else None


async def account_is_ready(session: AsyncSession, organisation_id: UUID, now: datetime) -> None:
    """What waited for this payee goes on at once."""
    waiting = (OrderRow.party_id == organisation_id) & OrderRow.look_at.is_not(None)
    await session.execute(update(OrderRow).where(waiting).values(look_at=now))
    await wake(session)


async def next_account(session: AsyncSession, now: datetime, lease_until: datetime) -> PayoutAccountRow | None:
    """The pay-out account longest due, leased: a crash brings it back."""
    statement = (
        select(PayoutAccountRow)
        .where(PayoutAccountRow.look_at <= now)
        .order_by(PayoutAccountRow.look_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is not None:
        row.look_at = lease_until
        await session.flush()
    return row


async def keep_event(session: AsyncSession, event: dict[str, object], now: datetime) -> bool:
    """Store an event once, by its id. False where it was there."""
    row = {**event, "received_at": now, "handled_at": None}
    stored = await session.execute(upsert(StripeEventRow).values(row).on_conflict_do_nothing())
    await wake(session)
    return bool(stored.rowcount)  # type: ignore[attr-defined]  # an INSERT gives a CursorResult


async def hear_next_event(session: AsyncSession, now: datetime) -> bool:
    """Turn one stored event into a look at what it is about. False where none waits.

    Its content is not believed: it may be old. Twice, or before the object is known here, does no harm.
    """
    statement = (
        select(StripeEventRow)
        .where(StripeEventRow.handled_at.is_(None))
        .order_by(StripeEventRow.received_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    event = (await session.execute(statement)).scalar_one_or_none()
    if event is None:
        return False
    about = or_(OrderRow.remote_id == event.object_id, cast(OrderRow.order_id, Text) == event.order_id)
    under_way = OrderRow.look_at.is_not(None)
    await session.execute(update(OrderRow).where(about, under_way).values(look_at=now))
    await session.execute(
        update(PayoutAccountRow).where(PayoutAccountRow.remote_id == event.object_id).values(look_at=now)
    )
    event.handled_at = now
    return True
