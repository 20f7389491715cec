"""The live stream of one connection as server-sent events (HTML Living Standard §9.2)."""

import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from uuid import UUID

import orjson

from gateway.stream.tail import Tail
from gateway.tables import StreamRow

_RETRY_MS = 2_000


@dataclass(frozen=True)
class Subscription:
    """Who listens, to what, from where, and until when (seconds since 1970): no longer than the token is good.

    `audiences`: a person and that person's organisation; nobody where nobody signed in.
    """

    audiences: Collection[UUID]
    types: Collection[str]
    last: int
    reset: bool
    until: float


async def server_sent(tail: Tail, subscription: Subscription, *, heartbeat_s: float) -> AsyncIterator[bytes]:
    """Endless until the token expires or the hall closes; the client comes back by itself with Last-Event-ID."""
    last = subscription.last
    yield b"retry: %d\n%b" % (_RETRY_MS, _mark(last))
    if subscription.reset:
        # Some events are gone: whoever keeps a copy of the hall's state has to read it anew.
        yield b'event: reset\ndata: {"resumes_after":%d}\nid: %d\n\n' % (last, last)
    while not tail.closed and (left_s := subscription.until - time.time()) > 0:
        rows, looked_at = await tail.after(last, subscription.audiences)
        for row in rows:
            if not subscription.types or row.type in subscription.types:
                yield _event(row)
        advanced, last = looked_at > last, looked_at
        if not advanced and not await tail.wait(last, min(heartbeat_s, left_s)):
            yield _mark(last)


def _mark(last: int) -> bytes:
    """A heartbeat: nothing to show, but the place to resume from moves on, also past events of others."""
    return b"id: %d\n\n" % last


def _event(row: StreamRow) -> bytes:
    data = orjson.dumps({"occurred_at": row.occurred_at, **row.data})
    return b"event: %b\ndata: %b\nid: %d\n\n" % (row.type.encode(), data, row.id)
