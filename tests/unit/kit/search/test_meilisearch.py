"""What goes over the wire to Meilisearch, and what is made of its answers."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.kit.search import Document, IndexDeclaration, Order, Range, RangeType, SearchQuery, TextField
from services.kit.search.meilisearch import MeilisearchSearch, body_of, query_text, settings_of
from services.kit.search.meilisearch_server import MeilisearchFailed, MeilisearchServer
from tests.support.meilisearch import ModelledMeilisearch

DECLARATION = IndexDeclaration(
    name="listings",
    version=3,
    texts=(TextField("title", headline=True), TextField("summary")),
    numbers=("number",),
    facets=("kind",),
    ranges={"price": RangeType.INTEGER, "published_at": RangeType.MOMENT},
    displayed=("title", "price"),
)
ID = UUID(int=7)
FOUND: dict[str, Any] = {
    "hits": [
        {
            "id": str(ID),
            "title": "石墨烯电极",
            "price": 5,
            "_formatted": {"id": str(ID), "title": "\ue000石墨烯\ue001电极", "price": "5"},
        }
    ],
    "estimatedTotalHits": 41,
    "facetDistribution": {"kind": {"design": 1, "invention": 40}},
}


@pytest.fixture
def meilisearch() -> ModelledMeilisearch:
    model = ModelledMeilisearch()
    model.answer = 200, FOUND
    return model


@pytest.fixture
def search(meilisearch: ModelledMeilisearch) -> MeilisearchSearch:
    return MeilisearchSearch(MeilisearchServer(meilisearch.client()), DECLARATION)


async def test_a_question_in_full(search: MeilisearchSearch, meilisearch: ModelledMeilisearch) -> None:
    query = SearchQuery(
        "石墨烯",
        filters={"kind": ["invention", 'a"b']},
        ranges={"price": Range(1, 9)},
        facets=["kind"],
        order=Order("price", descending=True),
        limit=20,
    )
    results = await search.search(query)
    (request,) = meilisearch.requests
    assert request.headers["accept-encoding"] == "identity"
    assert request.url.path == "/indexes/listings_v3/search"
    assert json.loads(request.content) == {
        "q": "石墨烯",
        "offset": 0,
        "limit": 20,
        "locales": ["cmn"],
        "filter": [['kind = "invention"', 'kind = "a\\"b"'], "_price >= 1", "_price <= 9"],
        "attributesToRetrieve": ["id", "title", "price"],
        "matchingStrategy": "frequency",
        "facets": ["kind"],
        "sort": ["_price:desc", "id:desc"],
        "attributesToHighlight": ["title"],
        "attributesToCrop": ["title"],
        "cropLength": 40,
        "highlightPreTag": "\ue000",
        "highlightPostTag": "\ue001",
    }
    (hit,) = results.hits
    assert (hit.id, hit.fields) == (ID, {"title": "石墨烯电极", "price": 5})
    assert hit.highlights == {"title": [("石墨烯", True), ("电极", False)]}
    assert (results.total, results.answered_by) == (41, "meilisearch")
    assert list(results.facets["kind"].items()) == [("invention", 40), ("design", 1)]
    assert results.next is not None


async def test_without_words_the_newest_are_asked_for(
    search: MeilisearchSearch, meilisearch: ModelledMeilisearch
) -> None:
    await search.search(SearchQuery("  "))
    asked = json.loads(meilisearch.requests[0].content)
    assert (asked["q"], asked["sort"], "attributesToHighlight" in asked) == ("", ["id:desc"], False)


async def test_emoji_alone_are_not_asked_for(search: MeilisearchSearch, meilisearch: ModelledMeilisearch) -> None:
    assert (await search.search(SearchQuery("🙂"))).total == 0
    assert meilisearch.requests == []


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("ZL 2023 1 0375785.X 石墨烯", "202310375785X 石墨烯"),
        ('"石墨烯" -电池 a-b', "石墨烯 电池 a-b"),
        ("guangcuihuafeishui", "guangcuihuafei shui"),
        ("shimoxi", "shimoxi"),
    ],
)
def test_words_as_the_index_has_them(typed: str, asked: str) -> None:
    assert query_text(typed) == asked


def test_a_document_has_its_declared_fields_and_what_is_made_of_them() -> None:
    fields = {"title": "石墨烯", "number": "ZL 2023 1 0375785.X", "private_details": "x", "price": None}
    body = body_of(Document(ID, 1, fields | {"published_at": "1970-01-01T00:00:01Z"}), DECLARATION)
    assert body == {
        "id": str(ID),
        "title": "石墨烯",
        "number": "ZL 2023 1 0375785.X",
        "price": None,
        "published_at": "1970-01-01T00:00:01Z",
        "_published_at": 1_000_000,
        "_numbers": ["202310375785X"],
        "_parts": ["墨烯", "石墨", "石墨烯"],
        "_sounds": ["moxi", "shimo", "shimoxi"],
    }


def test_settings_name_one_locale_per_rule() -> None:
    assert [rule["locales"] for rule in settings_of(DECLARATION)["localizedAttributes"]] == [["cmn"]]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (httpx.ConnectError("refused"), "unreachable"),
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.RemoteProtocolError("cut off"), "unreachable"),
        ((404, {"code": "index_not_found"}), "index_not_found"),
        ((503, {}), "503"),
        ((200, {"unexpected": True}), "unreadable"),
        ((200, {"hits": [{"id": "no uuid"}], "estimatedTotalHits": 1}), "unreadable"),
    ],
)
async def test_whatever_goes_wrong_is_one_kind_of_failure(
    search: MeilisearchSearch, meilisearch: ModelledMeilisearch, failure: Any, reason: str
) -> None:
    meilisearch.fails = lambda _request: failure
    with pytest.raises(MeilisearchFailed) as failed:
        await search.search(SearchQuery("x"))
    assert failed.value.reason == reason
    assert isinstance(failed.value, OSError)


async def test_an_answer_that_trickles_is_not_waited_for() -> None:
    import asyncio

    async def slow(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        return httpx.Response(200)

    client = httpx.AsyncClient(transport=httpx.MockTransport(slow), base_url="http://meilisearch.test", timeout=0.05)
    with pytest.raises(MeilisearchFailed, match="timeout"):
        await MeilisearchSearch(MeilisearchServer(client), DECLARATION).search(SearchQuery("x"))


async def test_a_task_that_failed_is_told_unless_it_may(meilisearch: ModelledMeilisearch) -> None:
    server = MeilisearchServer(meilisearch.client())
    with pytest.raises(MeilisearchFailed, match="index_not_found"):
        await server.carry_out("DELETE", "/indexes/none")
    await server.carry_out("DELETE", "/indexes/none", allow=frozenset({"index_not_found"}))
