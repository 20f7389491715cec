"""What goes wrong while money moves. After each fault the ledger balances, money is where the state says, and nothing
was paid twice.
"""

import asyncio
import os
import random
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from deploy.local.postgres import Postgres
from deploy.local.stripe_double import Fault
from services.contract.entrypoints import cashier as cashiers
from tests.service.contract.hall import PAID, good, refused, together
from tests.service.contract.till import FEE, Till, make_cashier, stripe_balance

pytestmark = pytest.mark.timeout(300)


class Crash(BaseException):
    """As -9 would end the process: no handler of ours runs, the transaction is rolled back by the server."""


async def released(money: Till) -> str:
    """A deal paid by card, whose pay-outs wait for the cashier."""
    deal_id, invoice = await money.signed()
    money.double.acts.pay(await money.checkout(invoice))
    await money.webhooks()
    await money.work()
    await money.onboard()
    await money.recorded(deal_id)
    assert await money.hall.state(deal_id) == "released"
    return deal_id


async def all_is_well(money: Till, deal_id: str, state: str = "active") -> None:
    assert await money.hall.state(deal_id) == state
    await money.check()
    assert await money.balance("stripe") == stripe_balance(money.double), "the books say what Stripe says"


async def test_a_crash_between_the_charge_and_the_ledger(money: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    deal_id, invoice = await money.signed()
    money.double.acts.pay(await money.checkout(invoice))
    await money.webhooks()
    with monkeypatch.context() as broken:
        broken.setattr(cashiers, "take_answer", partial(_crash, "after the look"))
        with pytest.raises(Crash):
            await money.work()
    assert await money.balance("stripe") == 0
    money.cashier = make_cashier(money.double)  # the next leader
    await money.later()
    await all_is_well(money, deal_id, "funded")


async def test_a_crash_between_the_ledger_and_the_event(money: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry and the outbox row are one transaction: neither is there without the other."""
    deal_id, invoice = await money.signed()
    money.double.acts.pay(await money.checkout(invoice))
    await money.webhooks()
    told = len(await money.hall.published(deal_id))
    with monkeypatch.context() as broken:
        broken.setattr("services.contract.adapters.book.publish_all", _crash_async)
        with pytest.raises(Crash):
            await money.work()
    assert await money.balance("stripe") == 0
    assert len(await money.hall.published(deal_id)) == told
    await money.later()
    await all_is_well(money, deal_id, "funded")
    assert len(await money.hall.published(deal_id)) == told + 2


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_during_a_transfer(money: Till, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deal_id = await released(money)
    stripe = money.cashier._providers[cashiers.ProviderName.STRIPE]
    perform = stripe.perform

    async def perform_and_crash(*arguments: object) -> None:
        if when == "after":
            await perform(*arguments)  # type: ignore[arg-type]
        raise Crash(when)

    with monkeypatch.context() as broken:
        broken.setattr(stripe, "perform", perform_and_crash)
        for _ in range(2):  # the licensor's and the broker's
            with pytest.raises(Crash):
                await money.work()
    assert await money.hall.value("SELECT count(*) FROM payment_orders WHERE state = 'sent'") == 2
    money.cashier = make_cashier(money.double)
    await money.later()
    await money.later()
    await all_is_well(money, deal_id)
    assert len(money.double.store.all("transfer")) == 2


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_look_that_fails_moves_nothing_again(money: Till, fault: Fault) -> None:
    """What was asked for under one key is never asked for under another because we could not see it."""
    deal_id, invoice = await money.signed()
    session = await money.checkout(invoice)
    money.double.faults.strike("GET /v1/checkout/sessions", fault)
    await money.later()
    money.double.acts.pay(session)
    await money.later()
    assert len(money.double.store.all("checkout.session")) == 1
    await money.onboard()
    money.double.faults.strike("/v1/transfers", Fault.SILENCE_AFTER)
    money.double.faults.strike("GET /v1/transfers", fault)
    await money.recorded(deal_id)
    for _ in range(4):
        await money.later()
    assert money.double.faults.waiting == []
    assert len(money.double.store.all("transfer")) == 2
    await all_is_well(money, deal_id)


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("path", ["/v1/checkout/sessions", "/v1/transfers", "/v1/refunds"])
async def test_stripe_fails_or_falls_silent(money: Till, path: str, fault: Fault) -> None:
    """Also where the work was done all the same, and where the failure is answered again for the same key."""
    money.double.faults.strike(path, fault)
    deal_id, invoice = await money.signed()
    good(await money.post(money.hall.company, f"/invoices/{invoice['invoice_id']}/checkout"), 202)
    for _ in range(4):
        await money.later()
    url = good(await money.get(money.hall.company, f"/invoices/{invoice['invoice_id']}"))["checkout_url"]
    money.double.acts.pay(url.rpartition("/")[2])
    await money.later()
    assert await money.hall.state(deal_id) == "funded"
    if path == "/v1/refunds":
        good(await money.hall.post(money.hall.company, f"/{deal_id}/dispute", {"reason": "x"}))
        good(await money.post(money.operator, f"/invoices/{invoice['invoice_id']}/refund"))
    else:
        await money.onboard()
        await money.recorded(deal_id)
    for _ in range(4):
        await money.later()
    assert money.double.faults.waiting == [], "the fault has struck"
    await all_is_well(money, deal_id, "refunded" if path == "/v1/refunds" else "active")
    assert await money.hall.value("SELECT count(*) FROM payment_orders WHERE state IN ('sent', 'failed')") == 0


async def test_webhooks_come_twice_out_of_order_and_before_their_time(money: Till) -> None:
    deal_id, invoice = await money.signed()
    money.double.acts.pay(await money.checkout(invoice))
    shuffled = random.Random(7)
    await money.webhooks(times=3, shuffled=shuffled)
    await money.work()
    await money.onboard()
    await money.recorded(deal_id)
    await money.work()
    await money.webhooks(times=3, shuffled=shuffled)
    money.delivered.clear()
    await money.webhooks(times=2, shuffled=shuffled)  # all of history once more
    await money.work()
    await all_is_well(money, deal_id)
    stored = await money.hall.value("SELECT count(*) FROM stripe_events WHERE handled_at IS NOT NULL")
    assert stored == len(money.double.events)


async def test_without_any_webhook_the_payment_is_found(money: Till) -> None:
    deal_id, invoice = await money.signed()
    money.double.acts.pay(await money.checkout(invoice))
    await money.later()
    await all_is_well(money, deal_id, "funded")


@pytest.mark.parametrize("signature", ["", "t=1,v1=00", "nonsense"])
async def test_an_event_that_stripe_did_not_sign_is_not_heard(money: Till, signature: str) -> None:
    await money.onboard()
    before = await money.hall.value("SELECT count(*) FROM stripe_events")
    event = {**money.double.events[0], "id": "evt_forged"}
    refused(await money.hear(event, signature=signature), 400, "signature-invalid")
    assert await money.hall.value("SELECT count(*) FROM stripe_events") == before


async def test_two_decisions_in_the_same_second(money: Till) -> None:
    """Two acceptances, two signatures, then two of everything that moves money: one of each wins."""
    hall = money.hall
    deal_id = await hall.inquired()
    offer_id = await hall.offered(deal_id, PAID)
    accept = partial(hall.post, hall.company, f"/{deal_id}/offers/{offer_id}/accept")
    assert sorted(each.status_code for each in await together(accept, accept)) == [200, 409]
    good(await hall.post(hall.university, f"/{deal_id}/signatures"), 201)
    sign = partial(hall.post, hall.company, f"/{deal_id}/signatures")
    assert sorted(each.status_code for each in await together(sign, sign)) == [201, 409]
    assert await hall.value("SELECT count(*) FROM invoices") == 1
    invoice = await money.invoice(deal_id)
    statement = f"date,amount,currency,text\n2026-11-25,10000.03,CNY,{invoice['reference']}\n"
    pay = partial(money.send_statement, statement)
    assert {each.status_code for each in await together(pay, pay)} == {201}
    assert await money.balance("held", hall.company) == -FEE
    release = partial(hall.post, hall.company, f"/{deal_id}/release")
    dispute = partial(hall.post, hall.university, f"/{deal_id}/dispute", {"reason": "x"})
    assert sorted(each.status_code for each in await together(release, release, dispute)) == [200, 409, 409]
    await money.carry_out()
    await money.check()


async def test_postgresql_restarts_in_a_payment(money: Till, postgres: Postgres) -> None:
    """The server ends every connection while an answer is being written down. (A restart of the tests' server.)"""
    deal_id = await released(money)
    stripe = money.cashier._providers[cashiers.ProviderName.STRIPE]
    perform = stripe.perform

    async def perform_and_lose_the_server(*arguments: object) -> object:
        answer = await perform(*arguments)  # type: ignore[arg-type]
        await postgres.stop()
        await postgres.start()
        return answer

    stripe.perform = perform_and_lose_the_server  # type: ignore[method-assign, assignment]
    for _ in range(4):
        with suppress(OSError, DBAPIError):  # the pool has to find out
            await money.later()
        stripe.perform = perform  # type: ignore[method-assign]
    await all_is_well(money, deal_id)
    assert len(money.double.store.all("transfer")) == 2


@pytest.mark.slow
@pytest.mark.parametrize("point", ["sent", "answered"])
async def test_the_worker_is_killed_in_a_transfer(money: Till, point: str, tmp_path: Path) -> None:
    """A process of its own, ended by -9 right before or right after Stripe has made the transfer."""
    deal_id = await released(money)
    environment = {**os.environ, "DATABASE_URL": money.hall.service.database.url, "PYTHONPATH": ":".join(sys.path)}
    folder = tmp_path / "double.sqlite"
    money.double.store._db.execute("VACUUM INTO ?", (str(folder),))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.cashier", point, str(folder), env=environment
    )
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    money.double.store.close()
    money.double.store.__init__(folder)  # type: ignore[misc]  # what Stripe knows after the crash
    assert await money.hall.value("SELECT count(*) FROM payment_orders WHERE state = 'sent'") == 1
    made = len(money.double.store.all("transfer"))
    assert made == (1 if point == "answered" else 0)
    for _ in range(3):
        await money.later()
    await all_is_well(money, deal_id)
    assert len(money.double.store.all("transfer")) == 2


def _crash(point: str, *_arguments: object) -> None:
    raise Crash(point)


async def _crash_async(*_arguments: object) -> None:
    raise Crash("before the event")
