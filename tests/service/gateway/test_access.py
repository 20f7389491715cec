"""Every endpoint of the gateway, for every role, in one's own organisation and in another's."""

from dataclasses import dataclass
from typing import Any

import pytest

from services.kit.problems import STATUS
from tests.support.people import PASSWORD, Hall, Person, new_email

NO_BODY: dict[str, Any] = {}
MATCH = {"If-Match": "*"}


@dataclass(frozen=True)
class Endpoint:
    """`own`: the status by role in one's own organisation. `foreign`: for the administrator of another one."""

    method: str
    path: str
    own: dict[str, int]
    foreign: int | None = None
    anonymous: int = 401

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def for_all(status: int) -> dict[str, int]:
    return dict.fromkeys(("admin", "agent", "viewer", "operator"), status)


def for_admins(status: int) -> dict[str, int]:
    return {"admin": status, "agent": 403, "viewer": 403, "operator": 404}


ORGANISATION = "/api/v1/organisations/{organisation}"
ENDPOINTS = [
    Endpoint("GET", "/api/v1/me", for_all(200)),
    Endpoint("GET", "/api/v1/organisations", for_all(403) | {"operator": 200}),
    Endpoint("GET", ORGANISATION, for_all(200), foreign=404),
    Endpoint("GET", ORGANISATION + "/members", for_all(200) | {"operator": 404}, foreign=404),
    Endpoint("POST", ORGANISATION + "/members", for_admins(201), foreign=404),
    Endpoint("PATCH", ORGANISATION + "/members/{member}", for_admins(200), foreign=404),
    Endpoint("DELETE", ORGANISATION + "/members/{member}", for_admins(204), foreign=404),
    Endpoint("GET", ORGANISATION + "/api-keys", for_admins(200), foreign=404),
    Endpoint("POST", ORGANISATION + "/api-keys", for_admins(201), foreign=404),
    Endpoint("DELETE", ORGANISATION + "/api-keys/{key}", for_admins(204), foreign=404),
    Endpoint("GET", "/api/v1/status", for_all(403) | {"operator": 200}),
    Endpoint("DELETE", "/api/v1/sessions/current", for_all(204)),
    Endpoint("GET", "/api/v1/openapi.json", for_all(200), anonymous=200),
    Endpoint("GET", "/.well-known/jwks.json", for_all(200), anonymous=200),
]
# Without a caller: registering and signing in (see their own tests), and the stream (see test_stream).
ELSEWHERE = {
    ("POST", "/api/v1/organisations"),
    ("POST", "/api/v1/sessions"),
    ("POST", "/api/v1/sessions/refresh"),
    ("GET", "/api/v1/stream"),
}


def body_of(endpoint: Endpoint) -> dict[str, Any] | None:
    if endpoint.method not in {"POST", "PATCH"}:
        return None
    if endpoint.method == "PATCH":
        return {"name": "Somebody Else"}
    if endpoint.path.endswith("members"):
        return {"name": "New", "email": new_email(), "password": PASSWORD, "role": "agent"}
    return {"name": "Importer", "role": "agent"}


class World:
    def __init__(self, hall: Hall, admin: Person) -> None:
        self.hall = hall
        self.admin = admin

    async def ask(self, endpoint: Endpoint, person: Person | None) -> int:
        """The status for a person who asks for something of the administrator's organisation."""
        member = await self.hall.colleague(self.admin, "viewer")
        key = await self.admin.http.post(f"{self.admin.path}/api-keys", json={"name": "k", "role": "viewer"})
        path = endpoint.path.format(
            organisation=self.admin.organisation_id, member=member.user_id, key=key.json()["api_key_id"]
        )
        client = person.http if person else self.hall.anonymous
        answer = await client.request(endpoint.method, path, json=body_of(endpoint), headers=MATCH)
        if not answer.is_success:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.status_code in STATUS.values()
        return answer.status_code


@pytest.fixture
async def world(hall: Hall) -> World:
    return World(hall, await hall.administrator())


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
async def test_by_role(world: World, endpoint: Endpoint) -> None:
    people = {
        "agent": await world.hall.colleague(world.admin, "agent"),
        "viewer": await world.hall.colleague(world.admin, "viewer"),
        "operator": await world.hall.operator(),
        "admin": world.admin,
    }
    assert {role: await world.ask(endpoint, people[role]) for role in people} == endpoint.own


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each.foreign], ids=str)
async def test_from_another_organisation(world: World, endpoint: Endpoint) -> None:
    stranger = await world.hall.administrator("company")
    assert await world.ask(endpoint, stranger) == endpoint.foreign


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
async def test_without_a_token(world: World, endpoint: Endpoint) -> None:
    assert await world.ask(endpoint, None) == endpoint.anonymous


async def test_a_member_or_key_of_another_organisation_is_not_found_under_ones_own(world: World) -> None:
    stranger = await world.hall.administrator("company")
    key = await stranger.http.post(f"{stranger.path}/api-keys", json={"name": "k", "role": "viewer"})
    http, own = world.admin.http, world.admin.path
    for answer in (
        await http.patch(f"{own}/members/{stranger.user_id}", json={"role": "viewer"}, headers=MATCH),
        await http.delete(f"{own}/members/{stranger.user_id}"),
        await http.delete(f"{own}/api-keys/{key.json()['api_key_id']}"),
    ):
        assert answer.status_code == 404
    assert (await stranger.http.get("/api/v1/me")).json()["role"] == "admin"


async def test_nobody_makes_themselves_administrator(world: World) -> None:
    agent = await world.hall.colleague(world.admin, "agent")
    own = f"{agent.path}/members/{agent.user_id}"
    answer = await agent.http.patch(own, json={"role": "admin"}, headers=MATCH)
    assert answer.status_code == 403


async def test_every_endpoint_is_tested_here(hall: Hall) -> None:
    document = (await hall.anonymous.get("/api/v1/openapi.json")).json()
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    names = {"{organisation}": "{organisation_id}", "{member}": "{user_id}", "{key}": "{api_key_id}"}
    tested = set(ELSEWHERE)
    for endpoint in ENDPOINTS:
        path = endpoint.path
        for short, name in names.items():
            path = path.replace(short, name)
        tested.add((endpoint.method, path))
    assert described - tested == set()
