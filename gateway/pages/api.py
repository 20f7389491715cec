"""The public API as the pages use it: in process, through the hall's own front door, as the visitor. There is no other
way from a page to data, so a page can show nothing that its visitor could not read over HTTP.
"""

from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from starlette.types import ASGIApp

Json = dict[str, Any]
_BASE = "http://hall"


class ApiProblem(Exception):
    """The API said no (RFC 9457)."""

    def __init__(self, status: int, body: Json, retry_after: str | None = None) -> None:
        super().__init__(f"{status} {body.get('type', '')}")
        self.status = status
        self.slug = str(body.get("type", "")).rpartition("/")[2]
        self.title = str(body.get("title", ""))
        self.detail = str(body.get("detail", ""))
        self.article = body.get("article")
        self.rule = body.get("rule")
        self.request_id = str(body.get("request_id", ""))
        self.errors: list[Json] = body.get("errors") or []
        self.retry_after = retry_after


@dataclass(frozen=True)
class Api:
    """Calls as one visitor. Each raises ApiProblem where the answer is a problem."""

    door: ASGIApp
    address: str  # the visitor's: whose rate is counted, whose sign-ins are throttled
    language: str
    request_id: str
    token: str | None = None

    async def get(self, path: str, **query: Any) -> Any:
        """Parameters that are None or empty are left out; a list is sent as a repeated one."""
        return (await self.send("GET", path, query=query)).json()

    async def post(self, path: str, body: Json | None = None, *, once: str | None = None, **query: Any) -> Any:
        """`once` is the Idempotency-Key: the `once` of the form that was sent."""
        headers = {"idempotency-key": once} if once else {}
        return _json(await self.send("POST", path, body=body or {}, headers=headers, query=query))

    async def patch(self, path: str, body: Json, *, version: int | None = None) -> Any:
        headers = {} if version is None else {"if-match": f'"{version}"'}
        return _json(await self.send("PATCH", path, body=body, headers=headers))

    async def put(self, path: str, body: Json) -> Any:
        return _json(await self.send("PUT", path, body=body))

    async def delete(self, path: str) -> None:
        await self.send("DELETE", path)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Json | None = None,
        body: Json | None = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """The whole answer, for what is no JSON: files up, files down."""
        sent = {
            "accept-language": self.language,
            "x-request-id": self.request_id,
            **({"authorization": f"Bearer {self.token}"} if self.token else {}),
            **({"content-type": "application/json"} if body is not None else {}),
            **(headers or {}),
        }
        given = {name: value for name, value in (query or {}).items() if value not in (None, "", [])}
        request = httpx.Request(
            method,
            f"{_BASE}{path}",
            params=given or None,
            headers=sent,
            content=orjson.dumps(body) if body is not None else content,
        )
        transport = httpx.ASGITransport(app=self.door, client=(self.address, 0))
        response = await transport.handle_async_request(request)
        await response.aread()
        if response.status_code >= httpx.codes.BAD_REQUEST:
            raise _problem(response)
        return response


def _json(response: httpx.Response) -> Any:
    return response.json() if response.content else None


def _problem(response: httpx.Response) -> ApiProblem:
    is_problem = response.headers.get("content-type", "").startswith("application/problem+json")
    return ApiProblem(response.status_code, response.json() if is_problem else {}, response.headers.get("retry-after"))
