"""The live stream, over HTTP."""

import time
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from gateway.entrypoints.parts import PartsOf
from gateway.identity.issuer import claims_of
from gateway.stream.events import Subscription, server_sent
from gateway.stream.store import resume
from gateway.stream.translate import TYPES
from services.kit.problems import FieldError, InvalidInput
from services.kit.web import PROBLEM_ANSWERS, OptionalCaller

stream = APIRouter(tags=["stream"], responses=PROBLEM_ANSWERS)

_ANSWER = {
    "description": "Server-sent events: `event` is the type, `data` JSON, `id` the place to resume from.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
_ID_DIGITS = 18


@stream.get("/api/v1/stream", response_class=StreamingResponse, responses={200: _ANSWER})
async def follow(
    request: Request,
    caller: OptionalCaller,
    parts: PartsOf,
    types: Annotated[str, Query(description=f"Only these, by comma: {', '.join(sorted(TYPES))}")] = "",
    last_event_id: Annotated[str | None, Header(description="Go on after this event.")] = None,
) -> StreamingResponse:
    """What happens in the hall, as it happens. Without a token: what is public. With one: also what concerns the
    caller's organisation, and the caller's own notifications. After a break, clients resume with Last-Event-ID; when
    that is too long ago, a `reset` event says that some were missed. The stream ends when the token expires.
    """
    wanted = _wanted(types)
    await parts.tail.ready()
    async with parts.database.transaction() as session:
        known = await resume(session)
    last = known.newest if last_event_id is None else _number(last_event_id)
    reset = not known.covers(last)
    subscription = Subscription(
        audiences={caller.organisation_id, caller.user_id} if caller else frozenset(),
        types=wanted,
        last=known.newest if reset else last,
        reset=reset,
        until=_until(request, parts.settings.access_token_s, signed_in=caller is not None),
    )
    body = server_sent(parts.tail, subscription, heartbeat_s=parts.settings.stream_heartbeat_s)
    # x-accel-buffering: proxies such as nginx would hold events back.
    return StreamingResponse(
        body, media_type="text/event-stream", headers={"cache-control": "no-cache", "x-accel-buffering": "no"}
    )


def _wanted(types: str) -> frozenset[str]:
    wanted = frozenset(filter(None, (name.strip() for name in types.split(","))))
    if unknown := sorted(wanted - TYPES):
        raise InvalidInput(errors=[FieldError("?types", "stream-type", params={"type": name}) for name in unknown])
    return wanted


def _number(last_event_id: str) -> int:
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= _ID_DIGITS):
        raise InvalidInput(errors=[FieldError("#Last-Event-ID", "last-event-id")])
    return int(last_event_id)


def _until(request: Request, longest_s: int, *, signed_in: bool) -> float:
    if not signed_in:
        return time.time() + longest_s
    token = request.headers["authorization"].partition(" ")[2].strip()
    return float(claims_of(token)["exp"])
