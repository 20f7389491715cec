"""What an open page asks for by itself: the live stream and the number of unread notices."""

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.pages.area import Area
from gateway.pages.visitor import Visitor

area = Area()

_PATH = "/api/v1/stream"
_OF_THE_CONNECTION = ("type", "asgi", "http_version", "server", "client", "scheme", "method", "query_string")
_PASSED_ON = frozenset({b"last-event-id", b"accept"})


class _Stream(Response):
    """The API's stream for the visitor: the browser's EventSource can send no token, so it is added here."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__()
        self._visitor = visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [header for header in scope["headers"] if header[0] in _PASSED_ON]
        headers.append((b"accept-language", self._visitor.language.code.encode()))
        if self._visitor.token:
            headers.append((b"authorization", b"Bearer " + self._visitor.token.encode()))
        asked = {name: scope[name] for name in _OF_THE_CONNECTION if name in scope}
        asked |= {"path": _PATH, "raw_path": _PATH.encode(), "root_path": "", "headers": headers}
        await self._visitor.parts.door(asked, receive, send)


@area.get("/live")
async def stream(visitor: Visitor) -> Response:
    return _Stream(visitor)


@area.get("/live/unread", members=True)
async def unread(visitor: Visitor) -> Response:
    return JSONResponse(await visitor.api.get("/api/v1/notifications/unread-count"))
