"""What a licensee owes for a deal, what has come in for it, and the orders that move money out again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class ProviderName(StrEnum):
    """How money moves. Also the name of the hall's own account it moves through."""

    BANK = "bank"
    STRIPE = "stripe"


class InvoiceState(StrEnum):
    OPEN = "open"  # nothing, or too little, has come in
    HELD = "held"  # paid in full, and kept by the hall
    RELEASED = "released"  # for licensor and broker
    REFUNDED = "refunded"  # all that was held, or paid out, goes back to the licensee
    CANCELLED = "cancelled"  # the deal ended before it was paid


@dataclass(frozen=True)
class Tariff:
    """The hall's terms, written into each invoice when it is issued.

    A broker named in a deal gets its share of what is released to the licensor. Nothing is held longer than the
    provider may: Stripe lets most platforms delay a transfer by 90 days.
    """

    broker_basis_points: int = 1_000
    pay_within: timedelta = timedelta(days=30)
    hold_bank: timedelta = timedelta(days=180)
    hold_stripe: timedelta = timedelta(days=90)

    def hold_of(self, provider: ProviderName) -> timedelta:
        return self.hold_stripe if provider is ProviderName.STRIPE else self.hold_bank


@dataclass
class Invoice:
    """`received` is what was paid towards `amount`, `held` what of it is neither released nor given back."""

    invoice_id: UUID
    deal_id: UUID
    reference: str
    payer_id: UUID
    payee_id: UUID
    broker_id: UUID | None
    amount: int
    currency: str
    broker_basis_points: int
    issued_at: datetime
    due_at: datetime
    state: InvoiceState = InvoiceState.OPEN
    received: int = 0
    held: int = 0
    hold_expires_at: datetime | None = None

    @property
    def outstanding(self) -> int:
        return self.amount - self.received if self.state is InvoiceState.OPEN else 0

    def commission_of(self, released: int) -> int:
        """The broker's share, rounded half up to the minor unit."""
        return (released * self.broker_basis_points + 5_000) // 10_000 if self.broker_id else 0


@dataclass(frozen=True)
class Payment:
    """Money that has arrived, as its provider tells it. `fee` is what the provider kept of it."""

    provider: ProviderName
    remote_id: str
    amount: int
    fee: int = 0


@dataclass
class Receipt:
    """Money that came in for an invoice. `remote_id` is the charge, or the line of a statement; it counts once.

    `spent` is what of it has been sent on or back, so that each order draws on money of its own provider.
    """

    receipt_id: UUID
    provider: ProviderName
    remote_id: str
    amount: int
    received_at: datetime
    spent: int = 0


class OrderKind(StrEnum):
    COLLECT = "collect"  # ask the licensee's card or account for it
    PAY_OUT = "pay_out"  # to licensor or broker
    REFUND = "refund"  # to the licensee
    REVERSAL = "reversal"  # take a pay-out back


class OrderState(StrEnum):
    REQUESTED = "requested"  # to be asked of the provider
    SENT = "sent"  # asked; what came of it is not yet known here
    WAITING = "waiting"  # the provider, or a person, has to act
    DONE = "done"
    FAILED = "failed"  # the provider said no; an operator must look
    CANCELLED = "cancelled"  # its reason is gone


UNDER_WAY = frozenset({OrderState.REQUESTED, OrderState.SENT, OrderState.WAITING})


@dataclass
class Order:
    """One movement of money, durable before anybody outside is asked. Its id and `attempt` make the idempotency key.

    `source_id` is the provider's id of what it draws on: the charge of a pay-out or refund, the transfer of a reversal.
    `reference` is what a bank transfer must carry; `group` is the invoice's, which all orders of a deal have in common.
    """

    order_id: UUID
    kind: OrderKind
    provider: ProviderName
    party_id: UUID
    amount: int
    currency: str
    reference: str
    group: str
    receipt_id: UUID | None = None
    source_id: str | None = None
    state: OrderState = OrderState.REQUESTED
    attempt: int = 1
    tries: int = 0
    remote_id: str | None = None
    url: str | None = None
    last_error: str | None = None
    done_at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.order_id}-{self.attempt}"


class Outcome(StrEnum):
    DONE = "done"
    WAITING = "waiting"
    REFUSED = "refused"  # a definite no: nothing was moved, and trying again will not help
    LATER = "later"  # a definite not yet: nothing was moved; another try, under a new key, may succeed
    NOT_DONE = "not_done"  # looked: the provider knows no such movement


@dataclass(frozen=True)
class Answer:
    """What a provider says of an order. `fee` is what it kept of a payment; `source_id` is the charge behind it."""

    outcome: Outcome
    remote_id: str | None = None
    url: str | None = None
    source_id: str | None = None
    amount: int | None = None
    fee: int = 0
    reason: str | None = None
