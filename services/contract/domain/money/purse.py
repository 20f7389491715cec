"""The money of one deal: every change of invoice, receipts and orders, with the entries that book it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.contract.domain.money.invoice import (
    UNDER_WAY,
    Answer,
    Invoice,
    InvoiceState,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    Payment,
    ProviderName,
    Receipt,
    Tariff,
)
from services.contract.domain.money.ledger import Account, Entry, EntryKind, Purpose
from services.contract.domain.money.references import new_reference
from services.kit.ids import new_id

Lines = Iterable[tuple[Account, int]]


@dataclass
class Purse:
    """`entries` wait to be saved. Every method books what it changes, so that the books and the state agree."""

    invoice: Invoice
    receipts: list[Receipt] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def issue(
        cls,
        deal_id: UUID,
        amount: tuple[int, str],
        parties: tuple[UUID, UUID, UUID | None],
        tariff: Tariff,
        at: datetime,
    ) -> "Purse":
        """An invoice over (minor units, currency), from (licensee, licensor, broker)."""
        payer, payee, broker = parties
        points = tariff.broker_basis_points if broker else 0
        due = at + tariff.pay_within
        invoice = Invoice(new_id(), deal_id, new_reference(), payer, payee, broker, *amount, points, at, due)
        purse = cls(invoice)
        lines = [(purse._payer(Purpose.RECEIVABLE), amount[0]), (purse._payee(Purpose.EXPECTED), -amount[0])]
        purse._book(EntryKind.INVOICED, f"invoice:{invoice.invoice_id}", at, lines)
        return purse

    # Money in.

    def receive(self, payment: Payment, tariff: Tariff, at: datetime) -> int | None:
        """Take in a payment. Returns what went towards the invoice; None where this payment was taken before.

        What is too much, or comes when nothing is owed any more, goes back.
        """
        provider, amount, fee = payment.provider, payment.amount, payment.fee
        if any((each.provider, each.remote_id) == (provider, payment.remote_id) for each in self.receipts):
            return None
        invoice = self.invoice
        receipt = Receipt(new_id(), provider, payment.remote_id, amount, at)
        self.receipts.append(receipt)
        taken = min(amount, invoice.outstanding)
        # A line of a bank statement is booked when it is read, whatever it turns out to be for.
        source = self._hall(Purpose.UNALLOCATED if provider is ProviderName.BANK else Purpose.STRIPE)
        lines = [
            (source, amount),
            (self._payer(Purpose.RECEIVABLE), -taken),
            (self._payer(Purpose.REFUNDABLE), taken - amount),
            (self._payee(Purpose.EXPECTED), taken),
            (self._payer(Purpose.HELD), -taken),
        ]
        self._book(EntryKind.RECEIVED, f"receipt:{receipt.receipt_id}", at, lines)
        if fee:
            lines = [(self._hall(Purpose.FEES), fee), (self._hall(Purpose.STRIPE), -fee)]
            self._book(EntryKind.FEE, f"fee:{receipt.receipt_id}", at, lines)
        invoice.received += taken
        invoice.held += taken
        if taken < amount:
            self._order(OrderKind.REFUND, invoice.payer_id, amount - taken, receipt)
        if invoice.state is InvoiceState.OPEN and invoice.received == invoice.amount:
            invoice.state = InvoiceState.HELD
            # The shortest of what its providers allow, since the first of them to end ends the hold.
            invoice.hold_expires_at = min(each.received_at + tariff.hold_of(each.provider) for each in self.receipts)
            self._cancel(OrderKind.COLLECT)
        return taken

    def collect(self) -> Order:
        """Ask for what is outstanding through Stripe; the same order while one is under way."""
        for each in self.orders:
            if each.kind is OrderKind.COLLECT and each.state in UNDER_WAY and each.amount == self.invoice.outstanding:
                return each
        invoice = self.invoice
        order = Order(
            new_id(),
            OrderKind.COLLECT,
            ProviderName.STRIPE,
            invoice.payer_id,
            invoice.outstanding,
            invoice.currency,
            new_reference(),
            invoice.reference,
        )
        self.orders.append(order)
        return order

    # Decisions: what the money is for changes, and orders follow.

    def release(self, at: datetime) -> tuple[int, int]:
        """All that is held, for licensor and broker. Returns both shares."""
        invoice = self.invoice
        amount = invoice.held
        commission = invoice.commission_of(amount)
        lines = [
            (self._payer(Purpose.HELD), amount),
            (self._payee(Purpose.PAYABLE), commission - amount),
            *([(self._broker(Purpose.COMMISSION), -commission)] if commission else []),
        ]
        self._book(EntryKind.RELEASED, f"release:{invoice.invoice_id}", at, lines)
        invoice.held, invoice.state = 0, InvoiceState.RELEASED
        self._draw(OrderKind.PAY_OUT, invoice.payee_id, amount - commission)
        if invoice.broker_id and commission:
            self._draw(OrderKind.PAY_OUT, invoice.broker_id, commission)
        return amount - commission, commission

    def give_back(self, amount: int, at: datetime) -> None:
        """Part or all of what is held goes back to the licensee. Raises ValueError for more than that."""
        invoice = self.invoice
        if not 0 < amount <= invoice.held:
            raise ValueError(f"{amount} of {invoice.held}")
        lines = [(self._payer(Purpose.HELD), amount), (self._payer(Purpose.REFUNDABLE), -amount)]
        self._book(EntryKind.REFUND_DUE, f"refund:{new_id()}", at, lines)
        invoice.held -= amount
        self._draw(OrderKind.REFUND, invoice.payer_id, amount)
        if invoice.held == 0:
            invoice.state = InvoiceState.REFUNDED

    def take_back(self, at: datetime) -> int:
        """After pay-out: the licensee gets all back, and licensor and broker give back what they got."""
        invoice = self.invoice
        paid_out = [each for each in self.orders if each.kind is OrderKind.PAY_OUT and each.state is OrderState.DONE]
        total = sum(each.amount for each in paid_out)
        lines = [(Account(Purpose.CLAWBACK, invoice.currency, each.party_id), each.amount) for each in paid_out]
        lines.append((self._payer(Purpose.REFUNDABLE), -total))
        self._book(EntryKind.REFUND_DUE, f"refund:{new_id()}", at, lines)
        invoice.state = InvoiceState.REFUNDED
        receipts = {receipt.receipt_id: receipt for receipt in self.receipts}
        sources = [(each, receipts[each.receipt_id]) for each in paid_out if each.receipt_id]
        for each, receipt in sources:
            receipt.spent -= each.amount  # it is there to be spent again, on the refund
        # A refund does not reverse a transfer at Stripe: refund first, then reverse.
        self._draw(OrderKind.REFUND, invoice.payer_id, total)
        for each, receipt in sources:
            self._order(OrderKind.REVERSAL, each.party_id, each.amount, receipt, source_id=each.remote_id)
        return total

    def cancel(self, at: datetime) -> None:
        """The deal has ended unpaid: nothing is owed, and what had come in goes back."""
        invoice = self.invoice
        owed = invoice.outstanding
        lines = [(self._payee(Purpose.EXPECTED), owed), (self._payer(Purpose.RECEIVABLE), -owed)]
        self._book(EntryKind.CANCELLED, f"cancel:{invoice.invoice_id}", at, lines)
        if invoice.held:
            self.give_back(invoice.held, at)
        invoice.state = InvoiceState.CANCELLED
        self._cancel(OrderKind.COLLECT)

    # What providers say.

    def answered(self, order: Order, answer: Answer, tariff: Tariff, at: datetime) -> int | None:
        """Note what a provider said. Returns what it brought in for the invoice. Saying it again changes nothing."""
        if order.state not in UNDER_WAY and not (order.kind is OrderKind.COLLECT and answer.outcome is Outcome.DONE):
            return None
        order.remote_id = answer.remote_id or order.remote_id
        order.url = answer.url or order.url
        order.last_error = answer.reason
        match answer.outcome:
            case Outcome.DONE:
                return self._done(order, answer, tariff, at)
            case Outcome.WAITING:
                order.state = OrderState.WAITING
            case Outcome.REFUSED:
                # A checkout that nobody used is no failure.
                order.state = OrderState.CANCELLED if order.kind is OrderKind.COLLECT else OrderState.FAILED
            case Outcome.LATER:
                order.state, order.attempt = OrderState.REQUESTED, order.attempt + 1
            case Outcome.NOT_DONE:
                order.state = OrderState.REQUESTED
        return None

    def _done(self, order: Order, answer: Answer, tariff: Tariff, at: datetime) -> int | None:
        order.state, order.done_at = OrderState.DONE, at
        if order.kind is OrderKind.COLLECT:
            remote_id, amount = answer.source_id or answer.remote_id or "", answer.amount or order.amount
            return self.receive(Payment(order.provider, remote_id, amount, answer.fee), tariff, at)
        cash = self._hall(Purpose.TRANSIT if order.provider is ProviderName.BANK else Purpose.STRIPE)
        party = {
            OrderKind.REFUND: Purpose.REFUNDABLE,
            OrderKind.REVERSAL: Purpose.CLAWBACK,
            OrderKind.PAY_OUT: Purpose.PAYABLE if order.party_id == self.invoice.payee_id else Purpose.COMMISSION,
        }[order.kind]
        kind = {
            OrderKind.REFUND: EntryKind.REFUNDED,
            OrderKind.REVERSAL: EntryKind.REVERSED,
            OrderKind.PAY_OUT: EntryKind.PAID_OUT,
        }[order.kind]
        out = -order.amount if order.kind is OrderKind.REVERSAL else order.amount
        lines = [(Account(party, order.currency, order.party_id), out), (cash, -out)]
        self._book(kind, f"order:{order.order_id}", at, lines)
        return None

    @property
    def settled(self) -> bool:
        """Whether everything ordered of licensor's and broker's money has reached them."""
        return all(each.state is OrderState.DONE for each in self.orders if each.kind is OrderKind.PAY_OUT)

    def may_send(self, order: Order) -> bool:
        """Whether the reason for an order still stands, looked at again just before it is sent."""
        needed = {OrderKind.COLLECT: InvoiceState.OPEN, OrderKind.PAY_OUT: InvoiceState.RELEASED}.get(order.kind)
        return needed in {None, self.invoice.state}

    def is_early(self, order: Order) -> bool:
        """A pay-out is taken back once the licensee's refund is on its way, not before."""
        refunds = [each for each in self.orders if each.kind is OrderKind.REFUND]
        return order.kind is OrderKind.REVERSAL and any(
            each.state in {OrderState.REQUESTED, OrderState.SENT} for each in refunds
        )

    def order(self, order_id: UUID) -> Order | None:
        return next((each for each in self.orders if each.order_id == order_id), None)

    def _draw(self, kind: OrderKind, party: UUID, amount: int) -> None:
        """Orders over `amount`, each on a receipt that has so much left, by the provider it came by."""
        for receipt, part in self._left(amount):
            self._order(kind, party, part, receipt)

    def _left(self, amount: int) -> Iterator[tuple[Receipt, int]]:
        for receipt in self.receipts:
            part = min(amount, receipt.amount - receipt.spent)
            if part > 0:
                amount -= part
                yield receipt, part
        if amount:
            raise ValueError(f"{amount} more than came in")

    def _order(
        self, kind: OrderKind, party: UUID, amount: int, receipt: Receipt, *, source_id: str | None = None
    ) -> None:
        if kind is not OrderKind.REVERSAL:
            receipt.spent += amount
        order = Order(
            new_id(),
            kind,
            receipt.provider,
            party,
            amount,
            self.invoice.currency,
            new_reference(),
            self.invoice.reference,
            receipt.receipt_id,
            source_id or receipt.remote_id,
            # People carry out bank transfers; nobody has to be asked for them.
            OrderState.WAITING if receipt.provider is ProviderName.BANK else OrderState.REQUESTED,
        )
        self.orders.append(order)

    def _cancel(self, kind: OrderKind) -> None:
        """What has not been asked for yet is not asked for. What has been may still bring money, which then goes back.

        A checkout that is open at the provider stays known, so that a late payment through it is seen.
        """
        for each in self.orders:
            if each.kind is kind and each.state is OrderState.REQUESTED:
                each.state = OrderState.CANCELLED

    def _book(self, kind: EntryKind, cause: str, at: datetime, lines: Lines) -> None:
        self.entries.append(Entry.of(kind, cause, at, self.invoice.deal_id, lines))

    def _hall(self, purpose: Purpose) -> Account:
        return Account(purpose, self.invoice.currency)

    def _payer(self, purpose: Purpose) -> Account:
        return Account(purpose, self.invoice.currency, self.invoice.payer_id)

    def _payee(self, purpose: Purpose) -> Account:
        return Account(purpose, self.invoice.currency, self.invoice.payee_id)

    def _broker(self, purpose: Purpose) -> Account:
        return Account(purpose, self.invoice.currency, self.invoice.broker_id)
