"""What every endpoint of every service answers, shown on an app of one resource."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import DeclarativeBase

from services.kit import messages
from services.kit.auth import Principal
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.problems import NotFound
from services.kit.tables import dead_letters
from services.kit.web import (
    Caller,
    IfMatch,
    Page,
    PagingQuery,
    Tx,
    allow,
    check_match,
    create_app,
    etag,
    not_repeatable,
    paginate,
    router,
)
from tests.support.effects import effects
from tests.support.tokens import Issuer, principal


class Base(DeclarativeBase):
    pass


class Effect(Base):
    __table__ = effects.to_metadata(Base.metadata)


class NewEffect(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=3000)
    size: int = 0


class EffectView(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: UUID
    name: str


def things() -> APIRouter:
    api = router(prefix="/things", tags=["things"])

    @api.post("", status_code=201)
    async def make(body: NewEffect, tx: Tx, _caller: Annotated[Principal, Depends(allow())]) -> EffectView:
        identity = new_id()
        await tx.execute(insert(effects).values(id=identity, name=body.name))
        if body.name == "slow":
            await asyncio.sleep(0.3)
        if body.name == "boom":
            raise RuntimeError("after the insert")
        return EffectView(id=identity, name=body.name)

    @api.post("/secret", status_code=201)
    @not_repeatable
    async def secret(tx: Tx, _caller: Caller) -> EffectView:
        identity = new_id()
        await tx.execute(insert(effects).values(id=identity, name="secret"))
        return EffectView(id=identity, name="secret")

    @api.get("")
    async def every(tx: Tx, paging: PagingQuery) -> Page[EffectView]:
        rows, cursor = await paginate(tx, select(Effect), paging, sort=(Effect.name, Effect.id), descending=False)
        return Page(items=[EffectView.model_validate(row) for row in rows], next=cursor)

    @api.patch("/{thing_id}")
    async def rename(thing_id: UUID, body: NewEffect, tx: Tx, held: IfMatch, response: Response) -> EffectView:
        row = (await tx.execute(select(effects).where(effects.c.id == thing_id).with_for_update())).one_or_none()
        if row is None:
            raise NotFound
        check_match(held, row.aggregate_version)
        await tx.execute(
            update(effects)
            .where(effects.c.id == thing_id)
            .values(name=body.name, aggregate_version=row.aggregate_version + 1)
        )
        etag(response, row.aggregate_version + 1)
        return EffectView(id=thing_id, name=body.name)

    return api


@pytest.fixture
def app(database: Database, issuer: Issuer) -> FastAPI:
    return create_app(
        "kit",
        routers=[things()],
        database=database,
        verifier=issuer.verifier(),
        messages=Path(messages.__file__).with_name("messages.toml"),
        max_body_bytes=4000,
    )


Bearer = Callable[..., dict[str, str]]


@pytest.fixture
def bearer(issuer: Issuer) -> Bearer:
    def headers(role: str = "agent") -> dict[str, str]:
        return issuer.headers(principal("company", role))

    return headers


@pytest.fixture
async def client(app: FastAPI, bearer: Bearer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://hall", headers=bearer()
    ) as client:
        yield client


@pytest.fixture
def count(database: Database) -> Callable[[], Any]:
    async def counted() -> int:
        async with database.transaction() as session:
            return len((await session.execute(select(effects))).all())

    return counted


async def test_the_same_key_has_one_effect_and_one_answer(client: httpx.AsyncClient, count: Callable[[], Any]) -> None:
    key = {"idempotency-key": "k1"}
    first = await client.post("/things", json={"name": "a"}, headers=key)
    again = await client.post("/things", json={"name": "a"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert await count() == 1


async def test_the_same_key_with_another_body_is_refused(client: httpx.AsyncClient, count: Callable[[], Any]) -> None:
    key = {"idempotency-key": "k1"}
    await client.post("/things", json={"name": "a"}, headers=key)
    other = await client.post("/things", json={"name": "b"}, headers=key)
    assert other.status_code == 422
    assert other.json()["type"].endswith("/idempotency-key-reused")
    assert await count() == 1


async def test_a_key_in_flight_is_refused_with_when_to_come_again(
    client: httpx.AsyncClient, count: Callable[[], Any]
) -> None:
    key = {"idempotency-key": "k1"}
    answers = await asyncio.gather(*[client.post("/things", json={"name": "slow"}, headers=key) for _ in range(3)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.headers.get("retry-after") for answer in answers if answer.status_code == 409} == {"1"}
    assert await count() == 1


async def test_another_callers_key_is_another_key(
    client: httpx.AsyncClient, count: Callable[[], Any], bearer: Bearer
) -> None:
    await client.post("/things", json={"name": "a"}, headers={"idempotency-key": "k1"})
    await client.post("/things", json={"name": "a"}, headers={"idempotency-key": "k1", **bearer()})
    assert await count() == 2


async def test_a_request_that_fails_leaves_no_effect_and_frees_its_key(
    client: httpx.AsyncClient, count: Callable[[], Any]
) -> None:
    failed = await client.post("/things", json={"name": "boom"}, headers={"idempotency-key": "k1"})
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert "after the insert" not in failed.text
    assert await count() == 0
    assert (await client.post("/things", json={"name": "fine"}, headers={"idempotency-key": "k1"})).status_code == 201


async def test_an_answer_with_a_secret_is_not_kept(client: httpx.AsyncClient, database: Database) -> None:
    for _ in range(2):
        await client.post("/things/secret", headers={"idempotency-key": "k1"})
    async with database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM idempotent_answers"))).scalar_one() == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_a_key_out_of_form_is_refused(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post("/things", json={"name": "a"}, headers={"idempotency-key": key})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b'{"name": ', 400, "malformed-body"),
        (b"[]", 422, "invalid-input"),
        (b'{"name": "a", "extra": 1}', 422, "invalid-input"),
        (b'{"name": "a\\u0000b"}', 422, "invalid-input"),
        (b'{"name": "' + b"x" * 5000 + b'"}', 413, "body-too-large"),
        (b"", 422, "invalid-input"),
        (b"\xff\xfe", 400, "malformed-body"),
    ],
)
async def test_bad_bodies(
    client: httpx.AsyncClient, count: Callable[[], Any], content: bytes, status: int, slug: str
) -> None:
    answer = await client.post("/things", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, slug)
    assert await count() == 0


async def test_a_body_that_grows_past_the_limit_without_saying_so(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    assert (await client.post("/things", content=endless())).status_code == 413


async def test_faults_are_located_and_worded_in_the_callers_language(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"size": "much"}, headers={"accept-language": "zh-CN"})
    assert answer.headers["content-language"] == "zh"
    faults = {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}
    assert faults == {"/name": "此字段必填。", "/size": "此处须为整数。"}


async def test_who_may(client: httpx.AsyncClient, bearer: Bearer) -> None:
    viewer = await client.post("/things", json={"name": "a"}, headers=bearer("viewer"))
    assert viewer.status_code == 403
    nobody = await client.post("/things", json={"name": "a"}, headers={"authorization": ""})
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"] == "Bearer"
    wrong = await client.post("/things", json={"name": "a"}, headers={"authorization": "Basic eDp5"})
    assert wrong.status_code == 401


async def test_pages_follow_one_another_without_gap_or_double(client: httpx.AsyncClient, database: Database) -> None:
    async with database.transaction() as session:
        # Equal names across a page's edge: the id decides.
        await session.execute(insert(effects), [{"id": new_id(), "name": f"n{n // 3}"} for n in range(10)])
    seen, url = [], "/things?limit=4"
    while url:
        answer = await client.get(url)
        seen += [item["id"] for item in answer.json()["items"]]
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        assert bool(url) == (answer.json()["next"] is not None)
    assert len(seen) == len(set(seen)) == 10


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "bnVsbA", "e30", "%00", "A" * 501])
async def test_a_cursor_not_made_here_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    assert (await client.get("/things", params={"cursor": cursor})).status_code == 422


@pytest.mark.parametrize(
    ("header", "status"),
    [(None, 428), ('"1"', 200), ('W/"1"', 200), ("*", 200), ('"7"', 412), ("x", 422), ("9" * 30, 422)],
)
async def test_a_change_needs_the_version_last_read(client: httpx.AsyncClient, header: str | None, status: int) -> None:
    thing = (await client.post("/things", json={"name": "a"})).json()["id"]
    headers = {} if header is None else {"if-match": header}
    answer = await client.patch(f"/things/{thing}", json={"name": "b"}, headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("etag") == ('"2"' if status == 200 else None)


async def test_request_ids_are_kept_if_sane(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things", headers={"x-request-id": "abc-123"})).headers["x-request-id"] == "abc-123"
    strange = (await client.get("/things", headers={"x-request-id": "a b\tc"})).headers["x-request-id"]
    assert UUID(strange)


async def test_a_database_that_is_gone_is_said_so(app: FastAPI) -> None:
    app.state.database = Database("postgresql://nobody@127.0.0.1:1/none", "kit")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hall") as client:
        answer = await client.get("/things")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"


async def test_what_waits_is_counted_by_topic_and_reason_without_what_is_in_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    letter = {"partition": 0, "offset": 1, "headers": {}, "payload": b"secret", "error": "secret", "attempts": 1}
    rows = [{**letter, "topic": "b.v1", "reason": "KeyError"}] * 2 + [{**letter, "topic": "a.v1", "reason": "late"}]
    async with database.transaction() as session:
        await session.execute(insert(dead_letters), rows)
        await session.execute(insert(dead_letters), [{**rows[0], "replayed_at": utcnow()}])
    answer = await client.get("/pending")
    assert answer.json()["dead_letters"] == {
        "waiting": 3,
        "groups": [
            {"topic": "b.v1", "reason": "KeyError", "count": 2},
            {"topic": "a.v1", "reason": "late", "count": 1},
        ],
    }
    assert "secret" not in answer.text
    assert "/pending" not in (await client.get("/openapi.json")).json()["paths"]


async def test_health_metrics_and_documented_problems(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200
    await client.get("/things")
    assert 'route="/things",service="kit",status="200"' in (await client.get("/metrics")).text
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    refused = document["paths"]["/things"]["post"]["responses"]["4XX"]["content"]
    assert refused == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    assert "ProblemBody" in document["components"]["schemas"]
