"""Every request passes here, in raw ASGI: it is let in (rate, API key), routed to a service or to the gateway's own
app, and its answer gets the headers that all answers have.

No framework and no parsing of bodies on the way: services check what they are sent, and what they answer is passed on
byte for byte.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request
from starlette.types import Receive, Scope, Send

from gateway.identity.api_keys import Keyring
from gateway.proxy.bucket import Buckets
from gateway.proxy.callers import Callers
from gateway.proxy.forward import Forwarder
from gateway.proxy.visit import Visit
from services.kit import telemetry
from services.kit.problems import Problem, TooManyRequests
from services.kit.web.errors import problem_response, unexpected

PREFIX = "/api/v1/"
# Probes come often and from inside; they are neither counted nor refused.
_UNCOUNTED = frozenset({"/healthz", "/readyz", "/metrics", "/.well-known/jwks.json"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True)
class Route:
    """Where a first path segment under /api/v1 leads."""

    service: Forwarder
    body_limit: int


@dataclass(frozen=True)
class FrontDoor:
    own: FastAPI
    routes: Mapping[str, Route]
    keyring: Keyring | None  # None where an external provider keeps the accounts
    callers: Callers
    buckets: Buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.own(scope, receive, send)
            return
        prefix, route = self._route(scope["path"])
        visit = Visit(scope, send)
        started = time.perf_counter()
        try:
            if scope["path"] not in _UNCOUNTED:
                await self._let_in(visit)
            if route is None:
                await self.own(visit.passed_on(), receive, visit.answer)
            else:
                await route.service.forward(visit.passed_on(), receive, visit.answer, body_limit=route.body_limit)
        except Exception as error:
            if visit.status:
                raise  # an answer has begun: only breaking off tells that it is not whole
            await self._refuse(visit, error, receive)
        finally:
            if route is not None:
                method = scope["method"] if scope["method"] in _METHODS else "other"
                measured = telemetry.REQUESTS.labels("gateway", method, f"{PREFIX}{prefix}", visit.status)
                measured.observe(time.perf_counter() - started)

    def _route(self, path: str) -> tuple[str, Route | None]:
        if not path.startswith(PREFIX):
            return "", None
        prefix = path[len(PREFIX) :].partition("/")[0]
        return prefix, self.routes.get(prefix)

    async def _let_in(self, visit: Visit) -> None:
        self._count(visit, f"address {visit.address}")
        if visit.api_key and self.keyring is not None:
            visit.exchange_key(await self.keyring.token(visit.api_key))
        if visit.token:
            visit.principal = await self.callers.principal(visit.token)
        if visit.principal is not None:
            self._count(visit, f"user {visit.principal.user_id}")

    def _count(self, visit: Visit, key: str) -> None:
        verdict = self.buckets.take(key)
        # draft-ietf-httpapi-ratelimit-headers: a quota q that comes back over w seconds; r is left, all in t seconds
        window = round(self.buckets.burst / self.buckets.rate) or 1
        visit.rate = [
            (b"ratelimit-policy", b'"default";q=%d;w=%d' % (self.buckets.burst, window)),
            (b"ratelimit", b'"default";r=%d;t=%d' % (verdict.remaining, verdict.reset_s)),
        ]
        if not verdict.allowed:
            raise TooManyRequests(seconds=verdict.reset_s, retry_after_s=verdict.reset_s)

    async def _refuse(self, visit: Visit, error: Exception, receive: Receive) -> None:
        state = {"request_id": visit.request_id, "principal": visit.principal}
        request = Request({**visit.scope, "app": self.own, "state": state})
        response = problem_response(request, error) if isinstance(error, Problem) else unexpected(request, error)
        await response(visit.scope, receive, visit.answer)
