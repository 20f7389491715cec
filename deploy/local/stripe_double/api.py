"""The double as a server: Stripe's paths, its pages for people, and its webhooks."""

import asyncio
import hashlib
import hmac
import html
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from deploy.local.stripe_double.acts import Acts, Refusal
from deploy.local.stripe_double.faults import Fault, Faults
from deploy.local.stripe_double.forms import decoded, listed
from deploy.local.stripe_double.store import Json, Store

API_VERSION = "2026-10-28.endive"
_AGAIN_AFTER_S = 2.0
Act = Callable[[Json], Json]


class Silence(Response):
    """Promises a body and breaks the connection: the answer is lost on its way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionResetError("silence, on demand")


class StripeDouble:
    """`app` is served by whoever uses it; `base_url` is where. Events are delivered to `webhook_url` while `running`,
    or taken by a test from `events`.
    """

    def __init__(
        self, api_key: str, webhook_secret: str, *, path: Path | None = None, base_url: str = "http://stripe.double"
    ) -> None:
        self.api_key = api_key
        self.webhook_secret = webhook_secret
        self.base_url = base_url
        self.webhook_url: str | None = None
        self.faults = Faults()
        self.store = Store(path)
        self.acts = Acts(self.store, self._tell, lambda: self.base_url)
        self.calls: list[tuple[str, str, str]] = []  # method, path, body: to replay elsewhere
        self.app = Starlette(routes=self._routes())

    def _routes(self) -> list[Route]:
        acts = self.acts
        return [
            self._post("/v1/accounts", lambda _path: acts.open_account),
            self._get("/v1/accounts/{id}", lambda request: acts.find("account", request.path_params["id"])),
            self._post("/v1/account_links", lambda _path: acts.link_account),
            self._post("/v1/checkout/sessions", lambda _path: acts.open_checkout),
            self._get("/v1/checkout/sessions/{id}", self._checkout),
            self._get("/v1/transfers", lambda request: self._listed(request, "transfer", "transfer_group")),
            self._post("/v1/transfers", lambda _path: acts.transfer),
            self._post("/v1/transfers/{id}/reversals", lambda path: lambda asked: acts.reverse(path["id"], asked)),
            self._get("/v1/transfers/{id}/reversals", self._reversals),
            self._get("/v1/refunds", lambda request: self._listed(request, "refund", "charge")),
            self._post("/v1/refunds", lambda _path: acts.refund),
            Route("/c/pay/{id}", self._pay_page, methods=["GET", "POST"]),
            Route("/connect/{id}", self._onboarding_page, methods=["GET", "POST"]),
        ]

    # Calls.

    def _post(self, path: str, act_of: Callable[[dict[str, Any]], Act]) -> Route:
        async def endpoint(request: Request) -> Response:
            body = (await request.body()).decode()
            self.calls.append(("POST", request.url.path, body))
            if refused := self._unauthorised(request):
                return refused
            return self._once(request, body, act_of(request.path_params))

        return Route(path, endpoint, methods=["POST"])

    def _get(self, path: str, read: Callable[[Request], Json]) -> Route:
        async def endpoint(request: Request) -> Response:
            self.calls.append(("GET", request.url.path, request.url.query))
            if refused := self._unauthorised(request):
                return refused
            fault = self.faults.take(f"GET {request.url.path}")
            if fault:
                return _struck(fault)
            try:
                return JSONResponse(_shown(read(request)))
            except Refusal as refusal:
                return JSONResponse(refusal.body, refusal.status)

        return Route(path, endpoint, methods=["GET"])

    def _once(self, request: Request, body: str, act: Act) -> Response:
        """One act, under its key: the same key has the same answer, whatever it was."""
        path, key = request.url.path, request.headers.get("idempotency-key")
        asked = hashlib.sha256(f"{path}?{body}".encode()).hexdigest()
        if key and (saved := self.store.answer(key)):
            if saved[0] != asked:
                error = {"type": "idempotency_error", "message": "The key was used with other parameters."}
                return JSONResponse({"error": error}, 400)
            return JSONResponse(saved[2], saved[1], headers={"idempotent-replayed": "true"})
        fault = self.faults.take(path)
        if fault in {Fault.SILENCE_BEFORE, Fault.BUSY}:
            return _struck(fault)
        self.store.begin()
        try:
            status, answer = self._acted(act, body, fault)
            if key:
                self.store.keep_answer(key, asked, status, answer)
        except BaseException:
            self.store.rollback()
            raise
        self.store.commit()
        return _struck(fault) if fault is Fault.SILENCE_AFTER else JSONResponse(answer, status)

    def _acted(self, act: Act, body: str, fault: Fault | None) -> tuple[int, Json]:
        if fault is Fault.ERROR_BEFORE:
            return 500, _INTERNAL
        try:
            answer = _shown(act(decoded(body)))
        except Refusal as refusal:
            return refusal.status, refusal.body
        except (KeyError, ValueError) as error:
            return 400, Refusal(400, "parameter_missing", f"Missing or wrong param: {error}").body
        return (500, _INTERNAL) if fault is Fault.ERROR_AFTER else (200, answer)

    def _unauthorised(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer {self.api_key}":
            return None
        return JSONResponse({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}, 401)

    def _checkout(self, request: Request) -> Json:
        session = self.acts.find("checkout.session", request.path_params["id"])
        expand = listed(decoded(str(request.url.query)).get("expand"))
        if session["payment_intent"] and any(each.startswith("payment_intent.latest_charge") for each in expand):
            intent = self.acts.find("payment_intent", session["payment_intent"])
            charge = self.acts.find("charge", intent["latest_charge"])
            charge["balance_transaction"] = self.acts.find("balance_transaction", charge["balance_transaction"])
            session["payment_intent"] = {**intent, "latest_charge": charge}
        return session

    def _listed(self, request: Request, kind: str, by: str) -> Json:
        return self.acts.listing(kind, request.url.path, **{by: request.query_params.get(by)})

    def _reversals(self, request: Request) -> Json:
        identity = request.path_params["id"]
        self.acts.find("transfer", identity)
        return self.acts.listing("transfer_reversal", request.url.path, transfer=identity)

    # Pages, where people act. What they do is done once, however often they press.

    async def _pay_page(self, request: Request) -> Response:
        return self._page(request, "checkout.session", self.acts.pay, "Pay (nothing is really charged)")

    async def _onboarding_page(self, request: Request) -> Response:
        return self._page(request, "account", self.acts.onboard, "Finish opening the account")

    def _page(self, request: Request, kind: str, act: Callable[[str], Json], label: str) -> Response:
        identity = request.path_params["id"]
        try:
            found = act(identity) if request.method == "POST" else self.acts.find(kind, identity)
        except Refusal as refusal:
            return HTMLResponse(html.escape(str(refusal)), refusal.status)
        done = "Done. You may close this page." if request.method == "POST" else f"<button>{label}</button>"
        amount = f"{found['amount_total']} {found['currency']} (minor units)" if "amount_total" in found else ""
        return HTMLResponse(
            f"<!doctype html><title>A double of Stripe</title><h1>A double of Stripe</h1>"
            f"<p>{html.escape(identity)} {html.escape(amount)}</p><form method=post>{done}</form>"
        )

    # Events.

    def _tell(self, kind: str, about: Json) -> None:
        event = self.store.new(
            "evt", "event", type=kind, api_version=API_VERSION, data={"object": _shown(about)}, livemode=False,
            pending_webhooks=1, request={"id": None, "idempotency_key": None},
        )  # fmt: skip
        self.store.deliver(event["id"], time.time())

    @property
    def events(self) -> list[Json]:
        """All that has happened, oldest first."""
        return list(reversed(self.store.all("event")))

    def signed(self, event: Json) -> tuple[bytes, str]:
        """The body and the Stripe-Signature header of its webhook."""
        body, now = json.dumps(event).encode(), int(time.time())
        digest = hmac.new(self.webhook_secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        return body, f"t={now},v1={digest}"

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Deliver events to `webhook_url` for the length of the block, each until it is answered with 2xx."""
        task = asyncio.create_task(self._deliver(), name="stripe-double-webhooks")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _deliver(self) -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            while True:
                for event_id in self.store.due_deliveries(time.time()):
                    await self._deliver_one(client, event_id)
                await asyncio.sleep(0.1)

    async def _deliver_one(self, client: httpx.AsyncClient, event_id: str) -> None:
        event = self.store.get("event", event_id)
        assert event is not None
        assert self.webhook_url is not None
        body, signature = self.signed(event)
        headers = {"stripe-signature": signature, "content-type": "application/json"}
        try:
            answer = await client.post(self.webhook_url, content=body, headers=headers)
        except httpx.TransportError:
            self.store.deliver(event_id, time.time() + _AGAIN_AFTER_S)
        else:
            if answer.is_success:
                self.store.delivered(event_id)
            else:
                self.store.deliver(event_id, time.time() + _AGAIN_AFTER_S)


_BUSY: Json = {
    "error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests, on demand."}
}
_INTERNAL: Json = {"error": {"type": "api_error", "message": "An error occurred at the double, on demand."}}


def _struck(fault: Fault) -> Response:
    if fault is Fault.BUSY:
        return JSONResponse(_BUSY, 429)
    return Silence() if fault in {Fault.SILENCE_BEFORE, Fault.SILENCE_AFTER} else JSONResponse(_INTERNAL, 500)


def _shown(body: Json) -> Json:
    """Without what the double keeps for itself."""
    return {name: value for name, value in body.items() if not name.startswith("_")}
