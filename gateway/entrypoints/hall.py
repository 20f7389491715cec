"""What the hall says of itself: keys, documents, health."""

import asyncio
import time
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gateway.domain.errors import ServicesNotReady
from gateway.entrypoints.parts import Operator, OwnAccounts, Parts, PartsOf
from gateway.proxy.ask import NoAnswer, ask
from gateway.proxy.breaker import State
from gateway.proxy.forward import Forwarder
from services.kit.pending import DeadLetters, Pending, pending
from services.kit.problems import Unavailable
from services.kit.web import PROBLEM_ANSWERS

hall = APIRouter(tags=["hall"], responses=PROBLEM_ANSWERS)


class ServiceStatus(BaseModel):
    """`breaker` tells whether requests reach it: closed (yes), open (not now), half_open (one to see).

    What waits in it, events to be published and dead letters, is null where it does not say.
    """

    name: str
    ready: bool
    answered_in_ms: float
    breaker: State
    fault: str | None = None
    outbox_backlog: int | None = None
    dead_letters: DeadLetters | None = None


class HallStatus(BaseModel):
    ready: bool
    services: list[ServiceStatus]


@hall.get("/api/v1/status")
async def status(_caller: Operator, parts: PartsOf) -> HallStatus:
    """Which services are ready, and what waits in each; the gateway itself is the last. Operators only."""
    services = [*await asyncio.gather(*map(_look_into, parts.services.values())), await _ourselves(parts)]
    return HallStatus(ready=all(service.ready for service in services), services=services)


@hall.get("/api/v1/openapi.json", include_in_schema=False)
async def openapi(parts: PartsOf) -> Response:
    """The one document of the whole API."""
    return Response(await parts.documents.document(), media_type="application/json")


@hall.get("/.well-known/jwks.json", include_in_schema=False, dependencies=[OwnAccounts])
async def keys(parts: PartsOf, response: Response) -> dict[str, list[dict[str, str]]]:
    """The public keys that sign access tokens (RFC 7517)."""
    response.headers["cache-control"] = "public, max-age=10"
    return await parts.issuer.key_set()


@hall.get("/readyz", include_in_schema=False)
async def ready(parts: PartsOf) -> dict[Literal["status"], str]:
    """503 with the names of those that are not ready."""
    try:
        await parts.database.ping()
    except Exception as error:
        raise Unavailable(retry_after_s=1) from error
    if waiting := [service.name for service in await _look(parts) if not service.ready]:
        raise ServicesNotReady(services=", ".join(waiting), retry_after_s=1)
    return {"status": "ready"}


async def _look(parts: Parts) -> list[ServiceStatus]:
    return list(await asyncio.gather(*map(_ask, parts.services.values())))


async def _look_into(service: Forwarder) -> ServiceStatus:
    found = await _ask(service)
    if found.ready:
        try:
            waiting = Pending.model_validate_json(await ask(service.upstream, "/pending"))
        except NoAnswer:
            return found  # of an older version, or gone since
        found.outbox_backlog, found.dead_letters = waiting.outbox_backlog, waiting.dead_letters
    return found


async def _ourselves(parts: Parts) -> ServiceStatus:
    """Its database answers: without it there is no caller who could ask."""
    started = time.perf_counter()
    async with parts.database.transaction() as session:
        waiting = await pending(session)
    return ServiceStatus(
        name="gateway",
        ready=True,
        answered_in_ms=_ms_since(started),
        breaker=State.CLOSED,
        outbox_backlog=waiting.outbox_backlog,
        dead_letters=waiting.dead_letters,
    )


async def _ask(service: Forwarder) -> ServiceStatus:
    started = time.perf_counter()
    fault = None
    try:
        await ask(service.upstream, "/readyz")
    except NoAnswer as error:
        fault = str(error)
    return ServiceStatus(
        name=service.name,
        ready=fault is None,
        answered_in_ms=_ms_since(started),
        breaker=service.breaker.state,
        fault=fault,
    )


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1_000, 1)
