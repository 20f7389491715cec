"""Rights at the API: numbers, the register's log, encumbrances."""

import asyncio
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from zayton.common.v1 import types_pb2 as common

from tests.service.listing.hall import NUMBER, RIGHT, Hall, made, new_listing, new_right, published
from tests.support.tokens import principal


async def test_a_right_is_registered_with_its_number_as_given(hall: Hall, us: httpx.AsyncClient) -> None:
    body = RIGHT | {
        "number": " zl ２０２３ 10375785．x ",
        "ipc": ["h01m10/0525", "H01M 10/0525"],
        "filed_at": "2023-04-11",
        "owner_name": "泉州试验大学",
    }
    answer = await us.post("/rights", json=body)
    right = await made(answer)
    assert answer.headers["location"] == f"/api/v1/rights/{right['right_id']}"
    assert answer.headers["etag"] == '"1"'
    assert (right["number"], right["number_as_given"]) == (NUMBER, body["number"])
    assert (right["office"], right["kind"], right["language"]) == ("CN", "invention", "zh")
    assert right["ipc"] == ["H01M 10/0525"]
    assert right["filed_at"] == "2023-04-11T00:00:00Z"
    assert datetime.fromisoformat(right["expires_at"]).date().isoformat() == "2043-04-11"
    assert right["warnings"] == []
    assert (await us.get(f"/rights/{right['right_id']}")).json() == right
    [(name, message)] = await hall.facts()
    assert name == "RightRegistered"
    assert message.right.right_id == right["right_id"]
    assert message.right.number == NUMBER
    assert message.right.status == common.RIGHT_STATUS_GRANTED
    assert message.right.expires_at.ToDatetime().date().isoformat() == "2043-04-11"


@pytest.mark.parametrize(
    ("changes", "slug", "pointer", "code", "position"),
    [
        ({"number": "CN 202310375785.1"}, "invalid-number", "/number", "check-digit", 16),
        ({"number": "CN2023O0375785.X"}, "invalid-number", "/number", "unexpected-character", 6),
        ({"ipc": ["H01M 10/05", "H01X"]}, "invalid-right", "/ipc/1", "ipc-too-short", 4),
        ({"kind": "design"}, "invalid-right", "/kind", "kind-against-number", None),
        ({"granted_at": "2999-01-01"}, "invalid-right", "/granted_at", "in-the-future", None),
        ({"filed_at": "2024-01-01"}, "invalid-right", "/filed_at", "filed-after-number", None),
        (
            {"status": "granted", "status_as_given": "驳回失效"},
            "invalid-status-event",
            "/status",
            "status-against-words",
            None,
        ),
        ({"title": " "}, "invalid-input", "/title", "too-short", None),
        ({"status": "lost"}, "invalid-input", "/status", "choice", None),
        ({"colour": "red"}, "invalid-input", "/colour", "extra", None),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_bad_right_is_refused_with_the_place(
    hall: Hall,
    us: httpx.AsyncClient,
    *,
    changes: dict[str, Any],
    slug: str,
    pointer: str,
    code: str,
    position: int | None,
    language: str,
) -> None:
    answer = await us.post("/rights", json=RIGHT | changes, headers={"accept-language": language})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"].endswith(f"/{slug}")
    [error] = problem["errors"]
    assert (error["pointer"], error["code"], error.get("position")) == (pointer, code, position)
    assert error["detail"]
    assert await hall.facts() == []


async def test_a_wrong_check_digit_names_the_right_one(us: httpx.AsyncClient) -> None:
    [error] = (await us.post("/rights", json=RIGHT | {"number": "CN202310375785.1"})).json()["errors"]
    assert "must be X" in error["detail"]


async def test_zl_on_an_ungranted_right_is_warned_of(us: httpx.AsyncClient) -> None:
    body = {name: value for name, value in RIGHT.items() if name != "status"}
    right = await made(await us.post("/rights", json=body | {"number": "ZL 202310375785.X"}))
    assert right["status"] == "pending"
    [warning] = right["warnings"]
    assert (warning["pointer"], warning["code"], warning["position"]) == ("/number", "zl-not-granted", 0)
    assert warning["text"]["en"]
    assert warning["text"]["zh"]
    await made(
        await us.post(f"/rights/{right['right_id']}/status-events", json={"category": "F", "occurred_at": "2024-05-05"})
    )
    assert (await us.get(f"/rights/{right['right_id']}")).json()["warnings"] == []


async def test_a_number_is_registered_once_in_an_organisation(hall: Hall, us: httpx.AsyncClient) -> None:
    first = await new_right(us)
    answers = await asyncio.gather(*(us.post("/rights", json=RIGHT | {"number": "202310375785x"}) for _ in range(3)))
    for answer in answers:
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/already-registered")
        assert first["right_id"] in answer.json()["detail"]
    other = await hall.client(principal("company"))
    assert (await other.post("/rights", json=RIGHT)).status_code == 201
    assert await hall.fact_names() == ["RightRegistered", "RightRegistered"]


async def test_two_at_once_register_it_once(hall: Hall, us: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(us.post("/rights", json=RIGHT) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await hall.fact_names() == ["RightRegistered"]


async def test_a_repeated_request_is_answered_as_the_first_time(hall: Hall, us: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "one"}
    first = await us.post("/rights", json=RIGHT, headers=key)
    again = await us.post("/rights", json=RIGHT, headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert await hall.fact_names() == ["RightRegistered"]


async def test_a_change_needs_the_version_it_changes(us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    path = f"/rights/{right['right_id']}"
    assert (await us.patch(path, json={"title": "新名称"})).status_code == 428
    changed = await us.patch(path, json={"title": "新名称"}, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["title"], changed.headers["etag"]) == (200, "新名称", '"2"')
    assert (await us.patch(path, json={"title": "别的"}, headers={"if-match": '"1"'})).status_code == 412
    bad = await us.patch(path, json={"ipc": ["H01"]}, headers={"if-match": '"2"'})
    assert bad.json()["errors"][0]["pointer"] == "/ipc/0"
    assert (await us.get(path)).json()["version"] == 2


async def test_a_corrected_filing_date_moves_the_term(hall: Hall, us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    assert right["expires_at"] is None
    headers = {"if-match": '"1"'}
    changed = await made(
        await us.patch(f"/rights/{right['right_id']}", json={"filed_at": "2023-04-11"}, headers=headers)
    )
    assert changed["expires_at"].startswith("2043-04-11")
    assert await hall.fact_names() == ["RightRegistered", "RightStatusChanged"]


async def test_the_log_of_the_register(hall: Hall, us: httpx.AsyncClient) -> None:
    right = await new_right(us, status="granted")
    path = f"/rights/{right['right_id']}/status-events"
    for body in (
        {"category": "A", "occurred_at": "2023-04-11T00:00:00Z"},
        {"category": "H", "status": "grace", "as_given": "等年费滞纳金", "occurred_at": "2026-04-11"},
        {"category": "W", "as_given": "一种新的状态", "occurred_at": "2026-05-01"},
    ):
        await made(await us.post(path, json=body))
    log = (await us.get(path)).json()
    assert (log["status"], log["status_as_given"]) == ("unmapped", "一种新的状态")
    assert [event["category"] for event in log["items"]] == ["W", "A", "H", "W"]
    assert log["items"][0]["occurred_at"] is None
    seen = (await us.get(f"/rights/{right['right_id']}")).json()
    assert (seen["status"], seen["status_as_given"], seen["version"]) == ("unmapped", "一种新的状态", 4)
    facts = await hall.facts()
    assert [name for name, _ in facts] == ["RightRegistered", *["RightStatusChanged"] * 3]
    assert facts[2][1].right.status == common.RIGHT_STATUS_GRACE
    assert facts[2][1].right.status_as_given == "等年费滞纳金"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"category": "F", "status": "terminated", "occurred_at": "2024-01-01"}, "/status"),
        ({"category": "N", "as_given": "专利权维持", "occurred_at": "2024-01-01"}, "/as_given"),
        ({"category": "F", "occurred_at": "2999-01-01"}, "/occurred_at"),
        ({"category": "Z", "occurred_at": "2024-01-01"}, "/category"),
        ({"category": "F"}, "/occurred_at"),
    ],
)
async def test_an_entry_that_cannot_be_is_refused(us: httpx.AsyncClient, body: dict[str, str], pointer: str) -> None:
    right = await new_right(us)
    answer = await us.post(f"/rights/{right['right_id']}/status-events", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await us.get(f"/rights/{right['right_id']}")).json()["version"] == 1


async def test_a_dead_right_leaves_the_catalogue(hall: Hall, us: httpx.AsyncClient, anyone: httpx.AsyncClient) -> None:
    right = await new_right(us)
    listing = await published(us, right)
    event = {"category": "N", "as_given": "无效宣告失效", "occurred_at": "2026-01-01"}
    await made(await us.post(f"/rights/{right['right_id']}/status-events", json=event))
    assert (await anyone.get("/listings")).json()["items"] == []
    assert (await anyone.get(f"/listings/{listing['listing_id']}")).status_code == 404
    own = (await us.get(f"/listings/{listing['listing_id']}")).json()
    assert (own["status"], own["withdrawal_reason"]) == ("withdrawn", "right-not-in-force")
    facts = await hall.facts()
    assert [name for name, _ in facts[-2:]] == ["RightStatusChanged", "ListingWithdrawn"]
    assert facts[-1][1].reason == "right-not-in-force"
    assert facts[-1][1].listing.right.status == common.RIGHT_STATUS_INVALIDATED


async def test_a_pledge_takes_the_right_off_the_market_until_it_is_lifted(hall: Hall, us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    listing = await published(us, right)
    path = f"/rights/{right['right_id']}/encumbrances"
    pledge = await made(await us.post(path, json={"kind": "pledge", "holder": "泉州银行"}))
    assert (await us.get(f"/listings/{listing['listing_id']}")).json()["status"] == "withdrawn"
    refused = await us.post(f"/listings/{listing['listing_id']}/publish")
    assert (refused.status_code, refused.json()["rule"], refused.json()["article"]) == (409, "G5", "CC 444")
    assert (await us.delete(f"{path}/{pledge['encumbrance_id']}")).status_code == 204
    assert (await us.delete(f"{path}/{pledge['encumbrance_id']}")).status_code == 404
    assert (await us.post(f"/listings/{listing['listing_id']}/publish")).status_code == 200
    assert (await us.get(path)).json()["items"] == []
    assert await hall.fact_names() == [
        "RightRegistered",
        "ListingPublished",
        "RightEncumbrancesChanged",
        "ListingWithdrawn",
        "RightEncumbrancesChanged",
        "ListingPublished",
    ]


async def test_an_encumbrance_that_does_no_harm_shows_in_the_listing(hall: Hall, us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    await published(us, right)
    licence = {
        "kind": "licence",
        "holder": "某公司",
        "licence_form": "ordinary_licence",
        "territories": ["CN"],
        "starts_at": "2025-01-01",
        "ends_at": "2027-01-01T00:00:00+08:00",
    }
    made_one = await made(await us.post(f"/rights/{right['right_id']}/encumbrances", json=licence))
    assert made_one["ends_at"] == "2026-12-31T16:00:00Z"
    name, message = (await hall.facts())[-1]
    assert name == "ListingChanged"
    [burden] = message.listing.right.encumbrances
    assert burden.licence_form == common.DEAL_FORM_ORDINARY_LICENCE
    assert list(burden.territories) == ["CN"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "licence"}, "/licence_form"),
        ({"kind": "licence", "licence_form": "assignment"}, "/licence_form"),
        ({"kind": "pledge", "licence_form": "sole_licence"}, "/licence_form"),
        ({"kind": "pledge", "territories": ["China"]}, "/territories/0"),
        ({"kind": "pledge", "territories": ["cn"]}, "/territories/0"),
        ({"kind": "pledge", "starts_at": "2026-01-01", "ends_at": "2025-01-01"}, "/ends_at"),
    ],
)
async def test_a_bad_encumbrance_is_refused(us: httpx.AsyncClient, body: dict[str, Any], pointer: str) -> None:
    right = await new_right(us)
    answer = await us.post(f"/rights/{right['right_id']}/encumbrances", json={"holder": "某公司"} | body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_term_that_ends_takes_the_listing_out(hall: Hall, us: httpx.AsyncClient) -> None:
    right = await new_right(us, filed_at="2023-04-11")
    await published(us, right)
    await hall.work()
    assert await hall.fact_names() == ["RightRegistered", "ListingPublished"]
    async with hall.database.transaction() as session:  # as if twenty years had gone by
        await session.execute(text("UPDATE rights SET filed_at = '2003-04-11', ends_by = '2023-04-11'"))
    await hall.work()
    facts = await hall.facts()
    assert [name for name, _ in facts[2:]] == ["RightStatusChanged", "ListingWithdrawn"]
    assert facts[2][1].right.status == common.RIGHT_STATUS_TERMINATED


async def test_pages_of_rights(us: httpx.AsyncClient) -> None:
    numbers = ["201710117081.7", "202010087202.X", "201880082782.4", "201880076498.6", "95115608.X"]
    for number in numbers:
        await new_right(us, number=number)
    seen, cursor = [], None
    while True:
        answer = await us.get("/rights", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        page = answer.json()
        seen += [right["number"] for right in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        assert 'rel="next"' in answer.headers["link"]
    assert seen == [f"CN{number}" for number in reversed(numbers)]


async def test_a_right_that_is_listed_twice_has_one_open_listing(us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    first = await published(us, right)
    second = await new_listing(us, right)
    answer = await us.post(f"/listings/{second['listing_id']}/publish")
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/already-listed")
    assert first["listing_id"] in answer.json()["detail"]
