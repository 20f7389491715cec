"""Bodies of what concerns money and recordal, in and out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.contract.domain.money.invoice import InvoiceState, OrderKind, OrderState, ProviderName
from services.contract.domain.money.ledger import EntryKind, Purpose
from services.contract.domain.money.statements import LineState, StatementFormat
from services.contract.domain.states import DealState
from services.contract.entrypoints.schemas import In, MoneyBody

Number = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")]


class FileRecordal(In):
    filing_number: Number = Field(description="As the register's office gave it.", examples=["2026350000123"])
    filed_on: date


class ConfirmRecordal(In):
    receipt_number: Number = Field(description="Of the notice or certificate of recordal.", examples=["X2026980012345"])
    recorded_on: date


class GiveReason(In):
    reason: Reason


class ResumeDeal(In):
    refund_minor_units: int = Field(
        0, ge=0, le=10**15, strict=True, description="Part of what is held that goes back to the licensee."
    )


class FiledDeal(BaseModel):
    """What an operator needs to look a deal up in the register. Its terms stay its parties'."""

    deal_id: UUID
    state: DealState
    number: str
    title: str
    licensor_organisation_id: UUID
    licensee_organisation_id: UUID
    filing_number: str
    filed_on: date | None
    refusal: str = Field(description="What the office said when it refused. Empty once it was filed anew.")
    receipt_number: str
    recorded_on: date | None
    invoice_id: UUID | None = Field(description="The deal's; null where there is nothing to pay.")


class BankAccount(BaseModel):
    """Where a transfer goes. Without a number the hall has named none."""

    holder: str
    number: str
    bank: str


class InvoiceView(BaseModel):
    invoice_id: UUID
    deal_id: UUID
    reference: str = Field(description="To be written on the transfer (ISO 11649).", examples=["RF07ZT2MFBS4E7UR"])
    payer_organisation_id: UUID
    payee_organisation_id: UUID
    broker_organisation_id: UUID | None
    amount: MoneyBody
    received: MoneyBody
    outstanding: MoneyBody
    held: MoneyBody
    broker_commission_basis_points: int
    state: InvoiceState
    issued_at: datetime
    due_at: datetime
    hold_expires_at: datetime | None
    pay_to: BankAccount | None = Field(description="For a bank transfer, with the reference.")
    takes_cards: bool = Field(description="Whether the hall is connected to Stripe: then a checkout can be asked for.")
    checkout_url: str | None = Field(description="A page at Stripe to pay on, once it was asked for and is made.")


class DisputedDeal(BaseModel):
    """What an operator decides on. The deal's terms stay its parties'."""

    invoice: InvoiceView
    number: str
    title: str
    licensor_organisation_id: UUID
    licensee_organisation_id: UUID
    reason: str
    disputed_by_organisation_id: UUID
    disputed_at: datetime


class OrderView(BaseModel):
    order_id: UUID
    invoice_id: UUID
    deal_id: UUID
    kind: OrderKind
    provider: ProviderName
    party_organisation_id: UUID
    amount: MoneyBody
    reference: str
    state: OrderState
    last_error: str | None
    done_at: datetime | None
    proposed_by: UUID | None = Field(description="The operator who has said that the transfer was carried out.")
    pay_to: BankAccount | None = Field(
        description="For an operator who carries out a transfer; null where its receiver has named no account yet."
    )


class NamePayoutAccount(In):
    holder: Number
    number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z -]{4,40}$")] = Field(
        description="Account number or IBAN.", examples=["6222 0000 0000 0000"]
    )
    bank: Number


class PayoutAccountView(BaseModel):
    provider: ProviderName
    state: str = Field(description="none, requested, waiting (for the organisation to act at `url`) or ready")
    url: str | None
    bank_account: BankAccount | None
    last_error: str | None


class StatementView(BaseModel):
    statement_id: UUID
    format: StatementFormat
    imported_at: datetime
    lines: int
    new_lines: int = Field(description="Lines that were on no earlier statement.")


class LineView(BaseModel):
    line_id: UUID
    statement_id: UUID
    row: int
    booked_on: date
    minor_units: int = Field(description="Negative where money left.")
    currency: str
    text: str
    counterparty: str
    bank_reference: str
    state: LineState
    reason: str = Field(description="Why it matched nothing.")
    invoice_id: UUID | None
    order_id: UUID | None
    proposed_by: UUID | None


class ImportedStatement(StatementView):
    matched: int
    unmatched: int
    items: list[LineView] = Field(description="The new lines.")


class MatchLine(In):
    """One of the two."""

    invoice_id: UUID | None = None
    order_id: UUID | None = None


class StatementLine(BaseModel):
    """A line of a party's account. Debits are positive, credits negative."""

    entry_id: UUID
    at: datetime
    kind: EntryKind
    deal_id: UUID | None
    purpose: Purpose
    minor_units: int
    currency: str


class BalanceView(BaseModel):
    purpose: Purpose
    organisation_id: UUID | None
    currency: str
    minor_units: int


class PartyStatement(BaseModel):
    organisation_id: UUID
    balances: list[BalanceView]
    items: list[StatementLine]


class TrialBalance(BaseModel):
    balanced: bool
    balances: list[BalanceView]


class Received(BaseModel):
    received: bool = True
