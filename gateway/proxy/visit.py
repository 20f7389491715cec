"""One request on its way through the front door: what was sent, what is passed on, what is added to the answer."""

from starlette.types import Message, Scope, Send

from services.kit.auth import Principal
from services.kit.ids import new_id

Headers = list[tuple[bytes, bytes]]

# What a caller may not say in the gateway's name, and what is agreed on between two ends of one connection.
_NOT_PASSED_ON = frozenset(
    {
        b"accept-encoding",
        b"expect",
        b"forwarded",
        b"x-api-key",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-real-ip",
        b"x-request-id",
    }
)
_LONGEST_REQUEST_ID = 64
_EVERY_ANSWER: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]
# Unless the answer says otherwise.
_BY_DEFAULT: Headers = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
_OVER_HTTPS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Visit:
    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.status = 0  # of the answer; 0 before it has begun
        self.principal: Principal | None = None
        self.api_key: str | None = None
        self.token: str | None = None
        self.rate: Headers = []
        self._send = send
        self._authorization: bytes | None = None
        self._kept: Headers = []
        request_id = None
        for header in scope["headers"]:
            name, value = header
            if name == b"authorization":
                self._authorization = value
                self.token = _bearer(value)
            elif name not in _NOT_PASSED_ON:
                self._kept.append(header)
            elif name == b"x-api-key":
                self.api_key = value.decode("latin-1").strip()
            elif name == b"x-request-id" and _is_sane(value):
                request_id = value.decode("ascii")
        self.request_id = request_id or str(new_id())

    @property
    def address(self) -> str:
        client = self.scope.get("client")
        return client[0] if client else "unknown"

    def exchange_key(self, token: str) -> None:
        """The API key goes no further; the token it was exchanged for does."""
        self.token = token
        self._authorization = b"Bearer " + token.encode()

    def passed_on(self) -> Scope:
        """The request as a service gets it. Its answers are wanted uncompressed: a compressed one comes in chunks, and
        with delayed acknowledgements that costs 45 ms.
        """
        headers = [
            *self._kept,
            (b"accept-encoding", b"identity"),
            (b"x-request-id", self.request_id.encode()),
            (b"x-forwarded-for", self.address.encode()),
            (b"x-forwarded-proto", self.scope["scheme"].encode()),
        ]
        if self._authorization is not None:
            headers.append((b"authorization", self._authorization))
        return {**self.scope, "headers": headers, "state": {}}

    async def answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._completed(message.get("headers", []))}
        await self._send(message)

    def _completed(self, given: Headers) -> Headers:
        names = {name for name, _ in given}
        headers = [*given, *_EVERY_ANSWER, *self.rate]
        headers += [header for header in _BY_DEFAULT if header[0] not in names]
        if b"x-request-id" not in names:
            headers.append((b"x-request-id", self.request_id.encode()))
        if self.scope["scheme"] == "https":
            headers.append(_OVER_HTTPS)
        return headers


def _bearer(authorization: bytes) -> str | None:
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _is_sane(request_id: bytes) -> bool:
    return 0 < len(request_id) <= _LONGEST_REQUEST_ID and request_id.replace(b"-", b"").isalnum()
