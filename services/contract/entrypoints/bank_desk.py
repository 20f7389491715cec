"""What the bank says, and what two operators agree on: each step one transaction of the edge."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.book import PostgresDealBook
from services.contract.adapters.money import bank_lines
from services.contract.adapters.money.bank_lines import Target
from services.contract.adapters.money.ledger import post
from services.contract.adapters.money.statements import parse
from services.contract.adapters.money.tables import BankLineRow, BankStatementRow, OrderRow
from services.contract.domain import errors
from services.contract.domain.deal import Deal
from services.contract.domain.fulfilment import take_answer, take_payment
from services.contract.domain.money.invoice import (
    UNDER_WAY,
    Answer,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    Payment,
    ProviderName,
    Tariff,
)
from services.contract.domain.money.ledger import Account, Entry, EntryKind, Purpose
from services.contract.domain.money.statements import LineState, StatementFormat
from services.kit.problems import FieldError, InvalidInput


@dataclass(frozen=True)
class BankDesk:
    session: AsyncSession
    tariff: Tariff
    operator: UUID
    at: datetime

    async def import_statement(self, form: StatementFormat, body: bytes) -> tuple[BankStatementRow, list[BankLineRow]]:
        """Read, keep, book and match a statement. Raises InvalidInput with every fault, and then keeps nothing.

        Whatever was on an earlier statement counts no second time.
        """
        lines = parse(form, body)
        statement, fresh = await bank_lines.add_statement(self.session, form, body, lines, by=self.operator, at=self.at)
        await post(self.session, [self._booked(line) for line in fresh])
        # Deals are locked in one order, whatever the order of the statement.
        targets = [(line, await bank_lines.target_of(self.session, line)) for line in fresh]
        for line, target in sorted(targets, key=lambda each: each[1].deal_id.bytes if each[1] else b""):
            if target is None:
                line.reason = "no_reference"
            else:
                line.reason = await self._settle(line, target)
                line.state = LineState.UNMATCHED if line.reason else LineState.MATCHED
        await self.session.flush()
        return statement, fresh

    async def match(self, line_id: UUID, invoice_id: UUID | None, order_id: UUID | None) -> BankLineRow:
        """Say by hand what a line is for. The first operator proposes, another one agrees by saying the same.

        Raises LineNotFound, LineNotOpen, SecondPersonNeeded, or InvalidInput where the line cannot be for that.
        """
        line = await bank_lines.lock_line(self.session, line_id)
        if line is None:
            raise errors.LineNotFound(line_id=line_id)
        if line.state == LineState.MATCHED:
            raise errors.LineNotOpen
        target = await bank_lines.target(self.session, invoice_id, order_id)
        if target is None:
            raise InvalidInput(errors=[FieldError("/invoice_id", "unknown-target")])
        same = line.state == LineState.PROPOSED and (line.invoice_id, line.order_id) == (
            target.invoice_id,
            target.order_id,
        )
        if not same:
            line.state, line.proposed_by = LineState.PROPOSED, self.operator
            line.invoice_id, line.order_id = target.invoice_id, target.order_id
            await self.session.flush()
            return line
        if line.proposed_by == self.operator:
            raise errors.SecondPersonNeeded
        if reason := await self._settle(line, target):
            raise InvalidInput(errors=[FieldError("/invoice_id", "target-does-not-fit", params={"reason": reason})])
        line.state, line.reason = LineState.MATCHED, ""
        await self.session.flush()
        return line

    async def execute(self, order_id: UUID) -> OrderRow:
        """A bank transfer has been carried out. The first operator says so, another one confirms; then it is done.

        Raises PaymentNotFound, OrderNotOpen or SecondPersonNeeded.
        """
        target = await bank_lines.target(self.session, None, order_id)
        if target is None:
            raise errors.PaymentNotFound(order_id=order_id)
        book = PostgresDealBook(self.session, self.tariff)
        deal = await book.deal_to_change(target.deal_id, seen_by=None)
        order = _order(deal, order_id)
        row = await self.session.get_one(OrderRow, order_id, populate_existing=True)
        if order.state is not OrderState.WAITING or order.kind is OrderKind.REVERSAL:
            raise errors.OrderNotOpen(state=order.state.value)
        if row.proposed_by is None:
            row.proposed_by = self.operator
        elif row.proposed_by == self.operator:
            raise errors.SecondPersonNeeded
        else:
            take_answer(deal, order, Answer(Outcome.DONE, f"by_hand:{order_id}"), self.tariff, self.at)
            await book.save(deal)
        await self.session.flush()
        return await self.session.get_one(OrderRow, order_id, populate_existing=True)

    async def _settle(self, line: BankLineRow, target: Target) -> str:
        """Book a line as what it is for. Returns why not, in a word; empty where it is done."""
        book = PostgresDealBook(self.session, self.tariff)
        deal = await book.deal_to_change(target.deal_id, seen_by=None)
        purse = deal.purse
        if purse is None or purse.invoice.currency != line.currency:
            return "currency"
        if target.order_id is None:
            if line.amount < 0:
                return "direction"
            take_payment(deal, Payment(ProviderName.BANK, str(line.line_id), line.amount), self.tariff, self.at)
        else:
            order = _order(deal, target.order_id)
            if reason := _does_not_fit(order, line):
                return reason
            if order.state in UNDER_WAY:
                take_answer(deal, order, Answer(Outcome.DONE, str(line.line_id)), self.tariff, self.at)
            order.remote_id = str(line.line_id)
            purse.entries.append(self._arrived(line, deal.subject.deal_id))
        await book.save(deal)
        line.invoice_id, line.order_id = target.invoice_id, target.order_id
        return ""

    def _booked(self, line: BankLineRow) -> Entry:
        """The line itself, whatever it is for: the hall's account is what the bank says it is."""
        accounts = [(Account(Purpose.BANK, line.currency), line.amount)]
        accounts.append((Account(Purpose.UNALLOCATED, line.currency), -line.amount))
        return Entry.of(EntryKind.BANK_LINE, f"line:{line.line_id}", self.at, None, accounts)

    def _arrived(self, line: BankLineRow, deal_id: UUID) -> Entry:
        """A transfer known to be on its way is now on the statement."""
        accounts = [(Account(Purpose.UNALLOCATED, line.currency), line.amount)]
        accounts.append((Account(Purpose.TRANSIT, line.currency), -line.amount))
        return Entry.of(EntryKind.BANK_LINE, f"transit:{line.line_id}", self.at, deal_id, accounts)


def _order(deal: Deal, order_id: UUID) -> Order:
    order = deal.purse.order(order_id) if deal.purse else None
    if order is None:
        raise errors.PaymentNotFound(order_id=order_id)
    return order


def _does_not_fit(order: Order, line: BankLineRow) -> str:
    incoming = order.kind is OrderKind.REVERSAL
    if (line.amount > 0) is not incoming:
        return "direction"
    if abs(line.amount) != order.amount:
        return "amount"
    # On a statement once: the remote id is that line's from then on.
    if order.state is OrderState.DONE and not (order.remote_id or "").startswith("by_hand:"):
        return "done_before"
    return "" if order.state in UNDER_WAY | {OrderState.DONE} else "not_open"
