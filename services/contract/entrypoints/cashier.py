"""The cashier: a job of the worker that carries out orders, each from its durable row.

One order is three steps: a transaction that takes it up and stores the key of the call; the call, outside of any
transaction; a transaction that writes down what came of it. A crash between two of them leaves a row that says where it
stopped, and the next look finds out the rest. The deal is locked first and its state checked again in both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.book import PostgresDealBook
from services.contract.adapters.money import desk
from services.contract.adapters.money.purses import LEASE, POLL
from services.contract.application.money.ports import OutcomeUnknown, PaymentProvider
from services.contract.domain.deal import Deal
from services.contract.domain.fulfilment import take_answer
from services.contract.domain.money.invoice import (
    UNDER_WAY,
    Answer,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    ProviderName,
    Tariff,
)
from services.kit.clock import utcnow
from services.kit.db import Database

log = structlog.get_logger()
NO_ACCOUNT = "payee_account_missing"
_LONGEST_PAUSE = timedelta(hours=1)
_A_MOMENT = timedelta(seconds=5)


@dataclass(frozen=True)
class Task:
    """An order taken up: ask for it, or look what became of it."""

    due: desk.Due
    order: Order
    payee_account: str | None
    ask: bool


class Cashier:
    def __init__(
        self,
        providers: Mapping[ProviderName, PaymentProvider],
        tariff: Tariff,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._providers = providers
        self._tariff = tariff
        self._clock = clock

    async def step(self, database: Database) -> bool:
        """Carry out or look at one order. True where more may wait."""
        async with database.transaction() as session:
            if await desk.hear_next_event(session, self._clock()):
                return True
        async with database.transaction() as session:
            due = await desk.next_due(session, self._clock())
            task = await self._take_up(session, due) if due else None
        if due is None:
            return False
        if task is not None:
            answer = await self._ask(task)
            async with database.transaction() as session:
                await self._write_down(session, task, answer)
        return True

    async def _take_up(self, session: AsyncSession, due: desk.Due) -> Task | None:
        now = self._clock()
        book = PostgresDealBook(session, self._tariff)
        deal = await book.deal_to_change(due.deal_id, seen_by=None)
        purse = deal.purse
        order = purse.order(due.order_id) if purse else None
        if purse is None or order is None or not await desk.is_due(session, due.order_id, now):
            return None
        if order.state not in UNDER_WAY or order.provider not in self._providers:
            # Stripe is no longer, or not yet, connected: looked at again when the hall has its key.
            await desk.look_again(session, due.order_id, now + _LONGEST_PAUSE if order.state in UNDER_WAY else None)
            return None
        if order.state is not OrderState.REQUESTED:
            await desk.look_again(session, due.order_id, now + (LEASE if order.state is OrderState.SENT else POLL))
            return Task(due, order, None, ask=False)
        return await self._prepare(session, book, deal, due, order)

    async def _prepare(
        self, session: AsyncSession, book: PostgresDealBook, deal: Deal, due: desk.Due, order: Order
    ) -> Task | None:
        """Note that the order is being sent, under which key; or why it is not."""
        purse, now = deal.purse, self._clock()
        assert purse is not None
        account, wait = None, None
        if order.kind is OrderKind.PAY_OUT and order.provider is ProviderName.STRIPE:
            account = await desk.payee_account(session, order.party_id)
            wait = None if account else _LONGEST_PAUSE
            order.last_error = None if account else NO_ACCOUNT
        if purse.is_early(order):
            wait = _A_MOMENT
        if not purse.may_send(order):
            order.state = OrderState.CANCELLED
        elif wait is None:
            order.state, order.tries = OrderState.SENT, order.tries + 1
        await book.save(deal)
        if order.state is OrderState.REQUESTED and wait:
            await desk.look_again(session, due.order_id, now + wait)
        return Task(due, order, account, ask=True) if order.state is OrderState.SENT else None

    async def _ask(self, task: Task) -> Answer | None:
        """None where it stays unknown: the order keeps its key, and is looked at when its lease is over."""
        provider = self._providers[task.order.provider]
        try:
            if task.ask:
                return await provider.perform(task.order, task.payee_account)
            return await provider.look(task.order)
        except OutcomeUnknown as unknown:
            log.warning("payment_unclear", order_id=str(task.order.order_id), reason=unknown.reason)
            if not (task.ask and unknown.ended):
                return None
        # It is over at the provider's side, with or without effect. Only a look can tell.
        try:
            found = await provider.look(task.order)
        except OutcomeUnknown:
            return None
        return Answer(Outcome.LATER, reason="failed_at_provider") if found.outcome is Outcome.NOT_DONE else found

    async def _write_down(self, session: AsyncSession, task: Task, answer: Answer | None) -> None:
        if answer is None:
            return
        book = PostgresDealBook(session, self._tariff)
        deal = await book.deal_to_change(task.due.deal_id, seen_by=None)
        order = deal.purse.order(task.due.order_id) if deal.purse else None
        if order is None or (answer.outcome is not Outcome.DONE and order.attempt != task.order.attempt):
            return  # another cashier has gone further meanwhile
        take_answer(deal, order, answer, self._tariff, self._clock())
        await book.save(deal)
