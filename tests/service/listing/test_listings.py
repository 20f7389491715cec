"""Listings at the API: drafting, guard rails, the catalogue."""

import asyncio
from typing import Any

import httpx
import pytest
from zayton.common.v1 import types_pb2 as common
from zayton.listing.v1 import events_pb2 as events

from tests.service.listing.hall import TERMS, Hall, made, new_listing, new_right, published
from tests.support.tokens import principal


async def test_from_draft_to_catalogue_and_back(hall: Hall, us: httpx.AsyncClient, anyone: httpx.AsyncClient) -> None:
    right = await new_right(us, ipc=["H01M 10/0525"])
    listing = await new_listing(us, right, industries=["电池制造"], territories=["CN", "CN"], region="福建")
    path = f"/listings/{listing['listing_id']}"
    assert (listing["status"], listing["version"], listing["territories"]) == ("draft", 1, ["CN"])
    assert listing["price"]["minimum"] == {"minor_units": 80_000_000, "currency": "CNY"}
    shown = await us.post(f"{path}/publish")
    assert (shown.json()["status"], shown.headers["etag"]) == ("published", '"2"')
    [seen] = (await anyone.get("/listings")).json()["items"]
    assert seen["right"]["number"] == right["number"]
    assert (await anyone.get(path)).headers["etag"] == '"2"'
    gone = await made(await us.post(f"{path}/withdraw", json={"reason": "改为自行实施"}))
    assert gone["status"] == "withdrawn"
    assert (await anyone.get(path)).status_code == 404
    again = await us.post(f"{path}/publish")
    assert again.json()["status"] == "published"
    facts = await hall.facts()
    names = ["RightRegistered", "ListingPublished", "ListingWithdrawn", "ListingPublished"]
    assert [name for name, _ in facts] == names
    message = facts[1][1].listing
    assert message.right.ipc == ["H01M 10/0525"]
    assert message.status == events.LISTING_STATUS_PUBLISHED
    assert message.price.form == common.PRICE_FORM_FIXED
    assert (message.price.minimum.minor_units, message.price.minimum.currency) == (80_000_000, "CNY")
    assert message.maturity == common.MATURITY_PROTOTYPE
    assert message.HasField("published_at")
    assert facts[2][1].reason == "改为自行实施"


async def test_two_publish_at_once(hall: Hall, us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    one, other = await new_listing(us, right), await new_listing(us, right)
    paths = [f"/listings/{listing['listing_id']}/publish" for listing in (one, other, one)]
    answers = await asyncio.gather(*(us.post(path) for path in paths))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert await hall.fact_names() == ["RightRegistered", "ListingPublished"]


async def test_publishing_races_with_the_end_of_the_right(us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    listing = await new_listing(us, right)
    ended = {"category": "N", "occurred_at": "2026-01-01"}
    await asyncio.gather(
        us.post(f"/listings/{listing['listing_id']}/publish"),
        us.post(f"/rights/{right['right_id']}/status-events", json=ended),
    )
    assert (await us.get(f"/listings/{listing['listing_id']}")).json()["status"] in ("draft", "withdrawn")


async def test_a_repeated_publish_is_answered_as_the_first_time(hall: Hall, us: httpx.AsyncClient) -> None:
    listing = await new_listing(us, await new_right(us))
    path, key = f"/listings/{listing['listing_id']}/publish", {"idempotency-key": "p"}
    answers = [await us.post(path, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    unkeyed = await us.post(path)
    assert unkeyed.status_code == 409
    assert unkeyed.json()["type"].endswith("/not-possible-now")
    assert (await hall.fact_names()).count("ListingPublished") == 1


async def test_editing(hall: Hall, us: httpx.AsyncClient) -> None:
    listing = await published(us, await new_right(us))
    path = f"/listings/{listing['listing_id']}"
    assert (await us.patch(path, json={"summary": "x"})).status_code == 428
    price = {"form": "range", "minimum": {"minor_units": 1}, "maximum": {"minor_units": 2}}
    edited = await us.patch(path, json={"price": price, "maturity": None}, headers={"if-match": '"2"'})
    assert (edited.status_code, edited.json()["version"], edited.json()["maturity"]) == (200, 3, None)
    assert edited.json()["summary"] == TERMS["summary"]
    stale = await us.patch(path, json={"summary": "x"}, headers={"if-match": '"2"'})
    assert stale.status_code == 412
    name, message = (await hall.facts())[-1]
    assert name == "ListingChanged"
    assert message.listing.price.maximum.minor_units == 2


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"price": {"form": "fixed"}}, ["/price/minimum"]),
        ({"price": {"form": "free", "minimum": {"minor_units": 1}}}, ["/price/minimum"]),
        ({"price": {"form": "royalty", "royalty_basis_points": 20_000}}, ["/price/royalty_basis_points"]),
        ({"price": {"form": "fixed", "minimum": {"minor_units": -1}}}, ["/price/minimum/minor_units"]),
        ({"price": {"form": "fixed", "minimum": {"minor_units": 1.5}}}, ["/price/minimum/minor_units"]),
        ({"price": {"form": "fixed", "minimum": {"minor_units": 1, "currency": "yen"}}}, ["/price/minimum/currency"]),
        (
            {"price": {"form": "range", "minimum": {"minor_units": 2}, "maximum": {"minor_units": 1}}},
            ["/price/maximum/minor_units"],
        ),
        ({"territories": ["CN", "C1"]}, ["/territories/1"]),
        ({"deal_forms": []}, ["/deal_forms"]),
        ({"deal_forms": ["barter"]}, ["/deal_forms/0"]),
        ({"summary": ""}, ["/summary"]),
    ],
)
async def test_a_bad_listing_is_refused(us: httpx.AsyncClient, changes: dict[str, Any], pointers: list[str]) -> None:
    right = await new_right(us)
    answer = await us.post("/listings", json=TERMS | {"right_id": right["right_id"]} | changes)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


CO_OWNER = {"kind": "co_ownership", "holder": "某公司"}


@pytest.mark.parametrize(
    ("right", "burden", "terms", "rule", "article"),
    [
        ({"status": "terminated"}, None, {}, "G3", "CC 865, TI 29"),
        ({}, {"kind": "pledge", "holder": "泉州银行"}, {}, "G5", "CC 444"),
        ({}, CO_OWNER, {"deal_forms": ["sole_licence"]}, "G4", "PL 14"),
        ({"status": "pending"}, None, {"deal_forms": ["open_licence"]}, "G7", "PL 50-51, PR 85-88"),
    ],
)
async def test_a_refusal_names_its_rule_and_article(
    us: httpx.AsyncClient,
    *,
    right: dict[str, Any],
    burden: dict[str, Any] | None,
    terms: dict[str, Any],
    rule: str,
    article: str,
) -> None:
    held = await new_right(us, **right)
    if burden:
        await made(await us.post(f"/rights/{held['right_id']}/encumbrances", json=burden))
    path = f"/listings/{(await new_listing(us, held, **terms))['listing_id']}"
    for language in ("en", "zh"):
        answer = await us.post(f"{path}/publish", headers={"accept-language": language})
        problem = answer.json()
        assert (answer.status_code, problem["rule"], problem["article"]) == (409, rule, article)
        assert problem["detail"]
    assert (await us.get(path)).json()["status"] == "draft"


async def test_a_public_listing_cannot_be_edited_past_the_guard_rails(us: httpx.AsyncClient) -> None:
    right = await new_right(us)
    await made(await us.post(f"/rights/{right['right_id']}/encumbrances", json=CO_OWNER))
    listing = await published(us, right)
    edit = await us.patch(
        f"/listings/{listing['listing_id']}", json={"deal_forms": ["assignment"]}, headers={"if-match": "*"}
    )
    assert (edit.status_code, edit.json()["rule"]) == (409, "G4")


async def test_filters_of_the_catalogue(us: httpx.AsyncClient, anyone: httpx.AsyncClient) -> None:
    battery = await new_right(us, title="锂离子电池 100%", ipc=["H01M 10/0525", "C01B 3/04"])
    pump = await new_right(us, number="CN202020087202.5", title="Pump_A", ipc=["F04B 1/00"])
    await published(us, battery)
    await published(us, pump)

    async def found(**query: str) -> list[str]:
        answer = await anyone.get("/listings", params=query)
        assert answer.status_code == 200, answer.text
        return [listing["right"]["title"] for listing in answer.json()["items"]]

    assert await found() == ["Pump_A", "锂离子电池 100%"]
    assert await found(kind="utility_model") == ["Pump_A"]
    assert await found(ipc_section="C") == ["锂离子电池 100%"]
    assert await found(ipc_section="A") == []
    assert await found(q="pump") == ["Pump_A"]
    assert await found(q="电池") == ["锂离子电池 100%"]
    assert await found(q="100%") == ["锂离子电池 100%"]
    assert await found(q="%") == ["锂离子电池 100%"]
    assert await found(q="p_A") == ["Pump_A"]
    assert await found(q="202310375785") == ["锂离子电池 100%"]
    assert await found(status="published") == ["Pump_A", "锂离子电池 100%"]
    assert await found(status="draft") == []
    assert await found(limit="1") == ["Pump_A"]
    for wrong in ({"ipc_section": "Z"}, {"kind": "song"}, {"limit": "0"}, {"cursor": "x"}, {"organisation_id": "x"}):
        assert (await anyone.get("/listings", params=wrong)).status_code == 422


async def test_an_organisation_counts_its_own_listings_by_state(
    hall: Hall, us: httpx.AsyncClient, anyone: httpx.AsyncClient
) -> None:
    others = await hall.client(principal("university"))
    right = await new_right(us)
    first = await new_listing(us, right)
    await new_listing(us, right)
    await us.post(f"/listings/{first['listing_id']}/publish")
    assert (await us.get("/listings/figures")).json() == {"states": {"draft": 1, "published": 1}}
    assert (await others.get("/listings/figures")).json() == {"states": {}}
    assert (await anyone.get("/listings/figures")).status_code == 401
