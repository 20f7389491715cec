"""What the gateway says of the services behind it."""

from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from starlette.types import Receive, Scope, Send

from gateway.bootstrap import build
from gateway.settings import GatewaySettings
from services.kit.db import Database
from tests.support.people import Hall, problem

WAITING = orjson.dumps(
    {
        "outbox_backlog": 3,
        "dead_letters": {"waiting": 2, "groups": [{"topic": "listing.listings.v1", "reason": "KeyError", "count": 2}]},
    }
)


class Service:
    def __init__(self) -> None:
        self.ready = True

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200 if self.ready else 503, "headers": []})
        await send({"type": "http.response.body", "body": WAITING if scope["path"] == "/pending" else b"{}"})


@pytest.fixture
def listing() -> Service:
    return Service()


@pytest.fixture
async def hall(settings: GatewaySettings, listing: Service) -> AsyncIterator[Hall]:
    gateway = build(settings, {"listing": listing, "notify": Service()})
    hall = Hall(gateway)
    yield hall
    await hall.close()
    await gateway.close()


async def test_ready_means_all_services_are(hall: Hall, listing: Service) -> None:
    assert (await hall.anonymous.get("/readyz")).json() == {"status": "ready"}
    listing.ready = False
    answer = await hall.anonymous.get("/readyz", headers={"Accept-Language": "zh"})
    assert (answer.status_code, problem(answer)) == (503, "services-not-ready")
    assert "listing" in answer.json()["detail"]
    assert "notify" not in answer.json()["detail"]


async def test_operators_see_which_service_is_not_well(hall: Hall, listing: Service) -> None:
    operator = await hall.operator()
    listing.ready = False
    answer = (await operator.http.get("/api/v1/status")).json()
    assert not answer["ready"]
    by_name = {each["name"]: each for each in answer["services"]}
    assert {name: each["ready"] for name, each in by_name.items()} == {
        "listing": False,
        "notify": True,
        "gateway": True,
    }
    assert "503" in by_name["listing"]["fault"]
    assert by_name["notify"]["breaker"] == "closed"
    assert by_name["notify"]["outbox_backlog"] == 3
    assert by_name["notify"]["dead_letters"] == orjson.loads(WAITING)["dead_letters"]
    assert by_name["listing"]["outbox_backlog"] is None
    assert by_name["gateway"]["outbox_backlog"] > 0  # nobody publishes in this test


async def test_what_waits_inside_is_not_told_to_the_world(hall: Hall) -> None:
    assert (await hall.anonymous.get("/pending")).status_code == 404


async def test_without_its_database_the_gateway_is_alive_but_not_ready(settings: GatewaySettings) -> None:
    nowhere = settings.model_validate(settings.model_dump() | {"database_url": "postgresql://u@127.0.0.1:1/x"})
    gateway = build(nowhere, {})
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway.asgi), base_url="http://hall")
    assert (await client.get("/healthz")).status_code == 200
    ready = await client.get("/readyz")
    assert (ready.status_code, problem(ready)) == (503, "unavailable")
    for headers in ({"X-API-Key": "zk_any"}, {}):
        answer = await client.post("/api/v1/sessions", json={"email": "a@b.c", "password": "p"}, headers=headers)
        assert (answer.status_code, problem(answer)) == (503, "unavailable")
    await client.aclose()
    await gateway.close()


async def test_metrics_count_what_was_passed_on(hall: Hall, database: Database) -> None:
    assert database.schema == "gateway"
    await hall.anonymous.get("/api/v1/rights/odd-id?token=never-counted")
    metrics = (await hall.anonymous.get("/metrics")).text
    assert 'route="/api/v1/rights",service="gateway",status="200"' in metrics
    assert "odd-id" not in metrics
    assert "never-counted" not in metrics
