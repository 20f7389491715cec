"""One behaviour over both ways to pay: bank transfer, and Stripe (its double)."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from zayton.contract.v1 import events_pb2 as pb

from tests.service.contract.hall import EXCLUSIVE, ORDINARY, PAID, Json, good, refused
from tests.service.contract.till import FEE, Till

BROKER_SHARE = 100_000  # 10 % of 1,000,003, rounded half up


class Way(Protocol):
    """How a licensee pays, and how everything that was ordered gets done."""

    async def pay(self, money: Till, invoice: Json, *, again: bool = False) -> None: ...

    async def settle(self, money: Till) -> None: ...


class ByBank:
    async def pay(self, money: Till, invoice: Json, *, again: bool = False) -> None:
        del again
        await money.statement((invoice["amount"]["minor_units"], f"licence fee {invoice['reference']}"))

    async def settle(self, money: Till) -> None:
        await money.carry_out()


class ByStripe:
    async def pay(self, money: Till, invoice: Json, *, again: bool = False) -> None:
        del again
        money.double.acts.pay(await money.checkout(invoice))
        await money.webhooks(times=2)
        await money.work()

    async def settle(self, money: Till) -> None:
        await money.onboard()
        await money.work()
        await money.later()


@pytest.fixture(params=[ByBank, ByStripe])
def way(request: pytest.FixtureRequest) -> Way:
    made: Way = request.param()
    return made


async def test_paid_held_recorded_released_and_in_force(money: Till, way: Way) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    assert (invoice["state"], invoice["outstanding"]["minor_units"]) == ("open", FEE)
    await way.pay(money, invoice)
    held = await money.invoice(deal_id)
    assert (await hall.state(deal_id), held["state"], held["held"]["minor_units"]) == ("funded", "held", FEE)
    assert await money.balance("held", hall.company) == -FEE
    await money.check()

    await money.recorded(deal_id)
    assert await hall.state(deal_id) == "released"
    assert await money.balance("payable", hall.university) == BROKER_SHARE - FEE
    await way.settle(money)
    assert await hall.state(deal_id) == "active"
    for purpose, who in (("held", hall.company), ("payable", hall.university), ("commission", hall.broker)):
        assert await money.balance(purpose, who) == 0
    await money.check()
    names = [type(event.data).__name__ for event in await hall.published(deal_id)]
    assert names[-8:] == [
        "ContractSigned",
        "InvoiceIssued",
        "PaymentReceived",
        "PaymentHeld",
        "RecordalFiled",
        "RecordalRecorded",
        "PaymentReleased",
        "DealActivated",
    ]
    released = (await hall.published(deal_id))[-2].data
    assert isinstance(released, pb.PaymentReleased)
    assert (released.to_licensor.minor_units, released.commission.minor_units) == (FEE - BROKER_SHARE, BROKER_SHARE)
    paid = good(await money.get(hall.university, "/payments?kind=pay_out"))["items"]
    assert [(each["state"], each["amount"]["minor_units"]) for each in paid] == [("done", FEE - BROKER_SHARE)]


async def test_a_second_payment_goes_back(money: Till, way: Way) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    if isinstance(way, ByStripe):
        # The bank's and the card's at once: both arrive, one is too much.
        session = await money.checkout(invoice)
        await ByBank().pay(money, invoice)
        money.double.acts.pay(session)
        await money.webhooks()
        await money.work()
    else:
        await way.pay(money, invoice)
        await way.pay(money, invoice)
    assert await hall.state(deal_id) == "funded"
    assert await money.balance("held", hall.company) == -FEE
    refund = good(await money.get(hall.company, "/payments?kind=refund"))["items"]
    assert [each["amount"]["minor_units"] for each in refund] == [FEE]
    await way.settle(money)
    assert await money.balance("refundable", hall.company) == 0
    await money.check()


async def test_the_hold_ends_and_the_money_goes_back(money: Till, way: Way) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await way.pay(money, invoice)
    held_until = datetime.fromisoformat((await money.invoice(deal_id))["hold_expires_at"])
    days = 90 if isinstance(way, ByStripe) else 180
    assert timedelta(days=days - 1) < held_until - datetime.now(UTC) <= timedelta(days=days)
    await hall.fire_timers()
    assert await hall.state(deal_id) == "funded", "not before its time"
    await hall.times("UPDATE invoices SET hold_expires_at = now() - interval '1 s'")
    await hall.times("UPDATE timers SET due_at = now() - interval '1 s'")
    await hall.fire_timers()
    assert await hall.state(deal_id) == "refunded"
    last = (await hall.published(deal_id))[-1].data
    assert isinstance(last, pb.PaymentRefunded)
    assert (last.reason, last.amount.minor_units) == ("hold_expired", FEE)
    await way.settle(money)
    assert await money.balance("refundable", hall.company) == 0
    assert await hall.value("SELECT count(*) FROM grants") == 0, "nothing is granted any more"
    await money.check()


async def test_a_dispute_is_settled_with_part_of_the_money(money: Till, way: Way) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await way.pay(money, invoice)
    good(await hall.post(hall.company, f"/{deal_id}/dispute", {"reason": "no documents came"}))
    refused(
        await hall.post(hall.university, f"/{deal_id}/recordal", {"filing_number": "F", "filed_on": "2026-11-01"}),
        409,
        "action-not-possible",
    )
    (disputed,) = good(await money.get(money.operator, "/disputes"))["items"]
    assert (disputed["invoice"]["deal_id"], disputed["reason"]) == (deal_id, "no documents came")
    assert disputed["disputed_by_organisation_id"] == str(hall.company.organisation_id)
    path = f"/invoices/{invoice['invoice_id']}/resume"
    (error,) = refused(await money.post(money.operator, path, {"refund_minor_units": FEE}), 422, "invalid-input")[
        "errors"
    ]
    assert error["code"] == "more-than-held"
    good(await money.post(money.operator, path, {"refund_minor_units": 200_003}))
    assert good(await money.get(money.operator, "/disputes"))["items"] == []
    assert await money.balance("held", hall.company) == -800_000
    await money.recorded(deal_id)
    await way.settle(money)
    assert await hall.state(deal_id) == "active"
    paid = good(await money.get(hall.university, "/payments?kind=pay_out"))["items"]
    assert [each["amount"]["minor_units"] for each in paid] == [720_000], "the broker has 10 % of what was released"
    await money.check()


async def test_an_operator_gives_everything_back(money: Till, way: Way) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await way.pay(money, invoice)
    good(await hall.post(hall.university, f"/{deal_id}/dispute", {"reason": "we cannot deliver"}))
    good(await money.post(money.operator, f"/invoices/{invoice['invoice_id']}/refund"))
    await way.settle(money)
    assert (await hall.state(deal_id), (await money.invoice(deal_id))["state"]) == ("refunded", "refunded")
    assert await money.balance("refundable", hall.company) == 0
    await money.check()


async def test_after_pay_out_a_refund_is_followed_by_its_reversals(money: Till, way: Way) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await way.pay(money, invoice)
    await money.recorded(deal_id)
    await way.settle(money)
    good(await money.post(money.operator, f"/invoices/{invoice['invoice_id']}/refund"))
    assert await money.balance("clawback", hall.university) == FEE - BROKER_SHARE
    if isinstance(way, ByStripe):
        await money.work()
        order = [each[1].split("/")[2] for each in money.double.calls if each[0] == "POST"]
        await money.later()
        assert "refunds" in order
        assert [each["reversed"] for each in money.double.store.all("transfer")] == [True, True]
    else:
        await money.carry_out()
        back = good(await money.get(money.operator, "/payments?kind=reversal"))["items"]
        await money.statement(*[(each["amount"]["minor_units"], each["reference"]) for each in back])
    for who in (hall.university, hall.broker):
        assert await money.balance("clawback", who) == 0
    assert await money.balance("refundable", hall.company) == 0
    await money.check()


async def test_unpaid_and_overdue_the_licensor_may_leave(money: Till) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await money.statement((400_000, invoice["reference"]))
    early = await hall.post(hall.university, f"/{deal_id}/terminate", {"reason": "no money"})
    refused(early, 409, "payment-not-overdue")
    await hall.times("UPDATE invoices SET due_at = now() - interval '1 s'")
    refused(await hall.post(hall.company, f"/{deal_id}/terminate", {"reason": "x"}), 409, "not-your-turn")
    good(await hall.post(hall.university, f"/{deal_id}/terminate", {"reason": "no money"}))
    assert (await money.invoice(deal_id))["state"] == "cancelled"
    await money.carry_out()
    assert await money.balance("refundable", hall.company) == await money.balance("receivable", hall.company) == 0
    # What comes after the end goes back as well.
    await money.statement((FEE, invoice["reference"]))
    assert await money.balance("refundable", hall.company) == -FEE
    await money.check()


async def test_a_free_licence_is_in_force_with_the_last_signature(money: Till) -> None:
    hall = money.hall
    deal_id = await hall.signed(ORDINARY)
    view = good(await hall.get(hall.company, f"/{deal_id}"))
    assert (view["state"], view["invoice_id"]) == ("active", None)
    signed, begun = (event.data for event in (await hall.published(deal_id))[-2:])
    assert isinstance(signed, pb.ContractSigned)
    assert isinstance(begun, pb.DealActivated)
    assert (signed.deal.state, begun.deal.state) == (pb.DEAL_STATE_SIGNED, pb.DEAL_STATE_ACTIVE)
    good(await hall.post(hall.company, f"/{deal_id}/terminate", {"reason": "no use for it"}))
    assert await hall.state(deal_id) == "terminated"


async def test_a_free_assignment_waits_for_its_registration_alone(money: Till) -> None:
    hall = money.hall
    deal_id = await hall.signed({"form": "assignment"})
    assert await hall.state(deal_id) == "signed"
    refused(await hall.post(hall.company, f"/{deal_id}/dispute", {"reason": "x"}), 409, "action-not-possible")
    await money.recorded(deal_id)
    assert await hall.state(deal_id) == "active"


@pytest.mark.parametrize(("terms", "released"), [(PAID, True), (EXCLUSIVE | {"form": "assignment"}, False)])
async def test_the_licensee_may_release_early_except_for_what_passes_by_registration(
    money: Till, terms: Json, released: bool
) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed(terms)
    await ByBank().pay(money, invoice)
    refused(await hall.post(hall.university, f"/{deal_id}/release"), 409, "not-your-turn")
    answer = await hall.post(hall.company, f"/{deal_id}/release")
    if released:
        assert good(answer)["state"] == "released"
    else:
        problem = refused(answer, 409, "release-before-registration")
        assert (problem["rule"], problem["article"]) == ("G9", "PL 10")
        assert await money.balance("held", hall.company) == -80_000_000
    await money.check()
