from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contract.adapters.tables import Base, DealRow


class InvoiceRow(Base):
    """One to a deal with a fee. Amounts are minor units of its currency."""

    __tablename__ = "invoices"

    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id), unique=True)
    reference: Mapped[str] = mapped_column(unique=True)
    payer_id: Mapped[UUID] = mapped_column(index=True)
    payee_id: Mapped[UUID] = mapped_column(index=True)
    broker_id: Mapped[UUID | None] = mapped_column(index=True)
    amount: Mapped[int]
    currency: Mapped[str]
    broker_basis_points: Mapped[int]
    issued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str]
    received: Mapped[int]
    held: Mapped[int]
    hold_expires_at: Mapped[datetime | None]


class ReceiptRow(Base):
    """A payment counts once, whichever way and however often it is told: the unique key says so."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("provider", "remote_id"),)

    receipt_id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey(InvoiceRow.invoice_id), index=True)
    provider: Mapped[str]
    remote_id: Mapped[str]
    amount: Mapped[int]
    received_at: Mapped[datetime]
    spent: Mapped[int]


class OrderRow(Base):
    """A movement of money, from before it is asked for. `look_at` is when the cashier next turns to it.

    A bank transfer is executed by hand: `proposed_by` says it was, another operator confirms.
    """

    __tablename__ = "payment_orders"
    __table_args__ = (Index("ix_payment_orders_to_do", "look_at", postgresql_where=text("look_at IS NOT NULL")),)

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(ForeignKey(InvoiceRow.invoice_id), index=True)
    kind: Mapped[str]
    provider: Mapped[str]
    party_id: Mapped[UUID] = mapped_column(index=True)
    amount: Mapped[int]
    currency: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    receipt_id: Mapped[UUID | None] = mapped_column(ForeignKey(ReceiptRow.receipt_id))
    source_id: Mapped[str | None]
    state: Mapped[str]
    attempt: Mapped[int]
    remote_id: Mapped[str | None] = mapped_column(index=True)
    url: Mapped[str | None]
    last_error: Mapped[str | None]
    done_at: Mapped[datetime | None]
    look_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    proposed_by: Mapped[UUID | None]


class RecordalRow(Base):
    __tablename__ = "recordals"

    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id), primary_key=True)
    due_at: Mapped[datetime | None]
    filing_number: Mapped[str]
    filed_on: Mapped[date | None] = mapped_column(Date)
    receipt_number: Mapped[str]
    recorded_on: Mapped[date | None] = mapped_column(Date)
    refusal: Mapped[str]


class PayoutAccountRow(Base):
    """Where an organisation gets its money: a bank account it named, or an account it opened at Stripe."""

    __tablename__ = "payout_accounts"
    __table_args__ = (Index("ix_payout_accounts_to_do", "look_at", postgresql_where=text("look_at IS NOT NULL")),)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    details: Mapped[dict[str, Any]]
    remote_id: Mapped[str | None] = mapped_column(unique=True)
    url: Mapped[str | None]
    attempt: Mapped[int]
    last_error: Mapped[str | None]
    look_at: Mapped[datetime | None]


class LedgerAccountRow(Base):
    __tablename__ = "ledger_accounts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    organisation_id: Mapped[UUID | None] = mapped_column(index=True)
    currency: Mapped[str]


class LedgerEntryRow(Base):
    """Append-only, by trigger. `cause` is the fact booked: one fact, one entry."""

    __tablename__ = "ledger_entries"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    cause: Mapped[str] = mapped_column(unique=True)
    deal_id: Mapped[UUID | None] = mapped_column(index=True)


class LedgerPostingRow(Base):
    """Append-only, and balanced per currency within its entry, both by trigger. One statement writes an entry."""

    __tablename__ = "ledger_postings"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey(LedgerEntryRow.entry_id), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(LedgerAccountRow.account_id), index=True)
    minor_units: Mapped[int]


class BankStatementRow(Base):
    __tablename__ = "bank_statements"

    statement_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    format: Mapped[str]
    imported_by: Mapped[UUID]
    imported_at: Mapped[datetime]
    lines: Mapped[int]
    new_lines: Mapped[int]


class BankLineRow(Base):
    """`fingerprint` makes a line of two overlapping statements one. `amount` is negative where money left."""

    __tablename__ = "bank_lines"

    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    statement_id: Mapped[UUID] = mapped_column(ForeignKey(BankStatementRow.statement_id), index=True)
    row: Mapped[int]
    booked_on: Mapped[date] = mapped_column(Date)
    amount: Mapped[int]
    currency: Mapped[str]
    text: Mapped[str]
    counterparty: Mapped[str]
    bank_reference: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    reason: Mapped[str]
    invoice_id: Mapped[UUID | None] = mapped_column(ForeignKey(InvoiceRow.invoice_id))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey(OrderRow.order_id))
    proposed_by: Mapped[UUID | None]


class StripeEventRow(Base):
    """An event that Stripe sent, stored once and answered at once; a job looks at what it is about."""

    __tablename__ = "stripe_events"
    __table_args__ = (Index("ix_stripe_events_to_do", "received_at", postgresql_where=text("handled_at IS NULL")),)

    event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    object_id: Mapped[str]
    order_id: Mapped[str | None]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
