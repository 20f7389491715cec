"""The money of a deal on PostgreSQL. Whoever changes it holds the lock on the deal's row."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.money.ledger import post
from services.contract.adapters.money.tables import InvoiceRow, OrderRow, ReceiptRow, RecordalRow
from services.contract.domain.money.invoice import (
    Invoice,
    InvoiceState,
    Order,
    OrderKind,
    OrderState,
    ProviderName,
    Receipt,
)
from services.contract.domain.money.purse import Purse
from services.contract.domain.recordal import Recordal
from services.kit.outbox import wake

LEASE = timedelta(seconds=60)  # after so long an answer counts as lost, and somebody looks
POLL = timedelta(minutes=5)  # webhooks come first; this is for those that never come
_LONGEST_PAUSE_S = 3_600


async def load(session: AsyncSession, deal_id: UUID) -> Purse | None:
    # Within one transaction a deal may be loaded again after it was changed by statements the session knows nothing of.
    fresh = {"populate_existing": True}
    invoice = select(InvoiceRow).where(InvoiceRow.deal_id == deal_id)
    row = (await session.execute(invoice, execution_options=fresh)).scalar_one_or_none()
    if row is None:
        return None
    receipts = select(ReceiptRow).where(ReceiptRow.invoice_id == row.invoice_id).order_by(ReceiptRow.receipt_id)
    orders = select(OrderRow).where(OrderRow.invoice_id == row.invoice_id).order_by(OrderRow.order_id)
    return Purse(
        to_invoice(row),
        [_to_receipt(each) for each in await session.scalars(receipts, execution_options=fresh)],
        [to_order(each, row.reference) for each in await session.scalars(orders, execution_options=fresh)],
    )


async def save(session: AsyncSession, purse: Purse, at: datetime) -> None:
    """Write the purse and book what changed it."""
    entries, purse.entries = purse.entries, []
    invoice_id = purse.invoice.invoice_id
    await _put(session, InvoiceRow, [vars(purse.invoice)], "invoice_id")
    await _put(session, ReceiptRow, [{**vars(each), "invoice_id": invoice_id} for each in purse.receipts], "receipt_id")
    await _put_orders(session, [_order_row(each, invoice_id, at) for each in purse.orders])
    await post(session, entries)
    await wake(session)


async def _put(session: AsyncSession, table: Any, rows: list[dict[str, Any]], key: str) -> None:
    for row in rows:
        statement = upsert(table).values(row)
        await session.execute(statement.on_conflict_do_update(index_elements=[key], set_=row))


async def _put_orders(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        statement = upsert(OrderRow).values(row)
        # An order that has not moved keeps the moment it is looked at: a webhook may just have brought it forward.
        still = (OrderRow.state == statement.excluded.state) & (OrderRow.attempt == statement.excluded.attempt)
        look_at = case((still, OrderRow.look_at), else_=statement.excluded.look_at)
        await session.execute(
            statement.on_conflict_do_update(index_elements=["order_id"], set_={**row, "look_at": look_at})
        )


def _order_row(order: Order, invoice_id: UUID, at: datetime) -> dict[str, Any]:
    own = {name: value for name, value in vars(order).items() if name != "group"}
    return {**own, "invoice_id": invoice_id, "look_at": next_look(order, at)}


def next_look(order: Order, at: datetime) -> datetime | None:
    """When the cashier turns to an order again. Bank transfers are done by people, and never are its business."""
    if order.provider is ProviderName.BANK:
        return None
    match order.state:
        case OrderState.REQUESTED:
            return at + timedelta(seconds=min(2**order.tries, _LONGEST_PAUSE_S)) if order.tries else at
        case OrderState.SENT:
            return at + LEASE
        case OrderState.WAITING:
            return at + POLL
    return None


def to_invoice(row: InvoiceRow) -> Invoice:
    values = {name: getattr(row, name) for name in Invoice.__dataclass_fields__}
    return Invoice(**{**values, "state": InvoiceState(row.state)})


def _to_receipt(row: ReceiptRow) -> Receipt:
    values = {name: getattr(row, name) for name in Receipt.__dataclass_fields__}
    return Receipt(**{**values, "provider": ProviderName(row.provider)})


def to_order(row: OrderRow, group: str) -> Order:
    """`group` is the reference of its invoice."""
    values = {name: getattr(row, name) for name in Order.__dataclass_fields__ if name != "group"}
    kinds = {"kind": OrderKind(row.kind), "provider": ProviderName(row.provider), "state": OrderState(row.state)}
    return Order(**{**values, **kinds, "group": group})


async def load_recordal(session: AsyncSession, deal_id: UUID) -> Recordal | None:
    row = await session.get(RecordalRow, deal_id, populate_existing=True)
    return Recordal(**{name: getattr(row, name) for name in Recordal.__dataclass_fields__}) if row else None


async def save_recordal(session: AsyncSession, deal_id: UUID, recordal: Recordal) -> None:
    await _put(session, RecordalRow, [{**vars(recordal), "deal_id": deal_id}], "deal_id")
