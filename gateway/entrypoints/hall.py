"""What the hall says of itself: keys, documents, health."""

import asyncio
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from gateway.domain.errors import ServicesNotReady
from gateway.entrypoints.parts import OwnAccounts, Parts, PartsOf
from gateway.proxy.ask import NoAnswer, ask
from gateway.proxy.breaker import State
from gateway.proxy.forward import Forwarder
from services.kit.auth import EVERYONE, OrganisationKind, Principal
from services.kit.problems import Unavailable
from services.kit.web import PROBLEM_ANSWERS, allow

hall = APIRouter(tags=["hall"], responses=PROBLEM_ANSWERS)


class ServiceStatus(BaseModel):
    """`breaker` tells whether requests reach it: closed (yes), open (not now), half_open (one to see)."""

    name: str
    ready: bool
    answered_in_ms: float
    breaker: State
    fault: str | None = None


class HallStatus(BaseModel):
    ready: bool
    services: list[ServiceStatus]


Operator = Annotated[Principal, Depends(allow(roles=EVERYONE, kinds={OrganisationKind.OPERATOR}))]


@hall.get("/api/v1/status")
async def status(_caller: Operator, parts: PartsOf) -> HallStatus:
    """Which services are ready. Operators only."""
    services = await _look(parts)
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
        answered_in_ms=round((time.perf_counter() - started) * 1_000, 1),
        breaker=service.breaker.state,
        fault=fault,
    )
