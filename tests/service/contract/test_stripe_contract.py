"""Is the double honest? Its answers fit Stripe's published OpenAPI, and stripe-mock takes the very requests we send."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local.stripe_double import Fault, StripeDouble
from services.contract.adapters.money.stripe import API_VERSION, Stripe
from services.contract.application.money.ports import OutcomeUnknown
from services.contract.domain.money.invoice import Order, OrderKind, Outcome, ProviderName
from services.kit.ids import new_id
from tests.service.contract.till import API_KEY, WEBHOOK_SECRET, stripe_of
from tests.support.stripe_openapi import specification, stripe_mock, validator

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def double() -> AsyncIterator[StripeDouble]:
    double = StripeDouble(API_KEY, WEBHOOK_SECRET)
    yield double
    double.store.close()


def order(kind: OrderKind, amount: int = 1_000, source_id: str | None = None) -> Order:
    return Order(new_id(), kind, ProviderName.STRIPE, new_id(), amount, "CNY", "RF1", "RF2", source_id=source_id)


async def whole_story(double: StripeDouble) -> Stripe:
    """Every call that the hall makes: checkout, payment, onboarding, transfer, refund, reversal, and all the looks."""
    stripe = stripe_of(double)
    account = await stripe.open_account(new_id(), "k")
    assert (await stripe.onboarding_url(account)).endswith(account)
    assert not await stripe.may_be_paid(account)
    double.acts.onboard(account)
    assert await stripe.may_be_paid(account)
    checkout = order(OrderKind.COLLECT)
    checkout.remote_id = (await stripe.perform(checkout, None)).remote_id
    assert (await stripe.look(checkout)).outcome is Outcome.WAITING
    double.acts.pay(str(checkout.remote_id))
    paid = await stripe.look(checkout)
    assert (paid.outcome, paid.amount, paid.fee) == (Outcome.DONE, 1_000, 14)
    transfer = order(OrderKind.PAY_OUT, 400, paid.source_id)
    assert (await stripe.look(transfer)).outcome is Outcome.NOT_DONE
    made = await stripe.perform(transfer, account)
    assert (await stripe.look(transfer)).remote_id == made.remote_id
    refund = order(OrderKind.REFUND, 600, paid.source_id)
    assert (await stripe.perform(refund, None)).outcome is Outcome.DONE
    assert (await stripe.look(refund)).outcome is Outcome.DONE
    reversal = order(OrderKind.REVERSAL, 400, made.remote_id)
    assert (await stripe.perform(reversal, None)).outcome is Outcome.DONE
    assert (await stripe.look(reversal)).outcome is Outcome.DONE
    return stripe


async def test_the_doubles_answers_fit_the_published_openapi(double: StripeDouble) -> None:
    await whole_story(double)
    kinds = {
        "account": "account",
        "checkout.session": "checkout.session",
        "payment_intent": "payment_intent",
        "charge": "charge",
        "balance_transaction": "balance_transaction",
        "transfer": "transfer",
        "refund": "refund",
        "transfer_reversal": "transfer_reversal",
        "event": "event",
    }
    for kind, schema in kinds.items():
        made = double.store.all(kind)
        assert made, f"the story made no {kind}"
        for each in made:
            shown = {name: value for name, value in each.items() if not name.startswith("_")}
            faults = [f"{fault.instance_path}: {fault.message}" for fault in validator(schema).iter_errors(shown)]
            assert faults == [], kind
            known = set(specification()["components"]["schemas"][schema]["properties"])
            assert set(shown) <= known, f"Stripe's {kind} has no such fields"
    link = double.acts.link_account({"account": double.store.all("account")[0]["id"]})
    assert validator("account_link").is_valid(link)


async def test_stripe_mock_takes_the_same_requests(double: StripeDouble) -> None:
    await whole_story(double)
    calls = dict.fromkeys(double.calls)
    assert len(calls) >= 11
    async with stripe_mock() as mock:
        for method, path, body in calls:
            headers = {"content-type": "application/x-www-form-urlencoded"} if method == "POST" else {}
            url = path if method == "POST" else f"{path}?{body}"
            answer = await mock.request(method, url, content=body if method == "POST" else None, headers=headers)
            assert answer.status_code == 200, (method, path, body, answer.text)
            theirs, ours = answer.json(), _ours(method, path)
            assert ours is None or theirs["object"] == ours, path
        wrong = await mock.post("/v1/transfers", data={"amount": "1", "currency": "cny", "nonsense": "1"})
        assert wrong.status_code == 400, "it does check parameters"


def _ours(method: str, path: str) -> str | None:
    """What kind of object the double answers there."""
    made = {"/v1/accounts": "account", "/v1/account_links": "account_link", "/v1/checkout/sessions": "checkout.session"}
    made |= {"/v1/transfers": "transfer", "/v1/refunds": "refund"}
    if method == "GET":
        return "list" if path in made or path.endswith("/reversals") else None
    return made.get(path)


async def test_the_double_answers_a_key_as_it_answered_first(double: StripeDouble) -> None:
    stripe = stripe_of(double)
    double.faults.strike("/v1/checkout/sessions", Fault.ERROR_AFTER)
    checkout = order(OrderKind.COLLECT)
    for _ in range(2):  # the saved 500 is answered again
        with pytest.raises(OutcomeUnknown) as unknown:
            await stripe.perform(checkout, None)
        assert unknown.value.ended
    checkout.attempt += 1
    assert (await stripe.perform(checkout, None)).outcome is Outcome.WAITING
    again = await stripe.perform(checkout, None)
    assert again.remote_id == (await stripe.perform(checkout, None)).remote_id
    other = order(OrderKind.COLLECT, 5)
    other.order_id, other.attempt = checkout.order_id, checkout.attempt
    assert (await stripe.perform(other, None)).outcome is Outcome.REFUSED, "one key, other parameters"


@pytest.mark.parametrize(
    ("kind", "amount", "outcome"),
    [(OrderKind.PAY_OUT, 1_001, Outcome.REFUSED), (OrderKind.REFUND, 1_001, Outcome.REFUSED)],
)
async def test_no_more_goes_out_than_came_in(
    double: StripeDouble, kind: OrderKind, amount: int, outcome: Outcome
) -> None:
    stripe = stripe_of(double)
    account = double.acts.onboard(double.acts.open_account({})["id"])["id"]
    checkout = order(OrderKind.COLLECT)
    checkout.remote_id = (await stripe.perform(checkout, None)).remote_id
    double.acts.pay(str(checkout.remote_id))
    charge = (await stripe.look(checkout)).source_id
    assert (await stripe.perform(order(kind, amount, charge), account)).outcome is outcome
    assert (await stripe.perform(order(kind, 600, charge), account)).outcome is Outcome.DONE
    assert (await stripe.perform(order(kind, 401, charge), account)).outcome is Outcome.REFUSED


async def test_the_wrong_key_moves_nothing_and_may_be_put_right(double: StripeDouble) -> None:
    double.api_key = "sk_test_another"
    answer: Any = await stripe_of(double).perform(order(OrderKind.COLLECT), None)
    assert (answer.outcome, double.store.all("checkout.session")) == (Outcome.LATER, [])


def test_the_version_is_pinned() -> None:
    import stripe

    assert stripe.api_version == API_VERSION
