"""One request to one service: limits of the body, one more try where that is safe, the circuit breaker."""

import math
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.proxy.breaker import Breaker
from gateway.proxy.errors import ServiceDown, ServiceResting, ServiceSlow
from gateway.proxy.upstream import HttpService, TooSlow, Unreachable
from services.kit.problems import BodyTooLarge, MalformedRequest

_SAFE_TO_REPEAT = frozenset({"GET", "HEAD"})


@dataclass
class Exchange:
    """The two channels of a request, watched: how much came in, whether an answer has begun."""

    receive_: Receive
    send_: Send
    limit: int
    received: int = 0
    hung_up: bool = False
    started: bool = False

    async def receive(self) -> Message:
        message = await self.receive_()
        if message["type"] == "http.disconnect":
            self.hung_up = True
        self.received += len(message.get("body", b""))
        if self.too_large:
            raise BodyTooLarge(limit=self.limit)
        return message

    async def send(self, message: Message) -> None:
        if self.too_large and not self.started:
            return  # what a service makes of a body that was cut off
        self.started = True
        await self.send_(message)

    @property
    def too_large(self) -> bool:
        return self.received > self.limit


@dataclass
class Forwarder:
    """Raw ASGI. Raises Problem where there is no answer to pass on, and only before one has begun."""

    name: str
    upstream: ASGIApp
    breaker: Breaker = field(default_factory=Breaker)

    async def forward(self, scope: Scope, receive: Receive, send: Send, *, body_limit: int) -> None:
        _check_declared_length(scope, body_limit)
        wait_s = self.breaker.refuses_for()
        if wait_s > 0:
            raise ServiceResting(service=self.name, retry_after_s=math.ceil(wait_s))
        exchange = Exchange(receive, send, body_limit)
        reported = False
        try:
            await self._try(scope, exchange)
            self.breaker.succeeded()
            reported = True
        except (Unreachable, TooSlow) as error:
            if not (exchange.hung_up or exchange.too_large):
                self.breaker.failed()
                reported = True
            if exchange.started:
                raise
            if not exchange.too_large:
                raise self._problem(error) from error
        finally:
            if not reported:
                self.breaker.abandoned()
        if exchange.too_large and not exchange.started:
            raise BodyTooLarge(limit=body_limit)

    async def close(self) -> None:
        if isinstance(self.upstream, HttpService):
            await self.upstream.close()

    async def _try(self, scope: Scope, exchange: Exchange) -> None:
        try:
            await self.upstream(scope, exchange.receive, exchange.send)
        except Unreachable:
            # A connection that was closed while idle, or a service that is being restarted.
            if scope["method"] not in _SAFE_TO_REPEAT or exchange.started or exchange.received:
                raise
            await self.upstream(scope, exchange.receive, exchange.send)

    def _problem(self, error: Exception) -> ServiceDown | ServiceSlow:
        if isinstance(error, TooSlow):
            return ServiceSlow(service=self.name, retry_after_s=5)
        return ServiceDown(service=self.name, retry_after_s=1)


def _check_declared_length(scope: Scope, limit: int) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit():
                raise MalformedRequest(reason="Content-Length")
            if int(value) > limit:
                raise BodyTooLarge(limit=limit)
