"""API keys: shown once, exchanged at the door, limited by role and time."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from starlette.types import Receive, Scope, Send

from gateway.bootstrap import Gateway, build
from gateway.identity.api_keys import Keyring
from gateway.settings import GatewaySettings
from gateway.tables import ApiKey
from services.kit.auth import Verifier
from services.kit.clock import utcnow
from services.kit.db import Database
from tests.support.people import Hall, Person, problem


async def make(person: Person, role: str = "agent", **changes: Any) -> dict[str, Any]:
    answer = await person.http.post(f"{person.path}/api-keys", json={"name": "Importer", "role": role} | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def me(hall: Hall, key: str) -> httpx.Response:
    return await hall.anonymous.get("/api/v1/me", headers={"X-API-Key": key})


async def test_is_shown_once_and_kept_as_a_digest(hall: Hall, database: Database) -> None:
    admin = await hall.administrator()
    made = await make(admin)
    assert made["key"].startswith("zk_")
    assert made["key"].startswith(made["hint"])
    assert len(made["hint"]) < 10
    listed = (await admin.http.get(f"{admin.path}/api-keys")).json()["items"]
    assert [each["api_key_id"] for each in listed] == [made["api_key_id"]]
    assert "key" not in listed[0]
    async with database.transaction() as session:
        kept = (await session.execute(select(ApiKey))).scalar_one()
    assert made["key"].encode() not in kept.key_hash


async def test_acts_for_its_organisation_with_its_role(hall: Hall) -> None:
    admin = await hall.administrator()
    made = await make(admin, "viewer")
    answer = await me(hall, made["key"])
    assert answer.status_code == 200
    assert answer.json()["organisation"]["organisation_id"] == admin.organisation_id
    assert (answer.json()["role"], answer.json()["member"]) == ("viewer", None)
    keys = await hall.anonymous.get(f"{admin.path}/api-keys", headers={"X-API-Key": made["key"]})
    assert (keys.status_code, problem(keys)) == (403, "administrators-only")
    listed = (await admin.http.get(f"{admin.path}/api-keys")).json()["items"]
    assert listed[0]["last_used_at"] is not None


@pytest.mark.parametrize("key", ["zk_made-up", "something", "zk_" + "é"])
async def test_one_that_is_none(hall: Hall, key: str) -> None:
    answer = await hall.anonymous.get("/api/v1/me", headers={"X-API-Key": key.encode("latin-1")})
    assert (answer.status_code, problem(answer)) == (401, "invalid-api-key")


async def test_revoked_and_expired_ones_end(hall: Hall, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keyring, "REUSE_S", 0.0)
    admin = await hall.administrator()
    revoked, expired = await make(admin), await make(admin)
    assert (await admin.http.delete(f"{admin.path}/api-keys/{revoked['api_key_id']}")).status_code == 204
    async with database.transaction() as session:
        await session.execute(
            update(ApiKey).where(ApiKey.hint == expired["hint"]).values(expires_at=utcnow() - timedelta(seconds=1))
        )
    for made in (revoked, expired):
        answer = await me(hall, made["key"])
        assert (answer.status_code, problem(answer)) == (401, "invalid-api-key")
    again = await admin.http.delete(f"{admin.path}/api-keys/{revoked['api_key_id']}")
    assert (again.status_code, problem(again)) == (404, "api-key-not-found")


async def test_an_exchange_is_remembered_for_seconds_only(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = await hall.administrator()
    made = await make(admin)
    assert (await me(hall, made["key"])).status_code == 200
    await admin.http.delete(f"{admin.path}/api-keys/{made['api_key_id']}")
    assert (await me(hall, made["key"])).status_code == 200
    assert Keyring.REUSE_S <= 30
    monkeypatch.setattr("gateway.identity.api_keys.time.monotonic", lambda: 1e12)
    assert (await me(hall, made["key"])).status_code == 401


async def test_lasts_a_year_unless_told_otherwise(hall: Hall) -> None:
    admin = await hall.administrator()
    made = await make(admin)
    assert made["expires_at"][:4] == str((utcnow() + timedelta(days=365)).year)
    past = {"name": "k", "role": "agent", "expires_at": "2020-01-01T00:00:00Z"}
    answer = await admin.http.post(f"{admin.path}/api-keys", json=past)
    assert (answer.status_code, problem(answer)) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "/expires_at"


async def test_the_answer_that_holds_a_key_is_not_kept_for_repeats(hall: Hall) -> None:
    admin = await hall.administrator()
    posts = [
        await admin.http.post(
            f"{admin.path}/api-keys", json={"name": "k", "role": "agent"}, headers={"Idempotency-Key": "same"}
        )
        for _ in range(2)
    ]
    assert len({post.json()["key"] for post in posts}) == 2


async def test_services_see_a_token_and_never_the_key(settings: GatewaySettings) -> None:
    seen: list[Scope] = []

    async def service(scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gateway: Gateway = build(settings, {"listing": service})
    hall = Hall(gateway)
    admin = await hall.administrator()
    made = await make(admin)
    for headers in ({"X-API-Key": made["key"]}, {"X-API-Key": made["key"], "Authorization": "Bearer forged"}):
        assert (await hall.anonymous.get("/api/v1/rights", headers=headers)).status_code == 204
        passed_on = seen[-1]["headers"]
        assert made["key"].encode() not in b"".join(value for _, value in passed_on)
        (authorization,) = (value.decode() for name, value in passed_on if name == b"authorization")
        verifier = Verifier(gateway.parts.issuer.key_set, issuer="zayton", audience="zayton")
        principal = await verifier.principal(authorization.removeprefix("Bearer "))
        assert str(principal.organisation_id) == admin.organisation_id
        assert (str(principal.user_id), principal.name) == (made["api_key_id"], "Importer")
    await hall.close()
    await gateway.close()
