"""The public board of demands: what it shows, and what it never does."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from services.matching.adapters.board_documents import DECLARATION
from tests.service.matching.conftest import World

PUBLIC = {"visibility": "public", "budget_public": True, "industry": "新能源", "region": "福建"}
ANONYMOUS = {
    "visibility": "anonymous",
    "title": "水下机器人密封件",
    "problem": "需要耐压六百米的密封件。",
    "language": "zh",
}
OPEN = {"ipc": [], "deal_forms": [], "territories": []}


async def board(world: World, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = await world.call(None, "GET", "/demands/board", params=asked)
    return found


async def test_the_board_shows_what_was_made_public(world: World) -> None:
    posted = await world.post(**PUBLIC)
    await world.post(world.stranger, **ANONYMOUS, **OPEN)
    page = await board(world, q="电解液", facets=["region", "budget_band"])
    assert (page["total"], page["next"], page["answered_by"], page["degraded"]) == (1, None, "postgres", False)
    assert page["facets"] == {
        "region": [{"value": "福建", "label": "福建", "count": 1}],
        "budget_band": [{"value": "CNY-1m-5m", "label": "CNY 1 to 5 million", "count": 1}],
    }
    [card] = page["items"]
    assert card.pop("highlights")["title"][-1] == ["电解液", True]
    told = ("title", "problem", "industry", "region", "ipc", "deal_forms", "territories", "budget", "language")
    assert card == {name: posted[name] for name in (*told, "organisation_id", "organisation_name")} | {
        "demand_id": posted["id"],
        "created_at": posted["created_at"],
        "expires_at": posted["expires_at"],
    }


async def test_filters_and_order(world: World) -> None:
    await world.post(**PUBLIC, expires_at="2027-06-01T00:00:00Z")
    await world.post(**ANONYMOUS | OPEN, region="浙江", expires_at="2027-01-01T00:00:00Z")
    await world.post(
        title="Seal for robots", problem="x", language="en", visibility="public", deal_forms=["assignment"]
    )
    seal, cell, english = ANONYMOUS["title"], "高镍三元动力电池电解液", "Seal for robots"
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [english, seal, cell]),
        ({"sort": "deadline"}, [seal, cell, english]),
        ({"sort": "newest", "limit": 1}, [english]),
        ({"industry": "新能源"}, [cell]),
        ({"region": ["福建", "浙江"]}, [seal, cell]),
        ({"deal_form": "assignment"}, [english]),
        ({"budget_band": "CNY-1m-5m"}, [cell]),
        ({"budget_band": "open"}, [english, seal]),
        ({"language": "en"}, [english]),
        ({"q": "mifengjian"}, [seal]),
    ]
    found = [(asked, [card["title"] for card in (await board(world, **asked))["items"]]) for asked, _ in cases]
    assert found == cases


async def test_nothing_confidential_leaks(world: World) -> None:
    """Neither a private demand, nor the poster of an anonymous one, nor a budget that is nobody's business."""
    hidden = await world.post(title="隐秘项目 quicksilver", industry="绝密行业")
    nameless = await world.post(**ANONYMOUS, budget={"minor_units": 31_415_900, "currency": "CNY"})
    public = await world.post(
        title="公开需求", visibility="public", budget={"minor_units": 27_182_800, "currency": "CNY"}
    )
    for words in ("quicksilver", "绝密行业", "31415900", "314159"):
        assert (words, (await board(world, q=words))["total"]) == (words, 0)
    page = await board(world)
    assert [card["demand_id"] for card in page["items"]] == [public["id"], nameless["id"]]
    assert page["items"][0]["organisation_name"] == "刺桐电池有限公司"
    found = await board(world, q="刺桐电池有限公司")
    assert [card["demand_id"] for card in found["items"]] == [public["id"]], "not by the name it does not give"
    [card] = (await board(world, q="密封件"))["items"]
    assert (card["organisation_id"], card["organisation_name"], card["budget"]) == (None, None, None)
    async with world.service.database.transaction() as session:
        rows = (await session.execute(text("SELECT id, CAST(search_demands AS text) AS row FROM search_demands"))).all()
        words = (await session.execute(text("SELECT word FROM search_demands_words"))).scalars().all()
    kept = {str(row.id): row.row for row in rows}
    assert set(kept) == {public["id"], nameless["id"]}
    assert str(world.company.organisation_id) not in kept[nameless["id"]]
    assert "刺桐" not in kept[nameless["id"]]
    assert "quicksilver" not in words
    said = json.dumps([page, list(kept.values())], ensure_ascii=False)
    assert all(secret not in said for secret in (hidden["id"], "31415900", "27182800", "绝密"))
    for person in (None, world.stranger, world.university):
        status = 401 if person is None else 404
        await world.call(person, "GET", f"/demands/{public['id']}", status=status)


@pytest.mark.usefixtures("world")
async def test_what_has_ended_is_off_the_board(world: World) -> None:
    posted = await world.post(**PUBLIC)
    kept = await world.post(**ANONYMOUS)
    await world.call(world.company, "POST", f"/demands/{posted['id']}/close", json={"reason": "found"})
    assert [card["demand_id"] for card in (await board(world))["items"]] == [kept["id"]]
    index = world.service.index
    assert index is not None
    async with world.service.database.transaction() as session:
        for table in ("", "_words", "_facets", "_changes", "_builds"):
            await session.execute(text(f"DELETE FROM search_demands{table}"))
    await world.work()
    assert [card["demand_id"] for card in (await board(world))["items"]] == [kept["id"]], "filled from the table"
    assert index.declaration is DECLARATION


async def test_bad_questions_are_located_and_odd_ones_answered(world: World) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"q": "x" * 10_000}, "?q", "too-long"),
        ({"colour": "red"}, "?colour", "extra"),
        ({"facets": "colour"}, "?facets/0", "choice"),
        ({"budget_band": "cheap"}, "?budget_band/0", "pattern"),
        ({"deal_form": "gift"}, "?deal_form/0", "choice"),
        ({"sort": "best"}, "?sort", "choice"),
        ({"cursor": "MTAwMDAw"}, "?cursor", "too-deep"),
        ({"limit": 1_000}, "?limit", "at-most"),
    ]
    for asked, pointer, code in cases:
        answer = await world.call(None, "GET", "/demands/board", params=asked, status=422)
        assert [(each["pointer"], each["code"]) for each in answer["errors"]] == [(pointer, code)]
    for words in ("  ", "🎉", "' OR 1=1 --", "<b>", "مرحبا", "a\x00b", "& | !"):
        assert (await board(world, q=words, region=words))["total"] == 0


async def test_one_demand_is_read_as_the_board_shows_it(world: World) -> None:
    named = await world.post(**PUBLIC)
    unnamed = await world.post(world.stranger, **ANONYMOUS | OPEN, budget={"minor_units": 900, "currency": "CNY"})
    shown = await world.call(None, "GET", f"/demands/board/{named['id']}")
    [card] = (await board(world, q="电解液"))["items"]
    assert shown == card | {"highlights": {}}
    hidden = await world.call(None, "GET", f"/demands/board/{unnamed['id']}")
    assert (hidden["organisation_id"], hidden["organisation_name"], hidden["budget"]) == (None, None, None)


async def test_what_is_not_on_the_board_is_not_read_there(world: World) -> None:
    private = await world.post()
    closed = await world.post(**PUBLIC)
    await world.call(world.company, "POST", f"/demands/{closed['id']}/close", json={"reason": "found"})
    for demand in (private, closed):
        await world.call(None, "GET", f"/demands/board/{demand['id']}", status=404)
