"""What each call does, on the store. Raises Refusal as Stripe refuses."""

import time
from collections.abc import Callable
from typing import Any

from deploy.local.stripe_double.store import Json, Store

FEE_BASIS_POINTS = 140


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {
            "error": {"type": "invalid_request_error", "code": code, "message": message, "doc_url": "", "param": None}
        }


def missing(kind: str, identity: str) -> Refusal:
    return Refusal(404, "resource_missing", f"No such {kind}: '{identity}'")


class Acts:
    def __init__(self, store: Store, tell: Callable[[str, Json], None], base_url: Callable[[], str]) -> None:
        self._store = store
        self._tell = tell
        self._base_url = base_url

    def find(self, kind: str, identity: str) -> Json:
        found = self._store.get(kind, identity)
        if found is None:
            raise missing(kind, identity)
        return found

    # Accounts.

    def open_account(self, asked: Json) -> Json:
        return self._store.new(
            "acct",
            "account",
            type=asked.get("type", "express"),
            capabilities={"transfers": "inactive"},
            charges_enabled=False,
            payouts_enabled=False,
            details_submitted=False,
            country="CN",
            default_currency="cny",
            email=None,
            metadata=asked.get("metadata", {}),
        )

    def link_account(self, asked: Json) -> Json:
        account = self.find("account", asked.get("account", ""))
        now = int(time.time())
        url = f"{self._base_url()}/connect/{account['id']}"
        return {"object": "account_link", "created": now, "expires_at": now + 300, "url": url}

    def onboard(self, identity: str) -> Json:
        """What the organisation does on Stripe's page."""
        account = self.find("account", identity)
        account |= {"capabilities": {"transfers": "active"}, "payouts_enabled": True, "details_submitted": True}
        self._store.put("account", account)
        self._tell("account.updated", account)
        return account

    # Charges.

    def open_checkout(self, asked: Json) -> Json:
        items = list(asked.get("line_items", {}).values())
        if not items or asked.get("mode") != "payment":
            raise Refusal(400, "parameter_missing", "Missing required param: line_items.")
        price = items[0]["price_data"]
        made = self._store.new(
            "cs",
            "checkout.session",
            mode="payment",
            status="open",
            payment_status="unpaid",
            amount_total=int(price["unit_amount"]) * int(items[0].get("quantity", 1)),
            amount_subtotal=int(price["unit_amount"]),
            currency=price["currency"],
            client_reference_id=asked.get("client_reference_id"),
            metadata=asked.get("metadata", {}),
            payment_intent=None,
            success_url=asked.get("success_url"),
            cancel_url=asked.get("cancel_url"),
            expires_at=int(time.time()) + 86_400,
            livemode=False,
            automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
            custom_fields=[],
            custom_text={
                "after_submit": None,
                "shipping_address": None,
                "submit": None,
                "terms_of_service_acceptance": None,
            },
            payment_method_types=["card"],
            shipping_options=[],
        )
        made["url"] = f"{self._base_url()}/c/pay/{made['id']}"
        # What Stripe keeps with the session, and does not show.
        made["_intent"] = asked.get("payment_intent_data", {})
        self._store.put("checkout.session", made)
        return made

    def pay(self, identity: str) -> Json:
        """What the licensee does on Stripe's page. Paying twice pays once."""
        session = self.find("checkout.session", identity)
        if session["payment_status"] == "paid":
            return session
        amount, currency, about = session["amount_total"], session["currency"], session["_intent"]
        fee = (amount * FEE_BASIS_POINTS + 5_000) // 10_000
        now, metadata, group = int(time.time()), about.get("metadata", {}), about.get("transfer_group")
        balance = self._store.new(
            "txn", "balance_transaction", amount=amount, available_on=now, currency=currency, fee=fee, net=amount - fee,
            fee_details=[], reporting_category="charge", status="available", type="charge", balance_type="payments",
            description=None, exchange_rate=None, source=None,
        )  # fmt: skip
        intent = self._store.new(
            "pi", "payment_intent", amount=amount, amount_received=amount, currency=currency, metadata=metadata,
            transfer_group=group, status="succeeded", livemode=False, latest_charge=None,
        )  # fmt: skip
        charge = self._store.new(
            "ch", "charge", amount=amount, amount_captured=amount, amount_refunded=0, currency=currency, captured=True,
            paid=True, refunded=False, disputed=False, livemode=False, status="succeeded", metadata=metadata,
            transfer_group=group, payment_intent=intent["id"], balance_transaction=balance["id"],
            billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        )  # fmt: skip
        intent["latest_charge"] = charge["id"]
        self._store.put("payment_intent", intent)
        session |= {"payment_status": "paid", "status": "complete", "payment_intent": intent["id"], "url": None}
        self._store.put("checkout.session", session)
        self._tell("charge.succeeded", charge)
        self._tell("checkout.session.completed", session)
        return session

    # Transfers, refunds, reversals.

    def transfer(self, asked: Json) -> Json:
        account = self.find("account", asked.get("destination", ""))
        charge = self.find("charge", asked.get("source_transaction", ""))
        amount = int(asked["amount"])
        if account["capabilities"]["transfers"] != "active":
            raise Refusal(400, "insufficient_capabilities_for_transfer", "The account cannot receive transfers.")
        spent = [each for each in self._store.all("transfer") if each["source_transaction"] == charge["id"]]
        left = charge["amount"] - sum(each["amount"] - each["amount_reversed"] for each in spent)
        if not 0 < amount <= left or asked["currency"] != charge["currency"]:
            raise Refusal(400, "transfer_source_exceeded", f"Transfers exceed the charge's amount; {left} is left.")
        made = self._store.new(
            "tr", "transfer", amount=amount, amount_reversed=0, currency=charge["currency"], destination=account["id"],
            source_transaction=charge["id"], transfer_group=charge["transfer_group"], livemode=False, reversed=False,
            metadata=asked.get("metadata", {}), reversals=_list([], "/v1/transfers/reversals"), description=None,
            source_type="card", balance_transaction=None,
        )  # fmt: skip
        self._tell("transfer.created", made)
        return made

    def refund(self, asked: Json) -> Json:
        charge = self.find("charge", asked.get("charge", ""))
        amount = int(asked["amount"] if "amount" in asked else charge["amount"])
        if not 0 < amount <= charge["amount"] - charge["amount_refunded"]:
            raise Refusal(400, "charge_already_refunded", "Refund amount is greater than what is left of the charge.")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self._store.put("charge", charge)
        made = self._store.new(
            "re", "refund", amount=amount, charge=charge["id"], currency=charge["currency"], status="succeeded",
            payment_intent=charge["payment_intent"], metadata=asked.get("metadata", {}), reason=None,
            balance_transaction=None, receipt_number=None, source_transfer_reversal=None, transfer_reversal=None,
        )  # fmt: skip
        self._tell("charge.refunded", charge)
        self._tell("refund.created", made)
        return made

    def reverse(self, identity: str, asked: Json) -> Json:
        transfer = self.find("transfer", identity)
        amount = int(asked["amount"] if "amount" in asked else transfer["amount"])
        if not 0 < amount <= transfer["amount"] - transfer["amount_reversed"]:
            raise Refusal(400, "transfer_already_reversed", "Reversal amount is greater than what is left.")
        transfer["amount_reversed"] += amount
        transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
        self._store.put("transfer", transfer)
        made = self._store.new(
            "trr", "transfer_reversal", amount=amount, currency=transfer["currency"], transfer=transfer["id"],
            metadata=asked.get("metadata", {}), balance_transaction=None, destination_payment_refund=None,
            source_refund=None,
        )  # fmt: skip
        self._tell("transfer.reversed", transfer)
        return made

    def listing(self, kind: str, path: str, **wanted: Any) -> Json:
        given = {name: value for name, value in wanted.items() if value is not None}
        found = [
            each for each in self._store.all(kind) if all(each.get(name) == value for name, value in given.items())
        ]
        return _list(found, path)


def _list(found: list[Json], path: str) -> Json:
    return {"object": "list", "data": found, "has_more": False, "url": path}
