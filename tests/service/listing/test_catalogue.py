"""The catalogue at the API: what is found, by whom it is counted, and what never is."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import text

from services.kit.auth import Principal
from services.kit.ids import new_id
from services.kit.tables import outbox
from services.listing.adapters.documents import DECLARATION
from tests.service.listing.hall import Hall, made, new_listing, new_right, published, sheet, start_import
from tests.support.people import problem
from tests.support.tokens import principal

BATTERY = {
    "number": "CN202310375785.X",
    "title": "一种石墨烯锂电池负极材料的制备方法",
    "abstract": "将石墨烯与硅纳米颗粒混合，经喷雾干燥得到负极材料。",
    "owner_name": "刺桐港新材料研究院",
    "ipc": ["H01M 10/0525", "C01B 32/182"],
    "filed_at": "2023-04-11",
    "status": "granted",
}
WATER = {
    "number": "CN202010087202.X",
    "title": "便携式水质检测装置",
    "abstract": "装置包括壳体、光源和比色皿，现场测定氨氮浓度。",
    "ipc": ["G01N 21/78"],
    "filed_at": "2020-02-11",
    "status": "granted",
}
SPEECH = {
    "number": "US9153231",
    "title": "Speech recognition with recurrent neural networks",
    "abstract": "An acoustic model is retrained while it runs.",
    "ipc": ["G10L 15/16"],
    "filed_at": "2013-03-15",
    "status": "granted",
}
YUAN = {"form": "fixed", "minimum": {"minor_units": 80_000_00, "currency": "CNY"}}
SPAN = {"form": "range", "minimum": {"minor_units": 400_000_00}, "maximum": {"minor_units": 900_000_00}}
DOLLARS = {"form": "fixed", "minimum": {"minor_units": 50_000_00, "currency": "USD"}}


@pytest.fixture
async def three(us: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Battery, water, speech: published in this order."""
    offers = (
        (BATTERY, {"price": YUAN, "region": "福建", "industries": ["新能源"], "maturity": "pilot"}),
        (WATER, {"price": SPAN, "region": "浙江", "industries": ["环保"], "deal_forms": ["assignment"]}),
        (SPEECH, {"price": DOLLARS, "industries": ["新能源", "软件"], "summary": "Recognises spoken commands."}),
    )
    return [await published(us, await new_right(us, **right), **terms) for right, terms in offers]


async def found(who: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    return await made(await who.get("/catalogue", params=asked))


def titles(page: dict[str, Any]) -> list[str]:
    return [item["title"] for item in page["items"]]


def pointers(answer: httpx.Response) -> list[tuple[str, str]]:
    assert problem(answer) == "invalid-input", answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.mark.usefixtures("three")
async def test_words_numbers_and_typing_errors_find_their_listing_first(anyone: httpx.AsyncClient) -> None:
    expected = {
        "石墨烯电池": BATTERY,
        "石墨稀锂电池负极": BATTERY,
        "shimoxi": BATTERY,
        "硅纳米颗粒": BATTERY,
        "刺桐港": BATTERY,
        "H01M 10/0525": BATTERY,
        "ZL 2023 1 0375785.X": BATTERY,
        "202310375785x": BATTERY,
        "氨氮": WATER,
        "ＣＮ２０２０１００８７２０２．Ｘ": WATER,
        "speach recognition": SPEECH,
        "US 9,153,231 B2": SPEECH,
    }
    first = {words: titles(await found(anyone, q=words))[:1] for words in expected}
    assert first == {words: [right["title"]] for words, right in expected.items()}


async def test_a_card_has_what_a_result_shows(three: list[dict[str, Any]], anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/catalogue", params={"q": "石墨烯"}, headers={"accept-language": "zh-CN"})
    page = answer.json()
    assert (page["total"], page["next"], page["answered_by"], page["degraded"]) == (1, None, "postgres", False)
    assert (answer.headers["zayton-search"], answer.headers["content-language"]) == ("postgres", "zh")
    [card] = page["items"]
    battery = three[0]
    assert card.pop("highlights")["title"] == [["一种", False], ["石墨烯", True], ["锂电池负极材料的制备方法", False]]
    assert card == {
        "listing_id": battery["listing_id"],
        "title": BATTERY["title"],
        "summary": battery["summary"],
        "organisation_id": battery["organisation_id"],
        "organisation_name": battery["organisation_name"],
        "kind": "invention",
        "number": battery["right"]["number"],
        "status": "published",
        "ipc": BATTERY["ipc"],
        "deal_forms": ["ordinary_licence"],
        "price": battery["price"],
        "maturity": "pilot",
        "region": "福建",
        "industry": ["新能源"],
        "language": "zh",
        "published_at": battery["published_at"].replace("+00:00", "Z"),
    }


@pytest.mark.usefixtures("three")
async def test_facets_are_counted_and_labelled_in_the_readers_language(anyone: httpx.AsyncClient) -> None:
    facets = (await found(anyone))["facets"]
    assert {"value": "新能源", "label": "新能源", "count": 2} in facets["industry"]
    assert facets["kind"] == [{"value": "invention", "label": "Invention patent", "count": 3}]
    assert [(each["value"], each["label"]) for each in facets["price_band"]] == [
        ("CNY-100k-500k", "CNY 100,000 to 500,000"),
        ("CNY-500k-1m", "CNY 500,000 to 1 million"),
        ("CNY-to-100k", "Below CNY 100,000"),
        ("USD-to-100k", "Below USD 100,000"),
    ]
    assert facets["nice_class"] == []
    chinese = await anyone.get("/catalogue", params={"facets": "ipc_section"}, headers={"accept-language": "zh"})
    assert chinese.json()["facets"] == {
        "ipc_section": [
            {"value": "G", "label": "G · 物理", "count": 2},
            {"value": "C", "label": "C · 化学；冶金", "count": 1},
            {"value": "H", "label": "H · 电学", "count": 1},
        ]
    }
    assert (await found(anyone, facets=""))["facets"] == {}


@pytest.mark.usefixtures("three")
async def test_filters_and_ranges_narrow(anyone: httpx.AsyncClient) -> None:
    battery, water, speech = (right["title"] for right in (BATTERY, WATER, SPEECH))
    cases: list[tuple[dict[str, Any], set[Any]]] = [
        ({"ipc_section": ["H", "C"]}, {battery}),
        ({"ipc_section": "G", "deal_form": "assignment"}, {water}),
        ({"region": ["福建", "浙江"]}, {battery, water}),
        ({"industry": "新能源", "language": "en"}, {speech}),
        ({"price_band": "CNY-500k-1m"}, {water}),
        ({"maturity": "pilot", "status": "published", "kind": "invention"}, {battery}),
        ({"nice_class": 9}, set()),
        ({"price_to": 100_000_00}, {battery}),
        ({"price_from": 500_000_00}, {water}),
        ({"price_from": 50_000_00, "price_to": 500_000_00}, {battery, water}),
        ({"price_to": 100_000_00, "currency": "USD"}, {speech}),
        ({"currency": "EUR"}, set()),
        ({"filed_from": "2020-02-11", "filed_to": "2020-02-11"}, {water}),
        ({"filed_to": "2013-12-31"}, {speech}),
        ({"published_from": "2000-01-01"}, {battery, water, speech}),
        ({"published_to": "2000-01-01"}, set()),
    ]
    assert [(asked, set(titles(await found(anyone, **asked)))) for asked, _ in cases] == cases


@pytest.mark.usefixtures("three")
async def test_prices_are_sorted_within_a_currency(us: httpx.AsyncClient, anyone: httpx.AsyncClient) -> None:
    free = await new_right(us, number="US9449272", title="Training aid for baseball batters")
    await published(us, free, price={"form": "free"})
    talk = await new_right(us, number="CN201710117081.7", title="光催化废水处理")
    await published(us, talk, price={"form": "negotiable"})
    rising = titles(await found(anyone, sort="price_asc"))
    assert rising == [free["title"], BATTERY["title"], WATER["title"], talk["title"]]
    assert titles(await found(anyone, sort="price_desc"))[:2] == [WATER["title"], BATTERY["title"]]
    assert titles(await found(anyone, sort="price_asc", currency="USD")) == [
        free["title"],
        SPEECH["title"],
        talk["title"],
    ]
    assert titles(await found(anyone, sort="newest"))[:2] == [talk["title"], free["title"]]


@pytest.mark.usefixtures("three")
async def test_pages_follow_one_another_by_cursor_and_link(anyone: httpx.AsyncClient) -> None:
    first = await anyone.get("/catalogue", params={"limit": 1, "region": ["福建", "浙江", ""], "sort": "newest"})
    link = first.headers["link"].removeprefix("<").partition(">")[0]
    asked = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert (asked["cursor"], asked["region"]) == ([first.json()["next"]], ["福建", "浙江", ""])
    everything = await anyone.get("/catalogue", params={"limit": 2, "sort": "newest"})
    second = await anyone.get("/catalogue", params={"limit": 2, "sort": "newest", "cursor": everything.json()["next"]})
    assert titles(everything.json()) + titles(second.json()) == [right["title"] for right in (SPEECH, WATER, BATTERY)]
    assert (second.json()["next"], "link" in second.headers) == (None, False)


async def test_the_catalogue_follows_what_happens_to_a_listing(
    us: httpx.AsyncClient, anyone: httpx.AsyncClient
) -> None:
    right = await new_right(us, **BATTERY)
    listing = await new_listing(us, right)
    path = f"/listings/{listing['listing_id']}"

    async def seen(words: str) -> int:
        return int((await found(anyone, q=words))["total"])

    assert await seen("石墨烯") == 0, "a draft"
    await made(await us.post(f"{path}/publish"))
    assert await seen("石墨烯") == 1
    await made(await us.patch(path, json={"summary": "便于回收"}, headers={"if-match": '"2"'}))
    assert (await seen("便于回收"), await seen("光催化")) == (1, 0)
    named = await us.patch(
        f"/rights/{right['right_id']}", json={"title": "硫化物固态电解质"}, headers={"if-match": '"1"'}
    )
    await made(named)
    assert (await seen("固态电解质"), await seen("制备方法")) == (1, 0)
    await made(await us.post(f"{path}/withdraw", json={"reason": "改为自行实施"}))
    assert await seen("固态电解质") == 0
    await made(await us.post(f"{path}/publish"))
    assert await seen("固态电解质") == 1
    ended = {"category": "N", "occurred_at": "2026-01-01"}
    await made(await us.post(f"/rights/{right['right_id']}/status-events", json=ended))
    assert await seen("固态电解质") == 0


async def test_an_import_can_be_found_when_it_is_done(
    hall: Hall, us: httpx.AsyncClient, anyone: httpx.AsyncClient
) -> None:
    rows = [
        {
            "number": f"US90{place:05d}",
            "title": f"Valve number {place} of zirconium",
            "abstract": "",
            "asking_price_10k": "8.00",
        }
        for place in range(250)
    ]
    await start_import(us, sheet(rows), publish=True)
    await hall.work()
    listed = len((await found(anyone, q="zirconium valve", limit=100))["items"])
    assert ((await found(anyone, q="zirconium valve"))["total"], listed) == (250, 100)


SECRET = "quicksilver"
PRIVATE = {"private_details": f"内部代号{SECRET}：最低可接受 2718281 元，仅限签署保密协议后披露"}


async def test_what_is_behind_an_nda_is_never_found_nor_told(
    hall: Hall, us: httpx.AsyncClient, anyone: httpx.AsyncClient
) -> None:
    listing = await published(us, await new_right(us, **BATTERY), **PRIVATE)
    assert listing["private_details"] == PRIVATE["private_details"]
    path = f"/listings/{listing['listing_id']}"
    await made(await us.patch(path, json={"private_details": f"{SECRET} two"}, headers={"if-match": '"2"'}))
    for who in (us, anyone):  # not even the owner finds by it: an index has one reader, the public
        for words in (SECRET, "quicksilvr", "内部代号", "仅限签署保密协议后披露", "2718281", "neibudaihao"):
            page = await found(who, q=words)
            assert (words, page["total"]) == (words, 0)
            assert (await who.get("/catalogue/suggestions", params={"q": words})).json() == {"items": []}
    public = [await anyone.get(where) for where in ("/catalogue", "/listings", path, f"{path}/similar")]
    assert [answer.status_code for answer in public] == [200] * 4
    assert all(SECRET not in answer.text for answer in public)
    async with hall.database.transaction() as session:
        told = (await session.execute(outbox.select())).all()
        kept = [
            (await session.execute(text(f"SELECT CAST({name} AS text) FROM {name}"))).scalars().all()
            for name in ("search_listings", "search_listings_words", "search_listings_facets")
        ]
    assert any("石墨" in row for row in kept[0])
    assert SECRET not in json.dumps(kept)
    assert told
    assert all(SECRET.encode() not in row.payload and SECRET not in str(row.headers) for row in told)
    assert "private_details" not in DECLARATION.names


async def test_suggestions_go_on_as_typed(three: list[dict[str, Any]], anyone: httpx.AsyncClient) -> None:
    def one(place: int, right: dict[str, Any]) -> dict[str, Any]:
        return {"items": [{"listing_id": three[place]["listing_id"], "text": right["title"]}]}

    expected = {"便携": one(1, WATER), "speech rec": one(2, SPEECH), "shimo": one(0, BATTERY), "": {"items": []}}
    for typed, answer in expected.items():
        assert (await anyone.get("/catalogue/suggestions", params={"q": typed})).json() == answer
    assert pointers(await anyone.get("/catalogue/suggestions", params={"q": "x" * 501})) == [("?q", "too-long")]
    assert pointers(await anyone.get("/catalogue/suggestions", params={"limit": 0})) == [("?limit", "at-least")]


async def test_similar_listings_speak_of_the_same(
    three: list[dict[str, Any]], us: httpx.AsyncClient, anyone: httpx.AsyncClient
) -> None:
    other = await new_right(us, number="CN201710117081.7", title="石墨烯复合负极及锂电池")
    twin = await published(us, other)
    similar = await made(await anyone.get(f"/listings/{three[0]['listing_id']}/similar"))
    assert [card["listing_id"] for card in similar["items"]] == [twin["listing_id"]]
    alone = await anyone.get(f"/listings/{three[2]['listing_id']}/similar")
    assert alone.json() == {"items": []}
    draft = await new_listing(us, other)
    for hidden in (draft["listing_id"], str(new_id())):
        assert problem(await anyone.get(f"/listings/{hidden}/similar")) == "listing-not-found"


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    "words",
    [
        "   \t\n　",
        "🎉🔋🤖",
        "👨‍👩‍👧",
        "& | ! ( ) <-> :* '\" \\",
        '"unclosed AND -speech OR (',
        "'; DROP TABLE search_listings; --",
        "' OR '1'='1",
        "<script>alert(1)</script><b>speech</b>",
        "مرحبا بالعالم",
        "\u202ehceeps\u202c speech",
        "a\x00b\x01\x1f\x7f",
        "\ud7ff\ufffe\uffff",
        "%_%",
        "x" * 500,
        "电" * 500,
        "1" * 500,
        "a " * 250,
    ],
)
async def test_whatever_is_typed_has_an_answer(anyone: httpx.AsyncClient, words: str) -> None:
    for path in ("/catalogue", "/catalogue/suggestions"):
        answer = await anyone.get(path, params={"q": words})
        assert answer.status_code == 200, answer.text
    assert (await found(anyone))["total"] == 3, "and nothing came of it"


async def test_what_cannot_be_asked_is_located(anyone: httpx.AsyncClient) -> None:
    cases: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
        ({"q": "x" * 10_000}, [("?q", "too-long")]),
        ({"colour": "red"}, [("?colour", "extra")]),
        ({"facets": ["kind", "colour"]}, [("?facets/1", "choice")]),
        ({"kind": ["invention", "rumour"]}, [("?kind/1", "choice")]),
        ({"ipc_section": "Z"}, [("?ipc_section/0", "pattern")]),
        ({"nice_class": 46}, [("?nice_class/0", "at-most")]),
        ({"price_band": "100k-500k"}, [("?price_band/0", "pattern")]),
        ({"status": "draft"}, [("?status/0", "choice")]),
        ({"region": "x" * 301}, [("?region/0", "too-long")]),
        ({"region": [str(place) for place in range(51)]}, [("?region", "too-many")]),
        ({"price_from": "cheap"}, [("?price_from", "integer")]),
        ({"price_from": -1}, [("?price_from", "at-least")]),
        ({"price_to": 10**30}, [("?price_to", "at-most")]),
        ({"price_from": 2, "price_to": 1}, [("?price_to", "range-order")]),
        ({"currency": "yuan"}, [("?currency", "pattern")]),
        ({"filed_from": "yesterday"}, [("?filed_from", "day")]),
        ({"filed_from": "2026-02-30"}, [("?filed_from", "day")]),
        ({"published_from": "2026-02-02", "published_to": "2026-02-01"}, [("?published_to", "range-order")]),
        ({"sort": "cheapest"}, [("?sort", "choice")]),
        ({"limit": 0}, [("?limit", "at-least")]),
        ({"limit": 101}, [("?limit", "at-most")]),
        ({"cursor": "nonsense!"}, [("?cursor", "cursor")]),
        ({"cursor": "MTAwMDAw"}, [("?cursor", "too-deep")]),
    ]
    for asked, faults in cases:
        answer = await anyone.get("/catalogue", params=asked, headers={"accept-language": "zh"})
        assert (asked, pointers(answer)) == (asked, faults)


async def test_a_filter_may_hold_any_text(three: list[dict[str, Any]], anyone: httpx.AsyncClient) -> None:
    for value in ("", "a\x00b", "'; --", "\\", '"', "=", "🎉", "福建 OR 1=1"):
        page = await found(anyone, region=value, industry=value)
        assert (value, page["total"]) == (value, 0)
    assert len(three) == (await found(anyone))["total"]


async def test_another_organisation_and_nobody_see_the_same(hall: Hall, three: list[dict[str, Any]]) -> None:
    others: list[Principal | None] = [principal("company"), None]
    pages = [await found(await hall.client(who), q="石墨烯") for who in others]
    assert [[card["listing_id"] for card in page["items"]] for page in pages] == [[three[0]["listing_id"]]] * 2
