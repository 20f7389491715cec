"""Stripe: separate charges and transfers. The hall charges, holds (no transfer yet) and releases (transfers).

Facts of the API that shape this (STYLE.md): v1 replays a saved 500 for the same key, so after a 500 we look for the
object by its `metadata.order_id`, and only where there is none a new attempt has a new key. A refund does not reverse a
transfer. Webhooks come twice and out of order, so they only tell us to look.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import stripe

from services.contract.application.money.ports import OutcomeUnknown
from services.contract.domain.money.invoice import Answer, Order, OrderKind, Outcome, ProviderName

API_VERSION = "2026-10-28.endive"
_NOT_NOW = frozenset({"balance_insufficient", "lock_timeout", "rate_limit"})
_CONFLICT, _SERVER_ERROR = 409, 500


class Stripe:
    """Implements PaymentProvider. `return_url` is where people come back to from Stripe's pages."""

    name = ProviderName.STRIPE

    def __init__(
        self,
        api_key: str,
        *,
        api_base: str,
        return_url: str,
        timeout_s: float = 20,
        http: stripe.HTTPClient | None = None,
    ) -> None:
        """`http` is for tests."""
        self._http = http or stripe.HTTPXClient(timeout=timeout_s)
        self._client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base},
            max_network_retries=0,  # the cashier tries again, from a row that outlives this process
            http_client=self._http,
        ).v1
        self._return_url = return_url

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]  # of the library

    async def perform(self, order: Order, payee_account: str | None) -> Answer:
        match order.kind:
            case OrderKind.COLLECT:
                return await _told(lambda: self._open_checkout(order))
            case OrderKind.PAY_OUT:
                return await _told(lambda: self._transfer(order, payee_account or ""))
            case OrderKind.REFUND:
                return await _told(lambda: self._refund(order))
            case OrderKind.REVERSAL:
                return await _told(lambda: self._reverse(order))

    async def look(self, order: Order) -> Answer:
        match order.kind:
            case OrderKind.COLLECT:
                return await _seen(lambda: self._look_at_checkout(order))
            case OrderKind.PAY_OUT:
                return await _seen(lambda: self._find_transfer(order))
            case OrderKind.REFUND:
                return await _seen(lambda: self._find_refund(order))
            case OrderKind.REVERSAL:
                return await _seen(lambda: self._find_reversal(order))

    # Collecting.

    async def _open_checkout(self, order: Order) -> Answer:
        about = {"order_id": str(order.order_id), "reference": order.group}
        price: Any = {
            "currency": order.currency.lower(),
            "unit_amount": order.amount,
            "product_data": {"name": order.group},
        }
        session = await self._client.checkout.sessions.create_async(
            {
                "mode": "payment",
                "client_reference_id": order.group,
                "line_items": [{"quantity": 1, "price_data": price}],
                "metadata": about,
                # Captured at once: a card's own hold ends after about seven days, a recordal takes weeks.
                "payment_intent_data": {"transfer_group": order.group, "metadata": about},
                "success_url": self._return_url,
                "cancel_url": self._return_url,
            },
            {"idempotency_key": order.key},
        )
        return Answer(Outcome.WAITING, session.id, url=session.url)

    async def _look_at_checkout(self, order: Order) -> Answer:
        if order.remote_id is None:
            return Answer(Outcome.NOT_DONE)
        expand = ["payment_intent.latest_charge.balance_transaction"]
        session: Any = await self._client.checkout.sessions.retrieve_async(order.remote_id, {"expand": expand})
        if session.payment_status == "paid":
            charge = session.payment_intent.latest_charge
            fee = charge.balance_transaction.fee if charge.balance_transaction else 0
            return Answer(Outcome.DONE, session.id, source_id=charge.id, amount=charge.amount, fee=fee)
        if session.status == "expired":
            return Answer(Outcome.REFUSED, session.id, reason="checkout_expired")
        return Answer(Outcome.WAITING, session.id, url=session.url)

    # Paying out.

    async def _transfer(self, order: Order, account: str) -> Answer:
        made = await self._client.transfers.create_async(
            {
                "amount": order.amount,
                "currency": order.currency.lower(),
                "destination": account,
                # The transfer waits for this charge's money and inherits its transfer_group.
                "source_transaction": order.source_id or "",
                "metadata": {"order_id": str(order.order_id)},
            },
            {"idempotency_key": order.key},
        )
        return Answer(Outcome.DONE, made.id)

    async def _find_transfer(self, order: Order) -> Answer:
        made = await self._client.transfers.list_async({"transfer_group": order.group, "limit": 100})
        return await _found(made, order, lambda _one: Outcome.DONE)

    # Paying back.

    async def _refund(self, order: Order) -> Answer:
        made = await self._client.refunds.create_async(
            {
                "charge": order.source_id or "",
                "amount": order.amount,
                "metadata": {"order_id": str(order.order_id)},
            },
            {"idempotency_key": order.key},
        )
        return Answer(_refund_outcome(made), made.id)

    async def _find_refund(self, order: Order) -> Answer:
        made = await self._client.refunds.list_async({"charge": order.source_id or "", "limit": 100})
        return await _found(made, order, _refund_outcome)

    async def _reverse(self, order: Order) -> Answer:
        made = await self._client.transfers.reversals.create_async(
            order.source_id or "",
            {"amount": order.amount, "metadata": {"order_id": str(order.order_id)}},
            {"idempotency_key": order.key},
        )
        return Answer(Outcome.DONE, made.id)

    async def _find_reversal(self, order: Order) -> Answer:
        made = await self._client.transfers.reversals.list_async(order.source_id or "", {"limit": 100})
        return await _found(made, order, lambda _one: Outcome.DONE)

    # Accounts of licensors and brokers (Connect).

    async def open_account(self, organisation_id: UUID, key: str) -> str:
        """Returns the account's id. Raises OutcomeUnknown or stripe.StripeError."""
        made = await self._client.accounts.create_async(
            {
                "type": "express",
                "capabilities": {"transfers": {"requested": True}},
                "metadata": {"organisation_id": str(organisation_id)},
            },
            {"idempotency_key": key},
        )
        return made.id

    async def onboarding_url(self, account: str) -> str:
        """A page at Stripe on which the organisation says who it is. Lasts minutes and is used once."""
        link = await self._client.account_links.create_async(
            {
                "account": account,
                "type": "account_onboarding",
                "refresh_url": self._return_url,
                "return_url": self._return_url,
            }
        )
        return link.url

    async def may_be_paid(self, account: str) -> bool:
        known = await self._client.accounts.retrieve_async(account)
        return bool(known.capabilities and known.capabilities.transfers == "active")


def _refund_outcome(refund: Any) -> Outcome:
    return {"succeeded": Outcome.DONE, "failed": Outcome.REFUSED, "canceled": Outcome.REFUSED}.get(
        refund.status, Outcome.WAITING
    )


async def _found(listed: Any, order: Order, outcome: Callable[[Any], Outcome]) -> Answer:
    async for one in listed.auto_paging_iter():
        if (one.to_dict().get("metadata") or {}).get("order_id") == str(order.order_id):
            return Answer(outcome(one), one.id)
    return Answer(Outcome.NOT_DONE)


async def _seen(look: Callable[[], Awaitable[Answer]]) -> Answer:
    """A look that fails, for whatever reason, says nothing of the order. Raises OutcomeUnknown."""
    try:
        return await look()
    except stripe.StripeError as error:
        raise OutcomeUnknown(error.code or type(error).__name__, ended=False) from error


async def _told(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """What Stripe's errors say about what was done. Raises OutcomeUnknown where they do not say it."""
    try:
        return await ask()
    except stripe.APIConnectionError as error:
        raise OutcomeUnknown(type(error).__name__, ended=False) from error
    except stripe.StripeError as error:
        status, code = error.http_status or 0, error.code or type(error).__name__
        if status == _CONFLICT:
            raise OutcomeUnknown(code, ended=False) from error  # the first try under this key is still going on
        if status >= _SERVER_ERROR:
            raise OutcomeUnknown(f"{status}", ended=True) from error
        later = code in _NOT_NOW or isinstance(
            error, stripe.RateLimitError | stripe.AuthenticationError | stripe.PermissionError
        )
        return Answer(Outcome.LATER if later else Outcome.REFUSED, reason=code)
