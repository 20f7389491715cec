"""Whose address is counted when there are proxies in front, and who may say so."""

from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from gateway.bootstrap import build
from gateway.settings import GatewaySettings

PROXY, INNER_PROXY, STRANGER, CALLER = "10.1.0.7", "192.168.5.5", "203.0.113.9", "198.51.100.4"
NETWORKS = ["10.1.0.0/16", INNER_PROXY]


async def seen(home: Path, peer: str, *, trusted: list[str], **headers: str) -> tuple[httpx.Response, dict[str, str]]:
    """The answer, and what a service was told of the caller."""
    told: dict[str, str] = {}

    async def service(scope: Scope, _receive: Receive, send: Send) -> None:
        told.update({name.decode(): value.decode() for name, value in scope["headers"]})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gateway = build(GatewaySettings(home=home, trusted_proxies=trusted), {"listing": service})
    transport = httpx.ASGITransport(app=gateway.asgi, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://hall") as client:
        answer = await client.get("/api/v1/rights", headers={name.replace("_", "-"): headers[name] for name in headers})
    return answer, told


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        (PROXY, CALLER, CALLER),
        (PROXY, f"{CALLER}, {INNER_PROXY}", CALLER),
        (PROXY, f"6.6.6.6, {CALLER}", CALLER),  # what the caller itself wrote in front is not believed
        (PROXY, f"{CALLER}:4711", CALLER),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, "", PROXY),
        (STRANGER, CALLER, STRANGER),
        ("127.0.0.1", CALLER, "127.0.0.1"),  # this machine is no proxy unless it is said to be one
    ],
)
async def test_the_last_address_that_is_no_proxy_of_ours_is_the_caller(
    tmp_path: Path, peer: str, forwarded: str, counted: str
) -> None:
    _, told = await seen(tmp_path, peer, trusted=NETWORKS, x_forwarded_for=forwarded, x_real_ip="6.6.6.6")
    assert told["x-forwarded-for"] == counted
    assert "x-real-ip" not in told


@pytest.mark.parametrize(("peer", "scheme"), [(PROXY, "https"), (STRANGER, "http")])
async def test_only_a_proxy_of_ours_says_that_it_was_https(tmp_path: Path, peer: str, scheme: str) -> None:
    answer, told = await seen(tmp_path, peer, trusted=NETWORKS, x_forwarded_proto="https", x_forwarded_for=CALLER)
    assert told["x-forwarded-proto"] == scheme
    assert ("strict-transport-security" in answer.headers) == (scheme == "https")


async def test_without_the_setting_nobody_is_believed(tmp_path: Path) -> None:
    _, told = await seen(tmp_path, "127.0.0.1", trusted=[], x_forwarded_for=CALLER)
    assert told["x-forwarded-for"] == "127.0.0.1"


async def test_callers_behind_one_proxy_are_counted_apart(tmp_path: Path) -> None:
    settings = GatewaySettings(home=tmp_path, trusted_proxies=NETWORKS, rate_per_s=0.1, rate_burst=1)
    transport = httpx.ASGITransport(app=build(settings, {}).asgi, client=(PROXY, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://hall") as client:
        statuses = [
            (await client.get("/api/v1/nothing", headers={"X-Forwarded-For": caller})).status_code
            for caller in (CALLER, STRANGER, CALLER, "6.6.6.6, " + CALLER)
        ]
    assert statuses == [404, 404, 429, 429]


@pytest.mark.parametrize("wrong", ["proxy.example", "10.1.0.7/16", "*", ""])
def test_what_is_no_network_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValidationError, match="ZAYTON_TRUSTED_PROXIES"):
        GatewaySettings(trusted_proxies=[wrong])
