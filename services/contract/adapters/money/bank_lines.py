"""Statements and their lines on PostgreSQL, and what a line may be for."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.money.tables import BankLineRow, BankStatementRow, InvoiceRow, OrderRow
from services.contract.domain.money.invoice import ProviderName
from services.contract.domain.money.references import references_in
from services.contract.domain.money.statements import Line, LineState, StatementFormat, fingerprints
from services.kit.ids import new_id


@dataclass(frozen=True)
class Target:
    """What a line is for: an invoice, or an order of one."""

    deal_id: UUID
    invoice_id: UUID
    order_id: UUID | None = None


async def add_statement(
    session: AsyncSession, form: StatementFormat, body: bytes, lines: Sequence[Line], *, by: UUID, at: datetime
) -> tuple[BankStatementRow, list[BankLineRow]]:
    """Keep a statement. Returns it with those of its lines that were never seen before.

    The same file again is the statement it was, with no new lines.
    """
    digest = hashlib.sha256(body).hexdigest()
    values = {
        "statement_id": new_id(),
        "sha256": digest,
        "format": form.value,
        "imported_by": by,
        "imported_at": at,
        "lines": len(lines),
        "new_lines": 0,
    }
    made = await session.execute(upsert(BankStatementRow).values(values).on_conflict_do_nothing())
    known = select(BankStatementRow).where(BankStatementRow.sha256 == digest)
    statement = (await session.execute(known)).scalar_one()
    if not made.rowcount:  # type: ignore[attr-defined]  # an INSERT gives a CursorResult
        return statement, []
    fresh: list[BankLineRow] = []
    for fingerprint, line in fingerprints(lines):
        row = {
            **vars(line),
            "line_id": new_id(),
            "statement_id": statement.statement_id,
            "fingerprint": fingerprint,
            "state": LineState.UNMATCHED.value,
            "reason": "",
        }
        added = await session.scalars(upsert(BankLineRow).values(row).on_conflict_do_nothing().returning(BankLineRow))
        fresh.extend(added)
    statement.new_lines = len(fresh)
    await session.flush()
    return statement, fresh


async def lock_line(session: AsyncSession, line_id: UUID) -> BankLineRow | None:
    statement = select(BankLineRow).where(BankLineRow.line_id == line_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def target_of(session: AsyncSession, line: BankLineRow) -> Target | None:
    """What a line is for by the references it carries. None where it carries none, or more than one thing's."""
    found: list[Target] = []
    # Field by field: what begins in one and would end in the next was never written by anybody.
    for reference in {*references_in(line.text), *references_in(line.bank_reference)}:
        found += await _by_reference(session, reference)
    return found[0] if len(found) == 1 else None


async def _by_reference(session: AsyncSession, reference: str) -> list[Target]:
    invoices = select(InvoiceRow.deal_id, InvoiceRow.invoice_id).where(InvoiceRow.reference == reference)
    orders = (
        select(InvoiceRow.deal_id, InvoiceRow.invoice_id, OrderRow.order_id)
        .join(OrderRow, OrderRow.invoice_id == InvoiceRow.invoice_id)
        .where(OrderRow.reference == reference, OrderRow.provider == ProviderName.BANK.value)
    )
    return [
        *(Target(*row) for row in await session.execute(invoices)),
        *(Target(*row) for row in await session.execute(orders)),
    ]


async def target(session: AsyncSession, invoice_id: UUID | None, order_id: UUID | None) -> Target | None:
    """What an operator names."""
    if order_id is not None:
        statement = (
            select(InvoiceRow.deal_id, InvoiceRow.invoice_id, OrderRow.order_id)
            .join(OrderRow, OrderRow.invoice_id == InvoiceRow.invoice_id)
            .where(OrderRow.order_id == order_id, OrderRow.provider == ProviderName.BANK.value)
        )
        row = (await session.execute(statement)).one_or_none()
        return Target(*row) if row else None
    invoice = await session.get(InvoiceRow, invoice_id) if invoice_id else None
    return Target(invoice.deal_id, invoice.invoice_id) if invoice else None
