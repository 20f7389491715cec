"""The trading hall for people: server-rendered pages in Chinese and English over the public API.

`Pages` is an ASGI app. It answers the paths that are pages; `answers(scope)` says which, the rest is the front door's.
"""

import time
from zoneinfo import ZoneInfo

import structlog
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.identity.page_sessions import PageSessions
from gateway.pages.api import ApiProblem
from gateway.pages.area import Page
from gateway.pages.assets import Assets
from gateway.pages.errors import BodyTooLarge, SignInNeeded, error_page
from gateway.pages.forms import Form
from gateway.pages.guard import Forged, check_form
from gateway.pages.headers import completed
from gateway.pages.templating import environment
from gateway.pages.texts import Language, load_messages
from gateway.pages.views import PAGES
from gateway.pages.visitor import LANGUAGE_COOKIE, Parts, Visitor
from gateway.settings import GatewaySettings
from services.kit import telemetry
from services.kit.db import is_outside_fault
from services.kit.messages import preferred_language

log = structlog.get_logger()

_BY_DEFAULT = "zh"  # the hall's city speaks Chinese
_MOST_FIELDS = 500
# What programs ask for is never a page.
_FOR_PROGRAMS = ("/api/", "/.well-known/", "/healthz", "/readyz", "/metrics", "/openapi.json")


class Pages:
    def __init__(self, settings: GatewaySettings, door: ASGIApp, sessions: PageSessions) -> None:
        self.assets = Assets()
        catalogue = load_messages()
        languages = {code: Language(code, catalogue, ZoneInfo(settings.time_zone)) for code in ("zh", "en")}
        self.parts = Parts(
            settings,
            door,
            sessions,
            languages,
            {code: environment(language, self.assets) for code, language in languages.items()},
        )
        routes = [Route("/", self._choose_language), Route("/static/{version}/{name:path}", self.assets.serve)]
        for code in languages:
            routes += [Route(f"/{code}", self._choose_language)]
            routes += [self._route(code, page) for page in PAGES]
        self._app = Starlette(
            routes=routes,
            middleware=[Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)],
            exception_handlers={HTTPException: self._not_a_page},
        )
        self._app.router.redirect_slashes = False  # it would redirect to whatever host the request names

    def answers(self, scope: Scope) -> bool:
        path = scope["path"]
        if scope["type"] != "http" or path.startswith(_FOR_PROGRAMS):
            return False
        if path == "/" or path.partition("/")[2].partition("/")[0] in {"zh", "en", "static"}:
            return True
        # A person who mistyped an address gets a page that says so, a program its problem+json.
        return b"text/html" in dict(scope["headers"]).get(b"accept", b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": completed(message.get("headers", []), scope["scheme"])}
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            measured = telemetry.REQUESTS.labels("pages", scope["method"], route, status)
            measured.observe(time.perf_counter() - started)

    def _route(self, code: str, page: Page) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self._answer(request, code, page)

        return Route(f"/{code}{page.path}", endpoint, methods=[page.method])

    async def _answer(self, request: Request, code: str, page: Page) -> Response:
        try:
            visitor = await Visitor.arrive(request, self.parts, code)
        except Exception as error:  # noqa: BLE001  # told to the visitor, as a stranger: who it is could not be found out
            stranger = Visitor(request, self.parts, self.parts.languages[code], None)
            return await _instead(stranger, error)
        try:
            answer = await self._ask(visitor, page)
        except Exception as error:  # noqa: BLE001  # told to the visitor, and logged
            answer = await _instead(visitor, error)
        return visitor.leave(answer)

    async def _ask(self, visitor: Visitor, page: Page) -> Response:
        if page.show is not None:
            _admit(visitor, page)
            return await page.show(visitor)
        assert page.take is not None
        data = await self._sent(visitor, page)
        try:
            self._check(visitor, data)
            _admit(visitor, page)
            return await page.take(visitor, Form(data))
        finally:
            await data.close()  # its files

    async def _sent(self, visitor: Visitor, page: Page) -> FormData:
        """Raises BodyTooLarge."""
        settings = self.parts.settings
        request = _limited(visitor.request, page.max_bytes or settings.max_body_bytes)
        return await request.form(max_fields=_MOST_FIELDS, max_part_size=settings.max_body_bytes)

    def _check(self, visitor: Visitor, data: FormData) -> None:
        """Raises Forged."""
        token = data.get("form_token")
        given = token if isinstance(token, str) else ""
        check_form(visitor.request, visitor.held, given, self.parts.settings.public_url)

    async def _choose_language(self, request: Request) -> Response:
        code = self._preferred(request)
        if request.url.path != "/":
            code = request.url.path.strip("/")
        headers = {"vary": "cookie, accept-language"}
        return RedirectResponse(f"/{code}/", 302, headers)

    async def _not_a_page(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = request.url.path.partition("/")[2].partition("/")[0]
        language = code if code in self.parts.languages else self._preferred(request)
        visitor = await Visitor.arrive(request, self.parts, language)
        return visitor.leave(await error_page(visitor, error.status_code))

    def _preferred(self, request: Request) -> str:
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        if chosen is not None and chosen in self.parts.languages:
            return chosen
        return preferred_language(request.headers.get("accept-language"), _BY_DEFAULT)


def _admit(visitor: Visitor, page: Page) -> None:
    if page.members and visitor.member is None:
        raise SignInNeeded
    if page.operators and not (visitor.member and visitor.member.is_operator):
        raise HTTPException(403)


async def _instead(visitor: Visitor, error: Exception) -> Response:
    """What is answered where a page cannot be: the way to sign in, or why not and what to do."""
    path = visitor.request.url.path
    match error:
        case SignInNeeded() | ApiProblem(status=401):  # 401: the session ended a moment ago
            answer: Response = RedirectResponse(visitor.sign_in_url, 303)
        case ApiProblem():
            answer = await error_page(visitor, error.status, error)
        case Forged():
            log.warning("forged_form", path=path, reason=str(error))
            answer = await error_page(visitor, 403, forged=True)
        case BodyTooLarge():
            answer = await error_page(visitor, 413)
        case HTTPException():
            answer = await error_page(visitor, error.status_code)
        case _ if is_outside_fault(error):
            log.warning("unavailable", path=path, error=repr(error))
            answer = await error_page(visitor, 503)
        case _:
            log.error("page_failed", path=path, request_id=visitor.request_id, exc_info=error)
            answer = await error_page(visitor, 500)
    return answer


def _limited(request: Request, most: int) -> Request:
    """The request, its body cut off with BodyTooLarge after so many bytes."""
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > most:
            raise BodyTooLarge
        return message

    return Request(request.scope, receive)
