"""The gateway in front of services in other processes, with small fakes in their place: what the network can do."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.serving import serving
from gateway.bootstrap import Gateway, build
from gateway.settings import GatewaySettings
from tests.support.people import problem

MIB = 1_048_576


def free_port(port: int = 0) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound


class Service:
    """Answers by path, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.connections: set[Any] = set()
        self.headers: dict[bytes, bytes] = {}
        self.received = hashlib.sha256()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        self.asked += 1
        self.connections.add(scope["client"])
        self.headers = dict(scope["headers"])
        await getattr(self, scope["path"].rpartition("/")[2])(receive, send)

    async def rights(self, receive: Receive, send: Send) -> None:
        """Answers with the digest of what it got."""
        digest = hashlib.sha256()
        while True:
            message = await receive()
            digest.update(message.get("body", b""))
            if not message.get("more_body"):
                break
        await self.answer(send, digest.hexdigest().encode())

    imports = rights

    async def slow(self, _receive: Receive, send: Send) -> None:
        await asyncio.sleep(3)
        await self.answer(send, b"late")

    async def huge(self, _receive: Receive, send: Send) -> None:
        headers = [(b"connection", b"x-secret"), (b"x-secret", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(64):
            await send({"type": "http.response.body", "body": bytes(MIB), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def dies(self, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("before any answer")

    async def breaks(self, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("in the middle of an answer")

    async def redirect(self, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", b"/api/v1/rights")]})
        await send({"type": "http.response.body", "body": b""})

    async def cookies(self, _receive: Receive, send: Send) -> None:
        headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def empty(self, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @staticmethod
    async def answer(send: Send, body: bytes) -> None:
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


Front = Callable[..., Any]


@pytest.fixture
def front(settings: GatewaySettings) -> Front:
    """`async with front(service or URL, **settings) as (client, gateway)`: all three over sockets."""

    @asynccontextmanager
    async def run(target: ASGIApp | str, **changes: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Gateway]]:
        if isinstance(target, str):
            async with _gateway(settings.model_copy(update=changes), target) as running:
                yield running
            return
        bound = free_port()
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        async with serving(target, bound), _gateway(settings.model_copy(update=changes), url) as running:
            yield running

    return run


@asynccontextmanager
async def _gateway(settings: GatewaySettings, url: str) -> AsyncIterator[tuple[httpx.AsyncClient, Gateway]]:
    gateway = build(settings, {"listing": url})
    bound = free_port()
    base = f"http://127.0.0.1:{bound.getsockname()[1]}"
    async with AsyncExitStack() as stack:
        stack.push_async_callback(gateway.close)
        await stack.enter_async_context(serving(gateway.asgi, bound, before_stop=gateway.hang_up))
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=base, timeout=20)), gateway


@pytest.fixture
def service() -> Service:
    return Service()


async def test_connections_to_a_service_are_kept(front: Front, service: Service) -> None:
    async with front(service) as (client, _):
        for _ in range(10):
            assert (await client.get("/api/v1/rights")).status_code == 200
    assert (service.asked, len(service.connections)) == (10, 1)


async def test_headers_and_queries_arrive_as_they_were_sent(front: Front, service: Service) -> None:
    async with front(service) as (client, _):
        await client.get("/api/v1/rights?q=%E9%92%A0&next=a%2Bb", headers={"Accept": "a/b", "Host": "hall.example"})
    headers = service.headers
    assert headers[b"accept"] == b"a/b"
    assert headers[b"host"] == b"hall.example"
    assert headers[b"accept-encoding"] == b"identity"
    assert headers[b"x-forwarded-for"] == b"127.0.0.1"
    assert b"python-httpx" in headers[b"user-agent"]
    assert b"transfer-encoding" not in headers


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, MIB])
@pytest.mark.parametrize("declared", [True, False])
async def test_bodies_arrive_whole(front: Front, service: Service, size: int, declared: bool) -> None:
    body = bytes(range(256)) * (size // 256) + b"\x00" * (size % 256)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 10_000):
            yield body[start : start + 10_000]

    async with front(service) as (client, _):
        answer = await client.post("/api/v1/rights", content=body if declared else pieces())
    assert answer.text == hashlib.sha256(body).hexdigest()


async def test_an_import_of_the_largest_size_passes_and_one_more_byte_does_not(front: Front, service: Service) -> None:
    limit = 64 * MIB

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, size, MIB):
            yield bytes(min(MIB, size - start))

    async with front(service) as (client, _):
        whole = await client.post("/api/v1/imports", content=pieces(limit))
        assert whole.text == hashlib.sha256(bytes(limit)).hexdigest()
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(b"POST /api/v1/imports HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (limit + 1))
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 413")
        writer.close()


async def test_a_body_that_grows_past_its_limit_is_cut_off(front: Front, service: Service) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield bytes(65_536)

    async with front(service, max_body_bytes=200_000) as (client, gateway):
        answer = await client.post("/api/v1/rights", content=pieces())
        assert (answer.status_code, problem(answer)) == (413, "body-too-large")
        assert gateway.parts.services["listing"].breaker.state == "closed"
        assert (await client.get("/api/v1/rights")).status_code == 200


async def test_a_huge_answer_streams(front: Front, service: Service) -> None:
    async with front(service) as (client, _), client.stream("GET", "/api/v1/rights/huge") as answer:
        assert "x-secret" not in answer.headers  # named by Connection, so of that connection alone
        assert len(answer.headers.get_list("date")) == 1
        received = 0
        async for chunk in answer.aiter_raw():
            received += len(chunk)
            assert len(chunk) < 4 * MIB
    assert received == 64 * MIB


async def test_a_slow_service_is_a_504_and_others_are_served_meanwhile(front: Front, service: Service) -> None:
    async with front(service, answer_timeout_s=0.5) as (client, _):
        slow, quick = await asyncio.gather(client.get("/api/v1/rights/slow"), client.get("/api/v1/rights"))
        assert (slow.status_code, problem(slow)) == (504, "service-slow")
        assert quick.status_code == 200


async def test_a_service_that_is_down_is_a_503_and_then_left_alone(front: Front) -> None:
    unused = free_port()
    url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    unused.close()
    async with front(url, breaker_failures=3, breaker_open_s=30) as (client, _):
        answers = [await client.get("/api/v1/rights") for _ in range(4)]
        assert [problem(answer) for answer in answers] == ["service-down"] * 3 + ["service-resting"]
        assert {answer.status_code for answer in answers} == {503}
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 30
        ready = await client.get("/readyz")
        assert (ready.status_code, problem(ready)) == (503, "services-not-ready")
        assert "listing" in ready.json()["detail"]
        assert (await client.get("/healthz")).status_code == 200


async def test_a_service_that_comes_back_is_found(front: Front, service: Service) -> None:
    bound = free_port()
    port = bound.getsockname()[1]
    async with front(f"http://127.0.0.1:{port}", breaker_failures=1, breaker_open_s=0.2) as (client, _):
        bound.close()
        assert (await client.get("/api/v1/rights")).status_code == 503
        async with serving(service, free_port(port)):
            await asyncio.sleep(0.3)
            assert (await client.get("/api/v1/rights")).status_code == 200


async def test_a_restarted_service_is_reached_without_an_error(front: Front, service: Service) -> None:
    """The kept connection is dead; a GET is sent anew on another."""
    bound = free_port()
    port = bound.getsockname()[1]
    async with front(f"http://127.0.0.1:{port}") as (client, _):
        async with serving(service, bound):
            assert (await client.get("/api/v1/rights")).status_code == 200
        async with serving(service, free_port(port)):
            assert (await client.get("/api/v1/rights")).status_code == 200


async def test_an_error_of_a_service_is_passed_on(front: Front, service: Service) -> None:
    async with front(service) as (client, _):
        assert (await client.get("/api/v1/rights/dies")).status_code == 500


async def test_an_answer_that_breaks_off_is_broken_off(front: Front, service: Service) -> None:
    async with front(service) as (client, _):
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/api/v1/rights/breaks")


async def test_redirects_and_cookies_are_the_callers_business(front: Front, service: Service) -> None:
    async with front(service) as (client, _):
        redirect = await client.get("/api/v1/rights/redirect")
        assert (redirect.status_code, redirect.headers["location"]) == (307, "/api/v1/rights")
        cookies = await client.get("/api/v1/rights/cookies")
        assert cookies.headers.get_list("set-cookie") == ["a=1", "b=2"]
        client.cookies.clear()
        await client.get("/api/v1/rights")
        assert b"cookie" not in service.headers


async def test_answers_without_a_body(front: Front, service: Service) -> None:
    async with front(service) as (client, _):
        assert (await client.get("/api/v1/rights/empty")).status_code == 204
        head = await client.head("/api/v1/rights")
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "64")
        assert (await client.get("/api/v1/rights")).status_code == 200


async def test_a_caller_who_hangs_up_while_sending_does_not_count_against_the_service(
    front: Front, service: Service
) -> None:
    async with front(service, breaker_failures=1) as (client, gateway):
        _, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(b"POST /api/v1/imports HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + bytes(100_000))
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.close()
        await asyncio.sleep(0.2)
        assert gateway.parts.services["listing"].breaker.state == "closed"
        assert (await client.get("/api/v1/rights")).status_code == 200


@pytest.mark.parametrize(
    "raw",
    [b"GET\r\n\r\n", b"\x16\x03\x01\x02", b"GET /api/v1/rights HTTP/1.1\r\nHost: h\r\nContent-Length: a\r\n\r\n"],
)
async def test_what_is_no_http_is_refused_and_forgotten(front: Front, service: Service, raw: bytes) -> None:
    async with front(service) as (client, _):
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(raw)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
        assert (await client.get("/api/v1/rights")).status_code == 200
