"""Every endpoint, asked by everyone."""

import re
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from services.kit.auth import Principal, Role
from services.kit.ids import new_id
from tests.service.listing.hall import TERMS, Hall, new_listing, new_right, published, sheet, start_import
from tests.support.tokens import principal

CALLERS = ("anonymous", "viewer", "agent", "foreign", "operator")
NAME = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Call:
    """A request, and the status that each caller is answered with."""

    method: str
    path: str
    expected: str  # anonymous, viewer, agent, foreign agent, operator
    body: Any = None
    headers: dict[str, str] | None = None

    @property
    def id(self) -> str:
        return f"{self.method} {self.path}"

    def status_for(self, caller: str) -> int:
        return int(self.expected.split()[CALLERS.index(caller)])


NDJSON = {"content-type": "application/x-ndjson"}
EVENT = {"category": "F", "occurred_at": "2024-01-01"}
PLEDGE = {"kind": "pledge", "holder": "泉州银行"}
OTHER = {"number": "CN201710117081.7", "title": "t", "abstract": "a"}
ANY = {"if-match": "*"}
# R right, E encumbrance, D draft, P published listing, I import: all of the agent's organisation
CALLS = [
    Call("POST", "/rights", "401 403 201 201 403", OTHER),
    Call("GET", "/rights", "401 200 200 200 200"),
    Call("GET", "/rights/{R}", "401 200 200 404 200"),
    Call("PATCH", "/rights/{R}", "401 403 200 404 403", {"title": "x"}, ANY),
    Call("GET", "/rights/{R}/status-events", "401 200 200 404 200"),
    Call("POST", "/rights/{R}/status-events", "401 403 201 404 201", EVENT),
    Call("GET", "/rights/{R}/encumbrances", "401 200 200 404 200"),
    Call("POST", "/rights/{R}/encumbrances", "401 403 201 404 201", PLEDGE),
    Call("DELETE", "/rights/{R}/encumbrances/{E}", "401 403 204 404 204"),
    Call("POST", "/imports", "401 403 202 202 403", b"{}", NDJSON),
    Call("GET", "/imports", "401 200 200 200 200"),
    Call("GET", "/imports/{I}", "401 200 200 404 200"),
    Call("GET", "/imports/{I}/errors", "401 200 200 404 200"),
    Call("POST", "/listings", "401 403 201 404 403", TERMS | {"right_id": "{R}"}),
    Call("GET", "/listings", "200 200 200 200 200"),
    Call("GET", "/listings/figures", "401 200 200 200 200"),
    Call("GET", "/catalogue", "200 200 200 200 200"),
    Call("GET", "/catalogue/suggestions", "200 200 200 200 200"),
    Call("GET", "/listings/{P}/similar", "200 200 200 200 200"),
    Call("GET", "/listings/{D}/similar", "404 404 404 404 404"),
    Call("GET", "/listings/{P}", "200 200 200 200 200"),
    Call("GET", "/listings/{D}", "404 200 200 404 200"),
    Call("GET", "/listings/{P}/status-events", "200 200 200 200 200"),
    Call("GET", "/listings/{D}/status-events", "404 200 200 404 200"),
    Call("PATCH", "/listings/{D}", "401 403 200 404 403", {"summary": "x"}, ANY),
    Call("POST", "/listings/{D}/publish", "401 403 200 404 403"),
    Call("POST", "/listings/{P}/withdraw", "401 403 200 404 200", {"reason": "sold elsewhere"}),
]


@pytest.fixture
async def things(us: httpx.AsyncClient) -> dict[str, str]:
    right = await new_right(us)
    burden = await us.post(
        f"/rights/{right['right_id']}/encumbrances", json={"kind": "co_ownership", "holder": "某公司"}
    )
    draft = await new_listing(us, right)
    shown = await published(us, await new_right(us, number="CN202010087202.X"))
    imported = await start_import(us, sheet([{}]))
    return {
        "R": right["right_id"],
        "E": burden.json()["encumbrance_id"],
        "D": draft["listing_id"],
        "P": shown["listing_id"],
        "I": imported["import_id"],
    }


def allowed() -> list[Any]:
    return [
        pytest.param(call, caller, id=f"{call.id} {caller}")
        for call in CALLS
        for caller in CALLERS
        if call.status_for(caller) < 400
    ]


@pytest.mark.parametrize("call", CALLS, ids=[call.id for call in CALLS])
async def test_who_may_not(hall: Hall, owner: Principal, things: dict[str, str], call: Call) -> None:
    before = await hall.facts()
    for caller in CALLERS:
        expected = call.status_for(caller)
        if expected >= 400:
            answer = await ask(hall, owner, things, call, caller)
            assert (caller, answer.status_code) == (caller, expected), answer.text
            assert answer.headers["content-type"] == "application/problem+json"
    assert await hall.facts() == before


@pytest.mark.parametrize(("call", "caller"), allowed())
async def test_who_may(hall: Hall, owner: Principal, things: dict[str, str], call: Call, caller: str) -> None:
    answer = await ask(hall, owner, things, call, caller)
    assert answer.status_code == call.status_for(caller), answer.text


async def ask(hall: Hall, owner: Principal, things: dict[str, str], call: Call, caller: str) -> httpx.Response:
    who = {
        "anonymous": None,
        "viewer": replace(owner, role=Role.VIEWER, user_id=new_id()),
        "agent": owner,
        "foreign": principal("company", "admin"),
        "operator": principal("operator", "agent"),
    }[caller]
    client = await hall.client(who)
    path = call.path.format(**things)
    if isinstance(call.body, bytes):
        return await client.request(call.method, path, content=call.body, headers=call.headers)
    body = call.body and {name: things["R"] if value == "{R}" else value for name, value in call.body.items()}
    return await client.request(call.method, path, json=body, headers=call.headers)


def test_every_endpoint_is_asked(hall: Hall) -> None:
    served = {
        (method.upper(), NAME.sub("{}", path.removeprefix("/api/v1")))
        for path, methods in hall.service.app.openapi()["paths"].items()
        for method in methods
    }
    assert {(call.method, NAME.sub("{}", call.path)) for call in CALLS} == served


async def test_lists_hold_the_own_organisations_only(hall: Hall, things: dict[str, str]) -> None:
    foreign = await hall.client(principal("company"))
    assert (await foreign.get("/rights")).json()["items"] == []
    assert (await foreign.get("/imports")).json()["items"] == []
    shown = (await foreign.get("/listings")).json()["items"]
    assert [listing["listing_id"] for listing in shown] == [things["P"]]


async def test_drafts_and_private_details_stay_at_home(hall: Hall, owner: Principal, us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    listing = await published(us, right, private_details="未公开的工艺参数")
    assert listing["private_details"] == "未公开的工艺参数"
    foreign = await hall.client(principal("company"))
    for client in (await hall.client(None), foreign, await hall.client(principal("operator"))):
        [seen] = (await client.get("/listings")).json()["items"]
        assert seen["private_details"] is None
        one = (await client.get(f"/listings/{listing['listing_id']}")).json()
        assert one["private_details"] is None
    assert not any("未公开的工艺参数" in str(message) for _, message in await hall.facts())
    other = await new_right(us, number="CN202010087202.X")
    await new_listing(us, other)
    of_owner = {"organisation_id": str(owner.organisation_id)}
    assert len((await us.get("/listings", params=of_owner)).json()["items"]) == 2
    assert len((await foreign.get("/listings", params=of_owner)).json()["items"]) == 1
    drafts = of_owner | {"status": "draft"}
    assert len((await us.get("/listings", params=drafts)).json()["items"]) == 1
    assert (await foreign.get("/listings", params=drafts)).json()["items"] == []
