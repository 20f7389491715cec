"""The money side of a contract service: a double of Stripe, a bank that sends statements, and a look into the books."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import httpx
import stripe
from pydantic import SecretStr
from sqlalchemy import text

from deploy.local.stripe_double import StripeDouble
from services.contract.adapters.money.bank import Bank
from services.contract.adapters.money.stripe import Stripe
from services.contract.domain.money.currencies import written
from services.contract.domain.money.invoice import ProviderName
from services.contract.entrypoints.cashier import Cashier
from services.contract.entrypoints.onboarding import Onboarding
from services.contract.money_settings import MoneySettings
from services.kit.auth import Principal
from tests.service.contract.hall import PAID, Hall, Json, good
from tests.support.tokens import principal

API_KEY, WEBHOOK_SECRET = "sk_test_of_the_double", "whsec_of_the_double"
FEE, CURRENCY = 1_000_003, "CNY"
SETTINGS = MoneySettings(
    stripe_api_key=SecretStr(API_KEY),
    stripe_webhook_secret=SecretStr(WEBHOOK_SECRET),
    bank_account_holder="Zayton Hall",
    bank_account_number="6222 0000 0000 0001",
    bank_name="Bank of Quanzhou",
)
_rows = count(1)


def make_cashier(double: StripeDouble) -> Cashier:
    return Cashier({ProviderName.BANK: Bank(), ProviderName.STRIPE: stripe_of(double)}, SETTINGS.tariff)


class InMemory(stripe.HTTPXClient):
    """Reaches a double without a socket between."""

    def __init__(self, double: StripeDouble) -> None:
        super().__init__()
        self._client_async = httpx.AsyncClient(transport=httpx.ASGITransport(app=double.app))


def stripe_of(double: StripeDouble) -> Stripe:
    return Stripe(API_KEY, api_base="http://stripe.double", return_url="http://hall", http=InMemory(double))


@dataclass
class Till:
    hall: Hall
    double: StripeDouble = field(default_factory=lambda: StripeDouble(API_KEY, WEBHOOK_SECRET))
    operator: Principal = field(default_factory=lambda: principal("operator", organisation_name="Zayton"))
    delivered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.cashier = make_cashier(self.double)
        self.colleague = principal("operator", organisation_id=self.operator.organisation_id)

    # Requests.

    async def get(self, who: Principal | None, path: str) -> httpx.Response:
        return await self.hall.client.get(f"/api/v1{path}", headers=self.hall.headers(who))

    async def post(self, who: Principal | None, path: str, body: Json | None = None) -> httpx.Response:
        return await self.hall.client.post(f"/api/v1{path}", json=body or {}, headers=self.hall.headers(who))

    async def signed(self, terms: Json = PAID) -> tuple[str, Json]:
        """A signed deal to be paid, and its invoice."""
        deal_id = await self.hall.signed(terms)
        return deal_id, await self.invoice(deal_id)

    async def invoice(self, deal_id: str) -> Json:
        invoice_id = await self.hall.value("SELECT invoice_id FROM invoices WHERE deal_id = :id", id=UUID(deal_id))
        return good(await self.get(self.hall.company, f"/invoices/{invoice_id}"))

    async def recorded(self, deal_id: str) -> None:
        """Filed by the licensor, confirmed by the licensee."""
        today = datetime.now(UTC).date().isoformat()
        filing = {"filing_number": "F1", "filed_on": today}
        good(await self.hall.post(self.hall.university, f"/{deal_id}/recordal", filing), 201)
        receipt = {"receipt_number": "R1", "recorded_on": today}
        good(await self.hall.post(self.hall.company, f"/{deal_id}/recordal/receipt", receipt))

    # Stripe.

    async def onboard(self, *parties: Principal) -> None:
        for who in parties or (self.hall.university, self.hall.broker):
            good(await self.post(who, "/payments/accounts/stripe"), 202)
        await self.onboarding()
        for account in self.double.store.all("account"):
            self.double.acts.onboard(account["id"])
        await self.webhooks()
        await self.work()
        await self.onboarding()

    async def onboarding(self) -> None:
        job = Onboarding(stripe_of(self.double))
        while await job.step(self.hall.service.database):
            pass

    async def checkout(self, invoice: Json) -> str:
        """The session that a licensee is sent to."""
        good(await self.post(self.hall.company, f"/invoices/{invoice['invoice_id']}/checkout"), 202)
        await self.work()
        shown = good(await self.get(self.hall.company, f"/invoices/{invoice['invoice_id']}"))
        return str(shown["checkout_url"]).rpartition("/")[2]

    async def webhooks(self, *, times: int = 1, shuffled: random.Random | None = None) -> None:
        """Deliver what has not been: so many times, in their order or any other."""
        fresh = [each for each in self.double.events if each["id"] not in self.delivered] * times
        if shuffled:
            shuffled.shuffle(fresh)
        for event in fresh:
            good(await self.hear(event))
            self.delivered.add(event["id"])

    async def hear(self, event: Json, *, signature: str | None = None) -> httpx.Response:
        body, signed = self.double.signed(event)
        headers = {"stripe-signature": signature if signature is not None else signed}
        return await self.hall.client.post("/api/v1/payments/stripe/events", content=body, headers=headers)

    async def work(self) -> None:
        """Let the cashier do all that is due."""
        for _ in range(200):
            if not await self.cashier.step(self.hall.service.database):
                return
        raise AssertionError("the cashier goes round in circles")

    async def later(self) -> None:
        """Time passes: leases, pauses and polls are over, and the cashier has turned to everything again."""
        await self.hall.times("UPDATE payment_orders SET look_at = now() - interval '1 s' WHERE look_at IS NOT NULL")
        await self.work()

    # The bank.

    async def statement(self, *lines: tuple[int, str], form: str = "csv", who: Principal | None = None) -> Json:
        """Import a statement of (minor units, text) lines, each with a bank reference of its own."""
        return good(await self.send_statement(csv_of(*lines), form, who), 201)

    async def send_statement(self, body: str, form: str = "csv", who: Principal | None = None) -> httpx.Response:
        path = f"/api/v1/payments/bank/statements?format={form}"
        return await self.hall.client.post(path, content=body, headers=self.hall.headers(who or self.operator))

    async def carry_out(self) -> None:
        """Two operators carry out every bank transfer that waits."""
        waiting = good(await self.get(self.operator, "/payments?state=waiting&limit=100"))["items"]
        for order in waiting:
            if order["provider"] == "bank" and order["kind"] != "reversal":
                for who in (self.operator, self.colleague):
                    good(await self.post(who, f"/payments/{order['order_id']}/executions"))

    # A look into the books.

    async def balance(self, purpose: str, who: Principal | None = None) -> int:
        owner = "IS NULL" if who is None else f"= '{who.organisation_id}'"
        return int(
            await self.hall.value(
                "SELECT coalesce(sum(p.minor_units), 0) FROM ledger_postings p "
                f"JOIN ledger_accounts a USING (account_id) WHERE a.purpose = :purpose AND a.organisation_id {owner}",
                purpose=purpose,
            )
        )

    async def check(self) -> None:
        """The ledger balances, money is where the states say, and nothing was paid twice."""
        async with self.hall.service.database.transaction() as session:
            rows = (await session.execute(text(MONEY_OF_DEALS))).mappings().all()
            unbalanced = (await session.execute(text(_UNBALANCED))).all()
        assert unbalanced == []
        for row in rows:
            check_deal(dict(row))
        check_stripe(self.double, await self.balance("stripe"))


def check_deal(row: Json) -> None:
    """`row` has a deal's state and what its accounts stand at, by the entries of this deal alone."""
    state, held, received = row["deal_state"], -row["held_account"], row["received"]
    assert held == row["held"], row
    assert row["receivable"] == (row["amount"] - received if state == "signed" else 0), row
    if state in {"funded", "recordal_filed", "recordal_refused", "disputed", "recorded"}:
        assert row["hold_expires_at"] is not None, row
        assert 0 < held <= row["amount"], row
    elif state == "signed":
        assert held == received < row["amount"], row
    else:
        assert held == 0, row
    if state == "active":
        assert row["payable"] == row["commission"] == 0, row


def check_stripe(double: StripeDouble, balance: int) -> None:
    """Stripe's own sums, against the account that stands for them. An unbooked answer is on the way, not lost."""
    for kind in ("transfer", "refund", "transfer_reversal"):
        orders = Counter(each["metadata"]["order_id"] for each in double.store.all(kind))
        assert set(orders.values()) <= {1}, f"a {kind} was made twice"
    # What Stripe keeps for itself is the hall's to bear, from money of its own.
    assert balance >= -sum(each["fee"] for each in double.store.all("balance_transaction"))


def stripe_balance(double: StripeDouble) -> int:
    all_of = double.store.all
    came = sum(each["amount"] for each in all_of("charge")) - sum(each["fee"] for each in all_of("balance_transaction"))
    went = sum(each["amount"] - each["amount_reversed"] for each in all_of("transfer"))
    return came - went - sum(each["amount"] for each in all_of("refund"))


def csv_of(*lines: tuple[int, str]) -> str:
    rows = [
        f"2026-11-25,{written(amount, CURRENCY)},{CURRENCY},{said},Jinjiang Cells,B{next(_rows)}"
        for amount, said in lines
    ]
    return "\n".join(["date,amount,currency,text,counterparty,bank_reference", *rows]) + "\n"


_UNBALANCED = """
SELECT p.entry_id FROM ledger_postings p JOIN ledger_accounts a USING (account_id)
GROUP BY p.entry_id, a.currency HAVING sum(p.minor_units) <> 0
"""
MONEY_OF_DEALS = """
SELECT i.*, d.state AS deal_state,
    coalesce(sum(p.minor_units) FILTER (WHERE a.purpose = 'held'), 0)::bigint AS held_account,
    coalesce(sum(p.minor_units) FILTER (WHERE a.purpose = 'receivable'), 0)::bigint AS receivable,
    coalesce(sum(p.minor_units) FILTER (WHERE a.purpose = 'payable'), 0)::bigint AS payable,
    coalesce(sum(p.minor_units) FILTER (WHERE a.purpose = 'commission'), 0)::bigint AS commission,
    coalesce(sum(p.minor_units) FILTER (WHERE a.purpose = 'refundable'), 0)::bigint AS refundable
FROM deals d JOIN invoices i USING (deal_id) JOIN ledger_entries e USING (deal_id)
JOIN ledger_postings p USING (entry_id) JOIN ledger_accounts a USING (account_id)
GROUP BY d.deal_id, i.invoice_id
"""
