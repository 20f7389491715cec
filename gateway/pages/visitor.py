"""One request for a page: who asks, in which language, and how it is answered."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from gateway.identity.issuer import claims_of
from gateway.identity.page_sessions import PageSessions, SignedIn
from gateway.pages.api import Api, ApiProblem
from gateway.pages.guard import form_token, own_path
from gateway.pages.links import with_query
from gateway.pages.navigation import MAIN, OWN, Entry
from gateway.pages.texts import Language
from gateway.settings import GatewaySettings
from services.kit.auth import Principal
from services.kit.ids import new_id

LANGUAGE_COOKIE = "zayton_language"
_YEAR_S = 31_536_000
_DAY_S = 86_400
# A cookie says which of the two it is, so that only those of members cost a look into the database.
_MEMBER, _STRANGER = "m.", "s."


@dataclass(frozen=True)
class Parts:
    """What all pages share."""

    settings: GatewaySettings
    door: ASGIApp
    sessions: PageSessions
    languages: Mapping[str, Language]
    templates: Mapping[str, Environment]

    @property
    def secure(self) -> bool:
        return self.settings.environment == "production" or self.settings.public_url.startswith("https:")

    @property
    def session_cookie(self) -> str:
        # The prefix makes browsers refuse one that a neighbouring host or plain HTTP tries to set.
        return "__Host-zayton" if self.secure else "zayton"


class Visitor:
    def __init__(self, request: Request, parts: Parts, language: Language, signed_in: SignedIn | None) -> None:
        self.request = request
        self.parts = parts
        self.language = language
        self.held = request.cookies.get(parts.session_cookie, "")
        # One of a session that is over is taken away with the answer, and no form on it may rely on it.
        over = signed_in is None and self.held.startswith(_MEMBER)
        self.cookie = "" if over else self.held
        self.request_id = str(new_id())
        self.member: Principal | None = signed_in.principal if signed_in else None
        self.token = signed_in.token if signed_in else None
        self.api = Api(
            parts.door,
            address=request.client.host if request.client else "unknown",
            language=language.code,
            request_id=self.request_id,
            token=self.token,
        )
        self._unread = asyncio.ensure_future(self._count_unread()) if signed_in else None

    @classmethod
    async def arrive(cls, request: Request, parts: Parts, language: str) -> "Visitor":
        cookie = request.cookies.get(parts.session_cookie, "")
        signed_in = await parts.sessions.signed_in(cookie) if cookie.startswith(_MEMBER) else None
        return cls(request, parts, parts.languages[language], signed_in)

    # What a page asks

    @property
    def path(self) -> str:
        """Without the language: /listings."""
        return self.request.url.path.removeprefix(f"/{self.language.code}") or "/"

    @property
    def query(self) -> list[tuple[str, str]]:
        return self.request.query_params.multi_items()

    def asked(self, name: str) -> str:
        """A parameter of the address; empty where it is not there."""
        return self.request.query_params.get(name, "").strip()

    def all(self, name: str) -> list[str]:
        """Every value of a parameter that is given several times."""
        return list(dict.fromkeys(filter(None, map(str.strip, self.request.query_params.getlist(name)))))

    def place(self, name: str) -> str:
        """A part of the path, such as `listing_id`."""
        return str(self.request.path_params[name])

    @property
    def next_path(self) -> str | None:
        """Where to go on to after signing in: a path of this hall, or None."""
        return own_path(self.request.query_params.get("next"))

    # Addresses

    def url(self, path: str, **query: Any) -> str:
        return with_query(f"/{self.language.code}{path}", **query)

    @property
    def here(self) -> str:
        return with_query(self.request.url.path, self.query)

    def in_language(self, code: str) -> str:
        return with_query(f"/{code}{self.path}", self.query)

    @property
    def sign_in_url(self) -> str:
        """Back to this page afterwards; after a form, which cannot be sent again, to the page it was on."""
        here = self.here if self.request.method in {"GET", "HEAD"} else self.request.url.path
        return self.url("/sign-in", next=here)

    # Answers

    async def page(self, template: str, /, *, status: int = 200, **values: Any) -> Response:
        unread = await self._unread if self._unread else None
        jinja = self.parts.templates[self.language.code].get_template(template)
        return HTMLResponse(jinja.render(values | {"visitor": self, "unread": unread}), status)

    def go(self, path: str, **query: Any) -> Response:
        """On to another page of the same language, by GET. `done="posted"` shows the text `done.posted` there."""
        return RedirectResponse(self.url(path, **query), 303)

    def go_on(self, fallback: str = "/") -> Response:
        """To where the visitor wanted to go before signing in."""
        return RedirectResponse(self.next_path or self.url(fallback), 303)

    # What templates ask

    @cached_property
    def form_token(self) -> str:
        """Of the forms on this page. Who has no cookie yet gets one with the answer."""
        if not self.cookie:
            self.cookie = _STRANGER + secrets.token_urlsafe(32)
        return form_token(self.cookie)

    @property
    def done(self) -> str | None:
        key = f"done.{self.asked('done')}"
        return self.language.t(key) if self.language.has(key) else None

    @property
    def own_accounts(self) -> bool:
        return self.parts.settings.oidc_issuer is None

    @property
    def may_act(self) -> bool:
        return self.member is not None and self.member.role != "viewer"

    def entries(self, *, own: bool = False) -> list[Entry]:
        return [entry for entry in (OWN if own else MAIN) if self._may_see(entry)]

    def _may_see(self, entry: Entry) -> bool:
        if entry.operators_only:
            return self.member is not None and self.member.is_operator
        return self.member is not None or not entry.members_only

    # Coming and going

    async def sign_in(self, access_token: str) -> None:
        """The session of the token becomes this browser's, under a cookie that nobody has seen before."""
        await self._forget()
        cookie = _MEMBER + secrets.token_urlsafe(32)
        await self.parts.sessions.open(cookie, UUID(claims_of(access_token)["sid"]))
        self.cookie = cookie

    async def sign_out(self) -> None:
        await self._forget()
        self.cookie = ""

    async def _forget(self) -> None:
        if self.held.startswith(_MEMBER):
            await self.parts.sessions.close(self.held)

    def leave(self, response: Response) -> Response:
        """The answer with the cookies it needs."""
        if self._unread is not None:
            self._unread.cancel()
        if self.request.cookies.get(LANGUAGE_COOKIE) != self.language.code:
            self._set(response, LANGUAGE_COOKIE, self.language.code, _YEAR_S)
        if self.cookie != self.held:
            self._set(response, self.parts.session_cookie, self.cookie, self._cookie_life_s())
        return response

    def _cookie_life_s(self) -> int | None:
        """A stranger's ends with the browser."""
        if not self.cookie:
            return 0
        return self.parts.settings.session_days * _DAY_S if self.cookie.startswith(_MEMBER) else None

    def _set(self, response: Response, name: str, value: str, life_s: int | None) -> None:
        response.set_cookie(
            name, value, max_age=life_s, path="/", secure=self.parts.secure, httponly=True, samesite="lax"
        )

    async def _count_unread(self) -> int | None:
        """None where notify does not answer: no page waits for a number in its head."""
        try:
            return int((await self.api.get("/api/v1/notifications/unread-count"))["unread"])
        except ApiProblem:
            return None
