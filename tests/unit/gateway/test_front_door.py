"""The way of a request through the front door, with fakes in the place of the services. No socket is opened."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway.bootstrap import Gateway, build
from gateway.proxy.upstream import TooSlow, Unreachable
from gateway.settings import GatewaySettings
from services.kit.problems import BodyTooLarge


class Fake:
    """A service that answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.bodies: list[bytes] = []
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]
        self.body = b"[]"
        self.raises: list[Exception] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if self.raises:
            raise self.raises.pop(0)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})

    def header(self, name: bytes) -> bytes | None:
        return dict(self.scopes[-1]["headers"]).get(name)


Build = Callable[..., Gateway]


@pytest.fixture
def service() -> Fake:
    return Fake()


@pytest.fixture
def build_gateway(tmp_path: Path, service: Fake) -> Build:
    def make(**changes: Any) -> Gateway:
        return build(GatewaySettings.model_validate({"home": tmp_path, **changes}), {"listing": service})

    return make


def client_of(gateway: Gateway, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway.asgi, **options), base_url="http://hall")


@pytest.fixture
async def client(build_gateway: Build) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(build_gateway()) as client:
        yield client


def problem(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    return str(response.json()["type"]).rpartition("/")[2]


async def test_passes_a_request_on_and_its_answer_back(client: httpx.AsyncClient, service: Fake) -> None:
    service.status, service.body = 201, '{"title":"泉州"}'.encode()
    service.headers.append((b"etag", b'"3"'))
    answer = await client.post("/api/v1/rights?a=1&b=%2F", content=b"\x00\xff", headers={"If-Match": '"2"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (201, service.body, '"3"')
    assert service.bodies == [b"\x00\xff"]
    scope = service.scopes[0]
    assert (scope["method"], scope["path"], scope["query_string"]) == ("POST", "/api/v1/rights", b"a=1&b=%2F")
    assert service.header(b"if-match") == b'"2"'


@pytest.mark.parametrize("path", ["/api/v1/rights/7", "/api/v1/imports", "/api/v1/listings/7/publish"])
async def test_routes_by_the_first_segment(client: httpx.AsyncClient, service: Fake, path: str) -> None:
    await client.get(path)
    assert service.scopes[0]["path"] == path


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/api/v1/", "/api/v1/rightsx", "/api/v1/unknown", "/api/v1/demands", "/rights", "/api/v2/rights"],
)
async def test_what_leads_nowhere_is_a_problem(client: httpx.AsyncClient, service: Fake, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, problem(answer)) == (404, "not-found")
    assert not service.scopes


async def test_a_wrong_method_is_a_problem_that_says_the_right_ones(client: httpx.AsyncClient) -> None:
    answer = await client.put("/api/v1/sessions")
    assert (answer.status_code, problem(answer)) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


async def test_problems_speak_the_readers_language(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/unknown", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.1"})
    assert answer.headers["content-language"] == "zh"
    assert answer.json()["title"] == "未找到"


async def test_services_are_told_who_asks_and_nothing_a_caller_made_up(
    client: httpx.AsyncClient, service: Fake
) -> None:
    await client.get(
        "/api/v1/rights",
        headers={
            "X-Forwarded-For": "6.6.6.6",
            "Forwarded": "for=6.6.6.6",
            "X-Real-IP": "6.6.6.6",
            "X-Request-ID": "abc-1",
            "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "Accept-Encoding": "gzip",
        },
    )
    assert service.header(b"x-forwarded-for") == b"127.0.0.1"
    assert service.header(b"forwarded") is None
    assert service.header(b"x-real-ip") is None
    assert service.header(b"x-request-id") == b"abc-1"
    assert service.header(b"traceparent") == b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert service.header(b"accept-encoding") == b"identity"


@pytest.mark.parametrize("given", [{}, {"X-Request-ID": "a b"}, {"X-Request-ID": "x" * 65}, {"X-Request-ID": "<b>"}])
async def test_a_request_without_a_sane_id_gets_one(
    client: httpx.AsyncClient, service: Fake, given: dict[str, str]
) -> None:
    answer = await client.get("/api/v1/rights", headers=given)
    passed_on = service.header(b"x-request-id")
    assert passed_on is not None
    assert len(passed_on) == 36
    assert answer.headers["x-request-id"] == passed_on.decode()


async def test_every_answer_has_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/rights", "/api/v1/unknown", "/healthz"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers
        assert len(headers.get_list("x-request-id")) == 1


async def test_what_a_service_says_about_caching_stands(client: httpx.AsyncClient, service: Fake) -> None:
    service.headers.append((b"cache-control", b"public, max-age=60"))
    assert (await client.get("/api/v1/rights")).headers.get_list("cache-control") == ["public, max-age=60"]


async def test_over_https_browsers_are_told_to_stay_there(build_gateway: Build) -> None:
    gateway = build_gateway()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway.asgi), base_url="https://hall") as client:
        assert "strict-transport-security" in (await client.get("/api/v1/rights")).headers


@pytest.mark.parametrize(("path", "limit"), [("/api/v1/rights", 2_048), ("/api/v1/imports", 8_192)])
async def test_bodies_are_limited(build_gateway: Build, service: Fake, path: str, limit: int) -> None:
    async def in_pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, size, 512):
            yield b"x" * min(512, size - start)

    async with client_of(build_gateway(max_body_bytes=2_048, max_import_bytes=8_192)) as client:
        assert (await client.post(path, content=b"x" * limit)).status_code == 200
        assert (await client.post(path, content=in_pieces(limit))).status_code == 200
        assert [len(body) for body in service.bodies] == [limit, limit]
        declared = await client.post(path, content=b"x" * (limit + 1))
        undeclared = await client.post(path, content=in_pieces(limit + 1))
    for answer in (declared, undeclared):
        assert (answer.status_code, problem(answer)) == (413, "body-too-large")
        assert str(limit) in answer.json()["detail"]
    assert len(service.bodies) == 2


async def test_what_a_service_makes_of_a_cut_body_is_not_passed_on(tmp_path: Path) -> None:
    async def forgiving(_scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
        except BodyTooLarge:
            await send({"type": "http.response.start", "status": 400, "headers": []})
            await send({"type": "http.response.body", "body": b"cannot parse"})

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 512

    gateway = build(GatewaySettings(home=tmp_path, max_body_bytes=1_024), {"listing": forgiving})
    async with client_of(gateway) as client:
        answer = await client.post("/api/v1/rights", content=pieces())
    assert (answer.status_code, problem(answer)) == (413, "body-too-large")


async def test_a_content_length_that_is_no_number_is_refused(client: httpx.AsyncClient, service: Fake) -> None:
    answer = await client.post("/api/v1/rights", content=b"x", headers={"Content-Length": "-5"})
    assert (answer.status_code, problem(answer)) == (400, "malformed-request")
    assert not service.scopes


async def test_a_safe_request_is_tried_once_more_when_the_connection_breaks(
    client: httpx.AsyncClient, service: Fake
) -> None:
    service.raises = [Unreachable()]
    assert (await client.get("/api/v1/rights")).status_code == 200
    assert len(service.scopes) == 2


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
async def test_no_other_request_is_ever_sent_twice(client: httpx.AsyncClient, service: Fake, method: str) -> None:
    service.raises = [Unreachable()]
    answer = await client.request(method, "/api/v1/rights")
    assert (answer.status_code, problem(answer)) == (503, "service-down")
    assert answer.headers["retry-after"] == "1"
    assert "listing" in answer.json()["detail"]
    assert len(service.scopes) == 1


async def test_a_slow_service_is_a_504_and_is_not_asked_again(client: httpx.AsyncClient, service: Fake) -> None:
    service.raises = [TooSlow()]
    answer = await client.get("/api/v1/rights")
    assert (answer.status_code, problem(answer)) == (504, "service-slow")
    assert len(service.scopes) == 1


async def test_a_service_that_keeps_failing_is_left_alone_and_then_tried(build_gateway: Build, service: Fake) -> None:
    gateway = build_gateway(breaker_failures=2, breaker_open_s=5)
    clock = [100.0]
    gateway.parts.services["listing"].breaker.clock = lambda: clock[0]
    async with client_of(gateway) as client:
        service.raises = [TooSlow(), TooSlow()]
        assert [(await client.get("/api/v1/rights")).status_code for _ in range(2)] == [504, 504]
        resting = await client.get("/api/v1/rights")
        assert (resting.status_code, problem(resting)) == (503, "service-resting")
        assert resting.headers["retry-after"] == "5"
        assert len(service.scopes) == 2
        clock[0] += 5
        assert [(await client.get("/api/v1/rights")).status_code for _ in range(2)] == [200, 200]


async def test_a_service_that_refuses_or_errs_is_not_down(build_gateway: Build, service: Fake) -> None:
    async with client_of(build_gateway(breaker_failures=1)) as client:
        for service.status in (400, 401, 403, 404, 409, 422, 500, 503):
            assert (await client.get("/api/v1/rights")).status_code == service.status


async def test_an_answer_that_breaks_off_is_not_made_whole(tmp_path: Path) -> None:
    async def breaking(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise Unreachable

    gateway = build(GatewaySettings(home=tmp_path), {"listing": breaking})
    async with client_of(gateway) as client:
        with pytest.raises(Unreachable):
            await client.get("/api/v1/rights")


async def test_too_many_requests_are_told_when_to_come_back(build_gateway: Build, service: Fake) -> None:
    async with client_of(build_gateway(rate_per_s=0.5, rate_burst=2)) as client:
        answers = [await client.get("/api/v1/rights") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"default";q=2;w=4'
        assert answers[0].headers["ratelimit"] == '"default";r=1;t=2'
        assert problem(answers[2]) == "too-many-requests"
        assert 1 <= int(answers[2].headers["retry-after"]) <= 2
        assert (await client.get("/healthz")).status_code == 200
    assert len(service.scopes) == 2


async def test_addresses_are_counted_apart(build_gateway: Build) -> None:
    gateway = build_gateway(rate_per_s=0.1, rate_burst=1)
    for address in ("10.0.0.1", "10.0.0.2"):
        async with client_of(gateway, client=(address, 1)) as client:
            assert [(await client.get("/api/v1/rights")).status_code for _ in range(2)] == [200, 429]


async def test_front_ends_of_other_origins_are_let_in_by_setting(build_gateway: Build) -> None:
    asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
    async with client_of(build_gateway(cors_origins=["https://app.example"])) as client:
        preflight = await client.options("/api/v1/rights", headers=asks)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        answer = await client.get("/api/v1/rights", headers={"Origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "ETag" in answer.headers["access-control-expose-headers"]
        stranger = await client.get("/api/v1/rights", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers
    async with client_of(build_gateway()) as client:
        answer = await client.get("/api/v1/rights", headers={"Origin": "https://app.example"})
        assert "access-control-allow-origin" not in answer.headers


async def test_answers_stream(tmp_path: Path) -> None:
    """Each piece is passed on before the next is there."""
    sent: list[bytes] = []
    passed_on: list[list[bytes]] = []

    async def counting(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(3):
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": number < 2})
            passed_on.append(list(sent))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            sent.append(message["body"])

    gateway = build(GatewaySettings(home=tmp_path), {"listing": counting})
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/rights",
        "raw_path": b"/api/v1/rights",
        "query_string": b"",
        "headers": [],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
    }
    await gateway.asgi(scope, receive, send)
    assert passed_on == [[b"0"], [b"0", b"1"], [b"0", b"1", b"2"]]


async def test_with_an_external_provider_own_accounts_are_off(build_gateway: Build) -> None:
    async with client_of(build_gateway(oidc_issuer="https://id.example")) as client:
        for method, path in [
            ("POST", "/api/v1/sessions"),
            ("POST", "/api/v1/sessions/refresh"),
            ("GET", "/.well-known/jwks.json"),
        ]:
            body = {"email": "a@b.c", "password": "p", "refresh_token": "r"}
            known = {"refresh_token": "r"} if "refresh" in path else {"email": body["email"], "password": "p"}
            answer = await client.request(method, path, json=known)
            assert (answer.status_code, problem(answer)) == (409, "external-accounts")
            assert "https://id.example" in answer.json()["detail"]
