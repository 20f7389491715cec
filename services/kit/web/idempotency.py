"""Idempotency-Key: a POST repeated with the same key is answered as it was the first time, and takes effect
once.

The answer is kept by the same transaction as the effect, so a crash leaves both or neither. While the first request
runs it holds an advisory lock, which ends with its transaction however that ends.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Message, Receive

from services.kit.auth import Principal
from services.kit.problems import FieldError, InvalidInput, KeyInFlight, KeyReused
from services.kit.tables import idempotent_answers as answers

_LONGEST_KEY = 255
_KEPT_HEADERS = ("content-type", "etag", "location")


class _Hashed:
    """A receive channel that hashes the body as it passes, so that a large one is never held in memory."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._hash = hashlib.sha256()
        self._ended = False

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._hash.update(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        else:
            self._ended = True
        return message

    async def digest(self) -> str:
        while not self._ended:
            await self()
        return self._hash.hexdigest()


class Repeatable:
    def __init__(self, session: AsyncSession, request: Request, principal: Principal | None, key: str) -> None:
        if not (1 <= len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
            raise InvalidInput(errors=[FieldError("#Idempotency-Key", "idempotency-key")])
        self._session = session
        self._request = request
        self._key = key
        self._scope = f"{principal.user_id if principal else 'anonymous'} {request.method} {request.url.path}"

    async def answer(self, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        """The kept answer, or that of `handle`. Raises KeyInFlight (409) or KeyReused (422)."""
        lock = func.hashtextextended(f"{self._scope} {self._key}", 0)
        if not (await self._session.execute(select(func.pg_try_advisory_xact_lock(lock)))).scalar_one():
            raise KeyInFlight(retry_after_s=1)
        body = _Hashed(self._request.receive)
        kept = await self._kept()
        if kept is not None:
            if kept.fingerprint != await self._fingerprint(body):
                raise KeyReused
            return Response(kept.body, kept.status, {**kept.headers, "idempotency-replayed": "true"})
        response = await handle(Request(self._request.scope, body))
        if response.status_code < 300:  # noqa: PLR2004  # a refusal changed nothing: trying again is right
            await self._keep(response, await self._fingerprint(body))
        return response

    async def _fingerprint(self, body: _Hashed) -> str:
        return f"{self._request.url.query} {await body.digest()}"

    async def _kept(self) -> Row[*tuple[Any, ...]] | None:
        this = (answers.c.scope == self._scope) & (answers.c.key == self._key)
        return (await self._session.execute(select(answers).where(this))).one_or_none()

    async def _keep(self, response: Response, fingerprint: str) -> None:
        await self._session.execute(
            insert(answers).values(
                scope=self._scope,
                key=self._key,
                fingerprint=fingerprint,
                status=response.status_code,
                headers={name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
                body=bytes(response.body),
            )
        )
