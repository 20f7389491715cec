"""Organisations and their members: what is kept, what is told, what is refused."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from zayton.gateway.v1 import events_pb2 as pb

from services.kit.db import Database
from services.kit.tables import outbox
from services.kit.topics import message_class
from tests.support.people import PASSWORD, Hall, new_email, problem, registration

CODE = "91110000600037341L"


async def facts(database: Database, organisation_id: str) -> list[tuple[int, Any]]:
    """What was published about an organisation: version and message, in order."""
    async with database.transaction() as session:
        rows = await session.execute(select(outbox).where(outbox.c.key == organisation_id).order_by(outbox.c.id))
    found = []
    for row in rows:
        message = message_class(row.headers["ce_type"])
        assert message is not None
        found.append((int(row.headers["ce_aggregateversion"]), message.FromString(row.payload)))
    return found


async def test_registers_an_organisation_with_its_first_administrator(hall: Hall, database: Database) -> None:
    email = new_email()
    body = registration("company", email.upper(), unified_social_credit_code=CODE.lower())
    answer = await hall.anonymous.post("/api/v1/organisations", json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert made["organisation"]["unified_social_credit_code"] == CODE
    assert (made["member"]["role"], made["member"]["email"]) == ("admin", email)
    assert PASSWORD not in answer.text

    published = await facts(database, made["organisation"]["organisation_id"])
    assert [version for version, _ in published] == [1, 2]
    registered, joined = (message for _, message in published)
    assert registered.organisation.kind == pb.ORGANISATION_KIND_COMPANY
    assert registered.organisation.unified_social_credit_code == CODE
    assert joined.member.email == email
    assert joined.member.role == pb.MEMBER_ROLE_ADMIN


async def test_every_change_of_members_is_told_with_a_rising_version(hall: Hall, database: Database) -> None:
    admin = await hall.administrator()
    agent = await hall.colleague(admin, "agent")
    member = f"{admin.path}/members/{agent.user_id}"
    changed = await admin.http.patch(member, json={"role": "viewer", "name": "Chen Li"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["role"], changed.headers["etag"]) == (200, "viewer", '"2"')
    assert (await admin.http.delete(member)).status_code == 204
    published = await facts(database, admin.organisation_id)
    assert [version for version, _ in published] == [1, 2, 3, 4, 5]
    assert [type(message) for _, message in published[2:]] == [pb.MemberJoined, pb.MemberChanged, pb.MemberLeft]
    assert published[3][1].member.role == pb.MEMBER_ROLE_VIEWER


async def test_a_wrong_registration_code_is_located(hall: Hall, database: Database) -> None:
    body = registration(unified_social_credit_code="91110000600037341M")
    answer = await hall.anonymous.post("/api/v1/organisations", json=body, headers={"Accept-Language": "zh"})
    assert (answer.status_code, problem(answer)) == (422, "invalid-registration-code")
    assert answer.json()["errors"] == [
        {
            "pointer": "/unified_social_credit_code",
            "code": "uscc-check-digit",
            "detail": "校验码应为 L。",
            "position": 17,
        }
    ]
    async with database.transaction() as session:
        assert (await session.execute(select(outbox.c.id))).all() == []


async def test_codes_and_addresses_are_taken_once(hall: Hall) -> None:
    first = registration(unified_social_credit_code=CODE)
    assert (await hall.anonymous.post("/api/v1/organisations", json=first)).status_code == 201
    again = await hall.anonymous.post("/api/v1/organisations", json=registration(unified_social_credit_code=CODE))
    assert (again.status_code, problem(again)) == (409, "registration-code-taken")
    same = registration(email=first["admin"]["email"].upper())
    again = await hall.anonymous.post("/api/v1/organisations", json=same)
    assert (again.status_code, problem(again)) == (409, "email-taken")
    assert again.json()["errors"][0]["pointer"] == "/admin/email"


async def test_of_many_at_once_one_gets_the_address(hall: Hall) -> None:
    email = new_email()
    posts = (hall.anonymous.post("/api/v1/organisations", json=registration(email=email)) for _ in range(4))
    assert sorted(answer.status_code for answer in await asyncio.gather(*posts)) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a\u0000b"}, "/name"),
        ({"name": "\ud800"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": None}, "/name"),
        ({"kind": "ministry"}, "/kind"),
        ({"colour": "red"}, "/colour"),
        ({"admin": {"name": "L", "email": "no address", "password": PASSWORD}}, "/admin/email"),
        ({"admin": {"name": "L", "email": "a@b.test"}}, "/admin/password"),
        ({"admin": {"name": "L", "email": "a@b.test", "password": "short"}}, "/admin/password"),
        ({"admin": {"name": "L", "email": "a@b.test", "password": PASSWORD, "language": "fr"}}, "/admin/language"),
        ({"unified_social_credit_code": "123"}, "/unified_social_credit_code"),
    ],
)
async def test_each_wrong_field_is_named(hall: Hall, change: dict[str, Any], pointer: str) -> None:
    answer = await hall.anonymous.post(
        "/api/v1/organisations",
        content=json.dumps(registration() | change),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert problem(answer) in {"invalid-input", "weak-password", "invalid-registration-code"}
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_operators_are_registered_by_an_operators_administrator_alone(hall: Hall) -> None:
    operator, admin = await hall.operator(), await hall.administrator()
    agent = await hall.colleague(operator, "agent")
    for client in (hall.anonymous, admin.http, agent.http):
        answer = await client.post("/api/v1/organisations", json=registration("operator"))
        assert (answer.status_code, problem(answer)) == (403, "operators-only")
    assert (await operator.http.post("/api/v1/organisations", json=registration("operator"))).status_code == 201


async def test_the_first_operator_is_seeded_once(hall: Hall) -> None:
    seed = {"name": "Operator", "email": "op@hall.local", "password": PASSWORD}
    assert await hall.gateway.seed_operator(**seed)
    assert not await hall.gateway.seed_operator(**(seed | {"email": "other@hall.local"}))
    assert (await hall.sign_in("op@hall.local")).organisation["kind"] == "operator"


async def test_operators_see_organisations_and_others_only_their_own(hall: Hall) -> None:
    operator, one, other = await hall.operator(), await hall.administrator(), await hall.administrator("company")
    assert (await one.http.get(one.path)).json()["organisation_id"] == one.organisation_id
    assert (await operator.http.get(one.path)).status_code == 200
    for path in (other.path, f"/api/v1/organisations/{uuid4()}"):
        answer = await one.http.get(path)
        assert (answer.status_code, problem(answer)) == (404, "organisation-not-found")
    assert (await operator.http.get(f"/api/v1/organisations/{uuid4()}")).status_code == 404


async def test_an_organisation_keeps_an_administrator(hall: Hall) -> None:
    admin = await hall.administrator()
    own = f"{admin.path}/members/{admin.user_id}"
    for answer in (
        await admin.http.delete(own),
        await admin.http.patch(own, json={"role": "agent"}, headers={"If-Match": "*"}),
    ):
        assert (answer.status_code, problem(answer)) == (409, "last-administrator")
    await hall.colleague(admin, "admin")
    assert (await admin.http.delete(own)).status_code == 204


async def test_two_administrators_cannot_remove_each_other_at_once(hall: Hall) -> None:
    one = await hall.administrator()
    other = await hall.colleague(one, "admin")
    answers = await asyncio.gather(
        one.http.delete(f"{one.path}/members/{other.user_id}"),
        other.http.delete(f"{one.path}/members/{one.user_id}"),
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_members_change_their_own_name_language_and_password(hall: Hall) -> None:
    viewer = await hall.colleague(await hall.administrator(), "viewer")
    own = f"{viewer.path}/members/{viewer.user_id}"
    first = {"If-Match": '"1"'}
    assert (await viewer.http.patch(own, json={"language": "zh"})).status_code == 428
    assert (await viewer.http.patch(own, json={"language": "zh"}, headers=first)).status_code == 200
    assert (await viewer.http.patch(own, json={"language": "en"}, headers=first)).status_code == 412
    new = {"password": "another long secret"}
    for wrong in ({}, {"current_password": "not it at all"}):
        answer = await viewer.http.patch(own, json=new | wrong, headers={"If-Match": "*"})
        assert (answer.status_code, problem(answer)) == (403, "wrong-password")
    right = new | {"current_password": PASSWORD}
    assert (await viewer.http.patch(own, json=right, headers={"If-Match": "*"})).status_code == 200
    gone = await hall.anonymous.post("/api/v1/sessions/refresh", json={"refresh_token": viewer.refresh_token})
    assert (gone.status_code, problem(gone)) == (401, "session-ended")
    assert (await hall.sign_in(viewer.email, "another long secret")).user_id == viewer.user_id


async def test_members_are_listed_in_pages(hall: Hall) -> None:
    admin = await hall.administrator()
    for role in ("agent", "viewer"):
        await hall.colleague(admin, role)
    seen: list[str] = []
    path: str | None = f"{admin.path}/members?limit=2"
    while path:
        page = await admin.http.get(path)
        seen += [member["role"] for member in page.json()["items"]]
        path = page.links["next"]["url"] if page.json()["next"] else None
    assert seen == ["admin", "agent", "viewer"]


async def test_a_repeated_registration_is_answered_from_the_first(hall: Hall) -> None:
    body, key = registration(), {"Idempotency-Key": "once"}
    first = await hall.anonymous.post("/api/v1/organisations", json=body, headers=key)
    again = await hall.anonymous.post("/api/v1/organisations", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_me(hall: Hall) -> None:
    agent = await hall.colleague(await hall.administrator(), "agent")
    me = (await agent.http.get("/api/v1/me")).json()
    assert (me["role"], me["member"]["email"]) == ("agent", agent.email)
    assert me["organisation"]["organisation_id"] == agent.organisation_id
