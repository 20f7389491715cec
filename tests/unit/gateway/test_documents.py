"""The hall's one OpenAPI document, while services come and go."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import Receive, Scope, Send

from gateway.bootstrap import build
from gateway.openapi.documents import Documents
from gateway.settings import GatewaySettings
from services.kit.problems import STATUS

GET = {"operationId": "list", "responses": {"200": {"description": "A list"}}}


class Service:
    def __init__(self, *paths: str) -> None:
        self.up = True
        self.document = {"openapi": "3.1.0", "paths": {path: {"get": dict(GET)} for path in paths}, "components": {}}

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        if not self.up:
            raise ConnectionRefusedError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": orjson.dumps(self.document)})


@pytest.fixture
def listing() -> Service:
    return Service("/api/v1/rights", "/api/v1/rights/{right_id}", "/api/v1/secrets", "/internal")


@pytest.fixture
def documents(tmp_path: Path, listing: Service) -> Documents:
    gateway = build(GatewaySettings(home=tmp_path), {"listing": listing, "notify": Service("/api/v1/notifications")})
    return gateway.parts.documents


async def now(documents: Documents) -> dict[str, Any]:
    documents._good_until = 0
    document: dict[str, Any] = orjson.loads(await documents.document())
    return document


async def test_holds_the_routed_paths_of_all_and_no_others(documents: Documents) -> None:
    document = await now(documents)
    assert {"/api/v1/rights", "/api/v1/rights/{right_id}", "/api/v1/notifications", "/api/v1/me"} <= set(
        document["paths"]
    )
    assert not {"/api/v1/secrets", "/internal"} & set(document["paths"])
    assert document["info"]["x-services"] == {"gateway": "current", "listing": "current", "notify": "current"}


async def test_keeps_the_last_known_part_of_a_service_that_is_down_and_says_so(
    documents: Documents, listing: Service
) -> None:
    await now(documents)
    listing.up = False
    document = await now(documents)
    assert "/api/v1/rights" in document["paths"]
    assert document["info"]["x-services"]["listing"] == "last_known"
    assert "listing" in document["info"]["description"]


async def test_says_which_part_is_missing_and_takes_it_in_when_it_comes(documents: Documents, listing: Service) -> None:
    listing.up = False
    document = await now(documents)
    assert "/api/v1/rights" not in document["paths"]
    assert document["info"]["x-services"] == {"gateway": "current", "listing": "missing", "notify": "current"}
    listing.up = True
    assert "/api/v1/rights" in (await now(documents))["paths"]


async def test_is_kept_for_a_while(documents: Documents, listing: Service) -> None:
    first = await documents.document()
    listing.document["paths"] = {}
    assert await documents.document() is first


async def test_is_served_as_json_and_names_every_problem(tmp_path: Path) -> None:
    gateway = build(GatewaySettings(home=tmp_path), {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway.asgi), base_url="http://hall") as client:
        answer = await client.get("/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    problems = {each["type"].rpartition("/")[2]: each for each in answer.json()["x-problem-types"]}
    assert problems["email-taken"]["status"] == 409
    assert problems["service-down"]["title"]["zh"] == "服务没有响应"
    assert {each["status"] for each in problems.values()} <= set(STATUS.values())
