"""Whatever anyone does with a deal and its money, in whatever order, and whatever fails meanwhile: the ledger balances,
money is where the state says, nothing is paid twice. On a real PostgreSQL, against the double of Stripe.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import insert, text

from deploy.local.postgres import Postgres
from deploy.local.stripe_double import Fault, StripeDouble
from services.contract.adapters.book import PostgresDealBook
from services.contract.adapters.money import desk
from services.contract.adapters.money.stripe import Stripe
from services.contract.adapters.money.tables import PayoutAccountRow
from services.contract.adapters.tables import RightRow
from services.contract.application.decide_money import Decide, decide
from services.contract.domain import fulfilment
from services.contract.domain.deal import Deal, Subject
from services.contract.domain.facts import RightKind
from services.contract.domain.fulfilment import Office
from services.contract.domain.happenings import Actor
from services.contract.domain.money.invoice import Order, ProviderName
from services.contract.domain.money.statements import StatementFormat
from services.contract.domain.states import AGREED, DealState
from services.contract.domain.terms import DealForm, Money, Terms
from services.contract.entrypoints.bank_desk import BankDesk
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.problems import Problem
from tests.service.contract.till import (
    API_KEY,
    MONEY_OF_DEALS,
    SETTINGS,
    WEBHOOK_SECRET,
    check_deal,
    check_stripe,
    csv_of,
    make_cashier,
    stripe_balance,
)
from tests.support.databases import Databases
from tests.unit.contract.makers import PAPER

STEPS_AT_LEAST = 2_000
LANDING = os.environ.get("ZAYTON_REQUIRE_ALL") == "1"  # as .ci/run sets it
PATHS = ("/v1/checkout/sessions", "/v1/transfers", "/v1/refunds", "/v1/transfers/tr_")
PATHS += ("GET /v1/checkout/sessions", "GET /v1/transfers", "GET /v1/refunds")
# RECORDED leads on to RELEASED within one transaction; EXPIRED needs a term, which these deals do not have.
FULFILMENT = {each.value for each in AGREED - {DealState.TERM_SHEET, DealState.SIGNING}} - {"recorded", "expired"}
TODAY = datetime.now(UTC).date()


class Crash(BaseException):
    pass


def who(organisation_id: UUID) -> Actor:
    return Actor(new_id(), organisation_id, "an agent")


class MoneyMachine(RuleBasedStateMachine):
    """One deal after its last signature."""

    steps: ClassVar[int] = 0
    refusals: ClassVar[int] = 0
    seen: ClassVar[set[str]] = set()
    database: ClassVar[Database]
    runner: ClassVar[asyncio.Runner]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize(
        fee=st.integers(1, 10**9),
        broker=st.booleans(),
        form=st.sampled_from([DealForm.ORDINARY_LICENCE, DealForm.ASSIGNMENT]),
    )
    def sign(self, fee: int, broker: bool, form: DealForm) -> None:
        self.licensor, self.licensee, self.deal_id = new_id(), new_id(), new_id()
        self.broker = new_id() if broker else None
        self.fee, self.statements, self.paid_by_bank = fee, [], 0
        self.operators = [new_id(), new_id()]
        self.double = StripeDouble(API_KEY, WEBHOOK_SECRET)
        self.cashier = make_cashier(self.double)
        self.stripe: Stripe = self.cashier._providers[ProviderName.STRIPE]  # type: ignore[assignment]
        self.run(self._sign(Terms(form, fixed_fee=Money(fee, "CNY"))))

    async def _sign(self, terms: Terms) -> None:
        right_id = new_id()
        subject = Subject(
            self.deal_id, new_id(), right_id, "CN1", "A membrane", self.licensor, self.licensee, self.broker
        )
        async with self.database.transaction() as session:
            await session.execute(
                insert(RightRow).values(
                    right_id=right_id,
                    organisation_id=self.licensor,
                    kind="invention",
                    number="CN1",
                    title="A membrane",
                    owner_name="U",
                    status="granted",
                    encumbrances=[],
                    aggregate_version=1,
                )
            )
            book = PostgresDealBook(session, SETTINGS.tariff)
            deal = Deal.open(subject, "?", who(self.licensee), utcnow())
            standing = await book.standing(deal)
            deal.offer(who(self.licensor), terms, None, standing, utcnow())
            offer = deal.latest
            assert offer
            deal.accept(who(self.licensee), offer.offer_id, standing, utcnow())
            for party in (self.licensor, self.licensee):
                deal.sign(who(party), standing, utcnow(), PAPER)
            fulfilment.after_signing(deal, RightKind.INVENTION, SETTINGS.tariff, utcnow())
            await book.save(deal)
            await session.execute(text("DELETE FROM timers"))
            row = await session.execute(
                text("SELECT reference FROM invoices WHERE deal_id = :id"), {"id": self.deal_id}
            )
            self.reference = row.scalar_one()

    def decided(self, how: Decide) -> None:
        """A refusal is an answer too; it changes nothing, which the invariants see."""
        type(self).steps += 1
        try:
            self.run(self._decide(how))
        except Problem:
            type(self).refusals += 1

    async def _decide(self, how: Decide) -> None:
        async with self.database.transaction() as session:
            await decide(PostgresDealBook(session, SETTINGS.tariff), utcnow, self.deal_id, None, how)

    @rule(choice=st.integers(0, 11))
    def go_on(self, choice: int) -> None:
        """One of the steps that the state is there for. All other rules try what comes, and are mostly refused."""
        steps: dict[str, list[Callable[[], None]]] = {
            "signed": [self._pay_by_card, lambda: self.pay_by_bank(1, 0), self._pay_by_card, self._end],
            "funded": [
                lambda: self.file_recordal(by_licensor=True),
                lambda: self.dispute(by_licensor=False),
                lambda: self.file_recordal(by_licensor=False),
            ],
            "recordal_filed": [
                lambda: self.the_office_answers(operator=False, refused=True),
                lambda: self.the_office_answers(operator=True, refused=False),
            ],
            "recordal_refused": [lambda: self.file_recordal(by_licensor=True), self.give_back],
            "disputed": [lambda: self.settle_the_dispute(1), self.give_back, lambda: self.settle_the_dispute(0)],
            "released": [self._pay_out],
            "active": [lambda: None, lambda: None, self.give_back, self._end],
        }
        if found := steps.get(self.state):
            found[choice % len(found)]()

    def _pay_by_card(self) -> None:
        self.ask_for_a_checkout()
        self.work(None, "", "", late=True)
        self.pay_at_the_checkout()
        self.work(None, "", "", late=True)

    def _pay_out(self) -> None:
        self.payees_open_accounts()
        self.operators_carry_out_transfers()
        self.work(None, "", "", late=True)

    def _end(self) -> None:
        self.terminate(overdue=True)

    # Money comes.

    @rule(part=st.sampled_from([1, 2, 3, 10]), over=st.sampled_from([0, 0, 0, 5]))
    def pay_by_bank(self, part: int, over: int) -> None:
        type(self).steps += 1
        self.statements.append(csv_of((max(self.fee // part, 1) + over, self.reference)))
        self.run(self._import(self.statements[-1]))

    @rule(data=st.data())
    def send_a_statement_again(self, data: st.DataObject) -> None:
        type(self).steps += 1
        if self.statements:
            self.run(self._import(data.draw(st.sampled_from(self.statements))))

    async def _import(self, body: str) -> None:
        async with self.database.transaction() as session:
            bank = BankDesk(session, SETTINGS.tariff, self.operators[0], utcnow())
            await bank.import_statement(StatementFormat.CSV, body.encode())

    @rule()
    def ask_for_a_checkout(self) -> None:
        def collect(deal: Deal, _kind: RightKind, _at: datetime) -> None:
            if deal.purse and deal.purse.invoice.outstanding:
                deal.purse.collect()

        self.decided(collect)

    @rule(which=st.integers(0, 3))
    def pay_at_the_checkout(self, which: int = 0) -> None:
        """At one whose address the hall was told, and so could show, however long ago."""
        type(self).steps += 1
        told = self.run(
            self._sql(
                "SELECT o.remote_id FROM payment_orders o JOIN invoices USING (invoice_id) WHERE deal_id = :deal_id "
                "AND o.kind = 'collect' AND o.remote_id IS NOT NULL ORDER BY o.order_id"
            )
        )
        if told:
            self.double.acts.pay(told[which % len(told)][0])

    # The cashier works, and things fail.

    @rule(
        fault=st.sampled_from([None, None, *Fault]),
        path=st.sampled_from(PATHS),
        crash=st.sampled_from(["", "", "", "before", "after"]),
        late=st.booleans(),
    )
    def work(self, fault: Fault | None, path: str, crash: str, late: bool) -> None:
        type(self).steps += 1
        if fault:
            self.double.faults.strike(path, fault)
        self.run(self._work(crash, late=late))

    async def _work(self, crash: str = "", *, late: bool = True) -> None:
        if late:  # leases and pauses are over
            await self._sql("UPDATE payment_orders SET look_at = now() WHERE look_at IS NOT NULL")
        perform = self.stripe.perform

        async def perform_and_crash(order: Order, account: str | None) -> None:
            if crash == "after":
                await perform(order, account)
            raise Crash

        if crash:
            self.stripe.perform = perform_and_crash  # type: ignore[method-assign, assignment]
        with suppress(Crash):
            for _ in range(30):
                if not await self.cashier.step(self.database):
                    break
        self.stripe.perform = perform  # type: ignore[method-assign]

    @rule(data=st.data())
    def a_webhook_comes(self, data: st.DataObject) -> None:
        type(self).steps += 1
        if events := self.double.events:
            event = data.draw(st.sampled_from(events))
            self.run(self._hear(event))

    async def _hear(self, event: dict[str, Any]) -> None:
        about = event["data"]["object"]
        kept = {
            "event_id": event["id"],
            "type": event["type"],
            "object_id": about["id"],
            "order_id": (about.get("metadata") or {}).get("order_id"),
        }
        async with self.database.transaction() as session:
            await desk.keep_event(session, kept, utcnow())

    @rule()
    def payees_open_accounts(self) -> None:
        type(self).steps += 1
        self.run(self._onboard())

    async def _onboard(self) -> None:
        for party in filter(None, (self.licensor, self.broker)):
            account = self.double.acts.onboard(self.double.acts.open_account({})["id"])
            async with self.database.transaction() as session:
                if await session.get(PayoutAccountRow, (party, "stripe")) is None:
                    ready = {"state": "ready", "details": {}, "attempt": 1, "remote_id": account["id"]}
                    session.add(PayoutAccountRow(organisation_id=party, provider="stripe", **ready))
                    await session.flush()
                    await desk.account_is_ready(session, party, utcnow())

    @rule()
    def operators_carry_out_transfers(self) -> None:
        type(self).steps += 1
        self.run(self._carry_out())

    async def _carry_out(self) -> None:
        waiting = await self._sql(
            "SELECT order_id FROM payment_orders WHERE provider = 'bank' AND state = 'waiting' AND kind <> 'reversal'"
        )
        for (order_id,) in waiting:
            for operator in self.operators:
                async with self.database.transaction() as session:
                    await BankDesk(session, SETTINGS.tariff, operator, utcnow()).execute(order_id)

    # Decisions.

    @rule(by_licensor=st.booleans())
    def file_recordal(self, by_licensor: bool) -> None:
        party = who(self.licensor if by_licensor else self.licensee)
        self.decided(lambda deal, kind, at: fulfilment.file_recordal(deal, party, kind, ("F", TODAY), at))

    @rule(operator=st.booleans(), refused=st.booleans())
    def the_office_answers(self, operator: bool, refused: bool) -> None:
        office = Office(who(self.licensee), is_operator=operator)
        if refused:
            self.decided(lambda deal, _kind, at: fulfilment.refuse_recordal(deal, office, "no", at))
        else:
            self.decided(lambda deal, _kind, at: fulfilment.record(deal, office, ("R", TODAY), at))

    @rule()
    def release_early(self) -> None:
        self.decided(lambda deal, kind, at: fulfilment.release(deal, who(self.licensee), kind, at))

    @rule(by_licensor=st.booleans())
    def dispute(self, by_licensor: bool) -> None:
        party = who(self.licensor if by_licensor else self.licensee)
        self.decided(lambda deal, _kind, at: fulfilment.dispute(deal, party, "x", at))

    @rule(part=st.integers(0, 4))
    def settle_the_dispute(self, part: int) -> None:
        refund = self.fee * part // 5
        self.decided(lambda deal, _kind, at: fulfilment.resume(deal, who(self.operators[0]), refund, at))

    @rule(sure=st.integers(0, 2))
    def give_all_back(self, sure: int) -> None:
        if sure == 2:  # not often, since it ends the deal
            self.give_back()

    def give_back(self) -> None:
        self.decided(lambda deal, _kind, at: fulfilment.refund(deal, who(self.operators[0]), at))

    @rule(sure=st.integers(0, 3))
    def the_hold_ends(self, sure: int) -> None:
        def expire(deal: Deal, _kind: RightKind, at: datetime) -> None:
            until = deal.purse.invoice.hold_expires_at if deal.purse else None
            fulfilment.expire_hold(deal, until if until and sure == 3 else at)

        self.decided(expire)

    @rule(overdue=st.booleans())
    def terminate(self, overdue: bool) -> None:
        def end(deal: Deal, _kind: RightKind, at: datetime) -> None:
            due = deal.purse.invoice.due_at if deal.purse else at
            fulfilment.terminate(deal, who(self.licensor), "x", max(due, at) if overdue else at)

        self.decided(end)

    # What is always true.

    @invariant()
    def all_is_well(self) -> None:
        self.run(self._check())

    async def _check(self) -> None:
        async with self.database.transaction() as session:
            statement = MONEY_OF_DEALS.replace("GROUP BY", "WHERE d.deal_id = :id GROUP BY")
            row = dict((await session.execute(text(statement), {"id": self.deal_id})).mappings().one())
            total = await session.execute(text("SELECT coalesce(sum(minor_units), 0) FROM ledger_postings"))
            assert total.scalar_one() == 0
        check_deal(row)
        check_stripe(self.double, 0)
        self.state = row["deal_state"]
        type(self).seen.add(self.state)

    def teardown(self) -> None:
        if not hasattr(self, "double"):
            return
        self.run(self._until_quiet())
        self.run(self._check())
        self.double.store.close()

    async def _until_quiet(self) -> None:
        """When everything has had its time, the books say of Stripe what Stripe says."""
        self.double.faults.waiting.clear()
        await self._onboard()
        for _ in range(4):
            await self._work()
        await self._carry_out()
        booked = await self._sql(
            "SELECT coalesce(sum(p.minor_units), 0) FROM ledger_postings p JOIN ledger_accounts a USING (account_id) "
            "JOIN ledger_entries e USING (entry_id) WHERE a.purpose = 'stripe' AND e.deal_id = :deal_id"
        )
        unpaid = [each for each in self.double.store.all("checkout.session") if each["payment_status"] != "paid"]
        under_way = await self._sql(
            "SELECT o.kind, o.state FROM payment_orders o JOIN invoices USING (invoice_id) WHERE deal_id = :deal_id "
            "AND o.state IN ('requested', 'sent', 'failed')"
        )
        assert under_way == [] or {kind for kind, _ in under_way} == {"collect"}, (under_way, unpaid)
        assert booked[0][0] == stripe_balance(self.double)
        await self._sql("UPDATE payment_orders SET look_at = NULL")

    async def _sql(self, statement: str) -> list[Any]:
        async with self.database.transaction() as session:
            result = await session.execute(
                text(statement), {"deal_id": self.deal_id} if ":deal_id" in statement else {}
            )
            return list(result) if result.returns_rows else []  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_whatever_happens_the_money_is_accounted_for(postgres: Postgres) -> None:
    with asyncio.Runner() as runner:
        MoneyMachine.runner, MoneyMachine.steps, MoneyMachine.refusals = runner, 0, 0
        databases = Databases(postgres)
        databases._numbers = count(10_000)  # names of its own beside those of the session's
        MoneyMachine.database = runner.run(databases.new("contract"))
        try:
            run_state_machine_as_test(
                MoneyMachine,
                settings=settings(
                    max_examples=70,
                    stateful_step_count=40,
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    # What lands a change judges the change, not the day's luck; everywhere else luck may find more.
                    derandomize=LANDING,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(MoneyMachine.database.close())
            runner.run(databases.drop(MoneyMachine.database))
    assert MoneyMachine.steps >= STEPS_AT_LEAST
    assert MoneyMachine.refusals < MoneyMachine.steps * 0.8, "most that was tried was refused: little was tested"
    if LANDING:
        assert MoneyMachine.seen >= FULFILMENT, f"not reached: {FULFILMENT - MoneyMachine.seen}"
