"""Wires the gateway. For the local hall and for tests:

    gateway = build(settings, {"listing": listing.app, …})              one process: the services' own apps
    gateway = build(settings, {"listing": "http://127.0.0.1:8701", …})  separate processes: their addresses

    gateway.asgi       what to serve at ZAYTON_PORT (not gateway.service.app, which is only the gateway's own part)
    gateway.service    a kit Service like any other: run `working(gateway.service, settings)` beside it, which publishes
                       the gateway's events and fills the live stream
    await gateway.seed_operator(name=…, email=…, password=…)   the first operator; False where there is one
    await gateway.hang_up()   first of all when stopping: ends live streams, which a graceful server would wait for
    await gateway.close()     last: connections to services and to the database

`settings` may be the kit's Settings: the gateway reads what it needs besides from the environment. Services left out of
the mapping answer 404 under their paths.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.entrypoints.hall import hall
from gateway.entrypoints.organisations import me, organisations
from gateway.entrypoints.parts import Parts
from gateway.entrypoints.sessions import sessions
from gateway.entrypoints.stream import stream
from gateway.housekeeping import housekeeping
from gateway.identity.api_keys import Keyring
from gateway.identity.issuer import Issuer
from gateway.identity.organisations import seed_operator
from gateway.identity.page_sessions import PageSessions
from gateway.identity.passwords import Passwords
from gateway.openapi.documents import Documents
from gateway.pages.app import Pages
from gateway.proxy.breaker import Breaker
from gateway.proxy.bucket import Buckets
from gateway.proxy.callers import Callers
from gateway.proxy.forward import Forwarder
from gateway.proxy.front_door import PREFIX, FrontDoor, Route
from gateway.proxy.upstream import HttpService
from gateway.settings import GatewaySettings
from gateway.stream.store import handlers
from gateway.stream.tail import Tail
from services.kit.auth import Verifier
from services.kit.db import Database
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.web import create_app

# Who answers what, by the first segment under /api/v1. All else there is the gateway's own.
ROUTES: dict[str, str] = {
    "catalogue": "listing",
    "rights": "listing",
    "imports": "listing",
    "listings": "listing",
    "demands": "matching",
    "matches": "matching",
    "deals": "contract",
    "certificates": "contract",
    "verifications": "contract",
    "invoices": "contract",
    "payments": "contract",
    "recordals": "contract",
    "disputes": "contract",
    "statements": "contract",
    "ledger": "contract",
    "notifications": "notify",
    "notification-preferences": "notify",
    "webhook-endpoints": "notify",
    "feeds": "notify",
    "calendars": "notify",
}
_EXPOSED = ["ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID", "Zayton-Search"]


@dataclass(frozen=True)
class Gateway:
    asgi: ASGIApp
    service: Service
    parts: Parts

    async def seed_operator(self, *, name: str, email: str, password: str, language: str = "zh") -> bool:
        """Whether this made the first operator. Raises WeakPassword."""
        async with self.service.database.transaction() as session:
            made = await seed_operator(
                session, self.parts.passwords, name=name, email=email, password=password, language=language
            )
        return made is not None

    async def hang_up(self) -> None:
        await self.parts.tail.hang_up()

    async def close(self) -> None:
        await self.parts.tail.close()
        for forwarder in self.parts.services.values():
            await forwarder.close()
        await self.service.close()


def build(settings: Settings, transports: Mapping[str, ASGIApp | str]) -> Gateway:
    own = settings if isinstance(settings, GatewaySettings) else GatewaySettings(**settings.model_dump())
    database = Database.of(own, "gateway")
    issuer = Issuer(database, own)
    verifier = Verifier.of(own, issuer.key_set)
    app = create_app(
        "gateway",
        routers=[organisations, me, sessions, stream, hall],
        database=database,
        verifier=verifier,
        messages=Path(__file__).parent / "messages.toml",
        max_body_bytes=own.max_body_bytes,
        faces_the_world=True,
    )
    services = {name: Forwarder(name, _upstream(target, own), _breaker(own)) for name, target in transports.items()}
    app.state.parts = Parts(
        settings=own,
        database=database,
        passwords=Passwords(),
        issuer=issuer,
        tail=Tail(database),
        documents=Documents(
            {name: service.upstream for name, service in services.items()},
            {name: tuple(PREFIX + prefix for prefix, owner in ROUTES.items() if owner == name) for name in services},
            own=app.openapi,
            catalogue=app.state.catalogue,
            public_url=own.public_url,
        ),
        services=services,
    )
    door = FrontDoor(
        own=app,
        routes={prefix: _route(prefix, services[name], own) for prefix, name in ROUTES.items() if name in services},
        keyring=None if own.oidc_issuer else Keyring(database, issuer),
        callers=Callers(verifier),
        buckets=Buckets(own.rate_per_s, own.rate_burst),
    )
    service = Service("gateway", database, app, handlers=handlers, jobs=[housekeeping(own)])
    pages = Pages(own, door, PageSessions(database, issuer))
    entrance = _Entrance(pages, _with_cors(door, own))
    return Gateway(_behind_proxies(entrance, own), service, app.state.parts)


@dataclass(frozen=True)
class _Entrance:
    """People come to the pages, programs to the API. The pages use the API too, by the same door."""

    pages: Pages
    door: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.pages if self.pages.answers(scope) else self.door
        await app(scope, receive, send)


def _upstream(target: ASGIApp | str, settings: GatewaySettings) -> ASGIApp:
    if not isinstance(target, str):
        return target
    return HttpService(
        target,
        connections=settings.upstream_connections,
        connect_timeout_s=settings.connect_timeout_s,
        answer_timeout_s=settings.answer_timeout_s,
    )


def _breaker(settings: GatewaySettings) -> Breaker:
    return Breaker(settings.breaker_failures, settings.breaker_open_s)


def _route(prefix: str, service: Forwarder, settings: GatewaySettings) -> Route:
    limits = {"imports": settings.max_import_bytes, "verifications": settings.max_document_bytes}
    return Route(service, limits.get(prefix, settings.max_body_bytes))


def _behind_proxies(door: ASGIApp, settings: GatewaySettings) -> ASGIApp:
    """The caller's address and scheme as proxies that are ours saw them: the last address that is none of theirs."""
    if not settings.trusted_proxies:
        return door
    behind: Any = ProxyHeadersMiddleware(cast("Any", door), trusted_hosts=settings.trusted_proxies)
    return cast("ASGIApp", behind)


def _with_cors(door: FrontDoor, settings: GatewaySettings) -> ASGIApp:
    if not settings.cors_origins:
        return door
    return CORSMiddleware(
        door,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=_EXPOSED,
        max_age=3_600,
    )
