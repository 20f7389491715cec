"""Builds a service's FastAPI app: errors, limits, request ids, traces, metrics, health."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit import telemetry
from services.kit.auth import Verifier
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.messages import Catalogue
from services.kit.pending import Pending, pending
from services.kit.problems import BodyTooLarge, Unavailable
from services.kit.web import errors
from services.kit.web.route import ProblemBody

_LONGEST_REQUEST_ID = 64
_KIT_MESSAGES = Path(__file__).parent.parent / "messages.toml"


def create_app(
    name: str,
    *,
    routers: Sequence[APIRouter],
    database: Database,
    verifier: Verifier,
    messages: Path,
    max_body_bytes: int = 1_048_576,
    body_limits: Mapping[str, int] | None = None,
    faces_the_world: bool = False,
) -> FastAPI:
    """`messages` is the service's catalogue; `body_limits` gives paths of their own limits, in bytes.

    An app that `faces_the_world` has no /pending: what waits inside is for the gateway, which tells operators.
    """
    app = FastAPI(title=f"Zayton {name}", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.database = database
    app.state.verifier = verifier
    app.state.catalogue = Catalogue.load(_KIT_MESSAGES, messages)
    for router in routers:
        app.include_router(router)
    _document_problems(app)
    app.include_router(_health(database))
    if not faces_the_world:
        app.include_router(_inside(database))
    errors.install(app)
    app.add_middleware(BodyLimit, default=max_body_bytes, by_path=body_limits or {})
    app.add_middleware(RequestContext, service=name)
    FastAPIInstrumentor.instrument_app(app, excluded_urls="healthz,readyz,metrics", exclude_spans=["receive", "send"])
    return app


def _document_problems(app: FastAPI) -> None:
    """Every operation refers to ProblemBody; FastAPI itself only collects the models of answers that went well."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document.setdefault("components", {}).setdefault("schemas", {})["ProblemBody"] = ProblemBody.model_json_schema()
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _health(database: Database) -> APIRouter:
    health = APIRouter(include_in_schema=False)

    @health.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    @health.get("/readyz")
    async def ready() -> dict[str, str]:
        try:
            await database.ping()
        except Exception as error:
            raise Unavailable(retry_after_s=1) from error
        return {"status": "ready"}

    @health.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return health


def _inside(database: Database) -> APIRouter:
    inside = APIRouter(include_in_schema=False)

    @inside.get("/pending")
    async def waiting() -> Pending:
        async with database.transaction() as session:
            return await pending(session)

    return inside


class BodyLimit:
    """Refuses bodies over the limit of their path: by Content-Length at once, or when the stream grows past it."""

    def __init__(self, app: ASGIApp, *, default: int, by_path: Mapping[str, int]) -> None:
        self._app = app
        self._default = default
        self._by_path = by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._by_path.get(scope["path"], self._default)
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        received = int(declared) if declared.isdigit() else 0
        if received > limit:
            await errors.problem_response(Request(scope), BodyTooLarge(limit=limit))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                # FastAPI would turn this into a plain 400; the error handler looks here for the true reason.
                scope["state"]["refused"] = BodyTooLarge(limit=limit)
                raise scope["state"]["refused"]
            return message

        await self._app(scope, counted, send)


class RequestContext:
    """Gives each request an id (the caller's, if it is a sane one), measures it, answers for whatever went wrong."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status, started_answering = 500, False
        started = time.perf_counter()

        async def with_id(message: Message) -> None:
            nonlocal status, started_answering
            if message["type"] == "http.response.start":
                status, started_answering = message["status"], True
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id, service=self._service):
            try:
                await self._app(scope, receive, with_id)
            except Exception as error:
                if started_answering:
                    raise
                await errors.unexpected(Request(scope), error)(scope, receive, with_id)
            finally:
                route = getattr(scope.get("route"), "path", "none")
                telemetry.REQUESTS.labels(self._service, scope["method"], route, status).observe(
                    time.perf_counter() - started
                )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and 0 < len(value) <= _LONGEST_REQUEST_ID and value.replace(b"-", b"").isalnum():
            return str(value.decode("ascii"))
    return str(new_id())
