"""What a search promises, whichever adapter answers."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.kit.problems import InvalidInput
from services.kit.search import Document, Order, Range, RangeType, SearchQuery
from services.kit.search.declaration import as_bound

from .conftest import Index
from .corpus import BASEBALL, CATALYSIS, GRAPHENE, MANAGEMENT, SPEECH, WATER, catalogue, document, identity


@pytest.fixture
async def full(index: Index) -> Index:
    await index.put(*catalogue())
    return index


async def test_words_of_either_language_find_their_listing_first(full: Index) -> None:
    expected = {
        "石墨烯": GRAPHENE,
        "石墨烯 电池": GRAPHENE,
        "水质检测": WATER,
        "废水处理": CATALYSIS,
        "speech recognition": SPEECH,
        "Recognition SPEECH": SPEECH,
        "baseball": BASEBALL,
        "batters training": BASEBALL,
        "battery management 系统": MANAGEMENT,
        "Ｓｐｅｅｃｈ": SPEECH,
        "氨氮浓度": WATER,
        "晋江 水质": WATER,
    }
    assert {words: (await full.titles(words))[:1] for words in expected} == {
        words: [title] for words, title in expected.items()
    }


async def test_one_typing_error_is_forgiven(full: Index) -> None:
    expected = {
        "石墨稀锂电池负极": GRAPHENE,
        "便携式水质监测装置": WATER,
        "光催化的费水处理": CATALYSIS,
        "speach recognition": SPEECH,
        "recurrent nueral networks": SPEECH,
        "basebal batters": BASEBALL,
        "trainign aid": BASEBALL,
    }
    assert [words for words, title in expected.items() if title not in (await full.titles(words))[:3]] == []


async def test_pinyin_finds_what_it_sounds_like(full: Index) -> None:
    expected = {
        "shimoxi": GRAPHENE,
        "shimox": GRAPHENE,
        "shuizhi": WATER,
        "guangcuihua": CATALYSIS,
        "shuizhijiancezhuangzhi": WATER,
    }
    assert [words for words, title in expected.items() if title not in (await full.titles(words))[:3]] == []


async def test_a_number_is_found_in_any_spelling(full: Index) -> None:
    expected = {
        "CN202310375785.X": GRAPHENE,
        "202310375785X": GRAPHENE,
        "202310375785.x": GRAPHENE,
        "ZL 2023 1 0375785.X": GRAPHENE,
        "ZL2023-1-0375785X": GRAPHENE,
        "ＣＮ２０２３１０３７５７８５．Ｘ": GRAPHENE,
        "202310375785": GRAPHENE,
        "20231037": GRAPHENE,
        "US9153231": SPEECH,
        "US 9,153,231 B2": SPEECH,
        "9153231": SPEECH,
        "us9153231b2": SPEECH,
        "95115608.X": MANAGEMENT,
        "ZL 95 1 15608.X": MANAGEMENT,
    }
    assert {words: (await full.titles(words))[:1] for words in expected} == {
        words: [title] for words, title in expected.items()
    }


async def test_only_declared_fields_are_indexed(index: Index) -> None:
    await index.put(document(GRAPHENE, private_details="只有保密协议之后 codename quicksilver"))
    for word in ("quicksilver", "quicksilvr", "保密协议", "baomixieyi"):
        assert await index.titles(word) == []
    (hit,) = (await index.search.search(SearchQuery())).hits
    assert "private_details" not in hit.fields
    assert "region" not in hit.fields, "declared as a facet, but not to be shown"


async def test_filters_take_any_value_of_a_facet_and_all_facets(full: Index) -> None:
    assert set(await full.titles(filters={"kind": ["utility_model"]})) == {WATER, MANAGEMENT}
    assert set(await full.titles(filters={"section": ["H", "A"]})) == {GRAPHENE, MANAGEMENT, BASEBALL}
    assert await full.titles(filters={"section": ["H"], "kind": ["invention"]}) == [GRAPHENE]
    assert await full.titles("电池", filters={"kind": ["utility_model"]}) == [MANAGEMENT]
    assert await full.titles(filters={"kind": ["trademark"]}) == []


async def test_a_filter_is_a_value_and_nothing_else(full: Index) -> None:
    for value in (
        'a"b',
        "it's",
        "back\\slash",
        "end\\",
        "x = 1 OR kind = invention",
        "",
        "' | '",
        "日本",
        "\x00",
        "\ud800",
    ):
        assert await full.titles(filters={"kind": [value]}) == [], value


async def test_ranges_are_inclusive_and_leave_out_what_has_no_value(full: Index) -> None:
    assert set(await full.titles(ranges={"price": Range(20_000_00, 80_000_00)})) == {GRAPHENE, WATER, MANAGEMENT}
    since = as_bound(datetime(2025, 3, 1, tzinfo=UTC), RangeType.MOMENT)
    assert set(await full.titles(ranges={"published_at": Range(least=since)})) == {GRAPHENE, MANAGEMENT}
    assert await full.titles("水", ranges={"price": Range(most=1)}) == []


async def test_sorting_puts_what_has_no_value_last(full: Index) -> None:
    up = await full.titles(order=Order("price"))
    down = await full.titles(order=Order("price", descending=True))
    assert up == [BASEBALL, WATER, MANAGEMENT, GRAPHENE, SPEECH, CATALYSIS]
    assert down == [SPEECH, MANAGEMENT, GRAPHENE, WATER, BASEBALL, CATALYSIS]
    assert await full.titles("锂电池", order=Order("published_at")) == [GRAPHENE, MANAGEMENT]


async def test_without_words_the_newest_come_first(full: Index) -> None:
    assert await full.titles() == [MANAGEMENT, BASEBALL, SPEECH, CATALYSIS, WATER, GRAPHENE]
    assert await full.titles(" \t\n　") == await full.titles()


async def test_facets_count_what_is_found(full: Index) -> None:
    everything = await full.search.search(SearchQuery(facets=["kind", "section"]))
    assert everything.total == 6
    assert everything.facets["kind"] == {"invention": 4, "utility_model": 2}
    assert list(everything.facets["kind"]) == ["invention", "utility_model"]
    assert everything.facets["section"] == {"C": 2, "G": 2, "H": 2, "A": 1}
    found = await full.search.search(SearchQuery("锂电池", facets=["section", "region"]))
    assert found.facets == {"section": {"H": 2, "C": 1}, "region": {"福建": 2}}
    nothing = await full.search.search(SearchQuery(filters={"kind": ["design"]}, facets=["kind"]))
    assert (nothing.total, nothing.facets) == (0, {"kind": {}})


async def test_what_was_found_is_marked(full: Index) -> None:
    (first, *_) = (await full.search.search(SearchQuery("石墨烯"))).hits
    assert "石墨烯" in "".join(part for part, found in first.highlights["title"] if found)
    assert "".join(part for part, _ in first.highlights["title"]) == GRAPHENE
    (first, *_) = (await full.search.search(SearchQuery("acoustic model"))).hits
    assert ("acoustic", True) in [(part.strip(), found) for part, found in first.highlights["summary"]]
    (first, *_) = (await full.search.search(SearchQuery("acoustic", highlight=False))).hits
    assert first.highlights == {}


async def test_markup_in_a_text_comes_back_as_text(index: Index) -> None:
    await index.put(document(SPEECH, title="<script>alert(1)</script> speech & <em>noise</em>"))
    (hit,) = (await index.search.search(SearchQuery("speech"))).hits
    assert "".join(part for part, _ in hit.highlights["title"]) == "<script>alert(1)</script> speech & <em>noise</em>"
    assert [part for part, found in hit.highlights["title"] if found] == ["speech"]


async def test_pages_follow_each_other_without_gap_or_double(full: Index) -> None:
    seen: list[UUID] = []
    cursor = None
    for _ in range(3):
        page = await full.search.search(SearchQuery(limit=2, cursor=cursor))
        seen += [hit.id for hit in page.hits]
        cursor = page.next
    assert cursor is None
    assert len(set(seen)) == len(seen) == 6


async def test_suggestions_continue_what_is_typed(full: Index) -> None:
    async def suggested(typed: str) -> list[str]:
        return [each.text for each in await full.search.suggest(typed)]

    assert (await suggested("spee"))[:1] == [SPEECH]
    assert (await suggested("石墨"))[:1] == [GRAPHENE]
    assert GRAPHENE in await suggested("shimo")
    assert set(await suggested("锂电池")) == {GRAPHENE, MANAGEMENT}
    assert await suggested("  ") == []
    assert await suggested("🙂") == []
    assert [each.text for each in await full.search.suggest("锂电池", filters={"kind": ["invention"]})] == [GRAPHENE]
    assert len(await full.search.suggest("a", limit=1)) <= 1


async def test_a_newer_version_replaces_and_an_older_one_is_dropped(full: Index) -> None:
    assert await full.put(document(WATER, 3, title="土壤检测装置")) == [identity(WATER)]
    assert await full.put(document(WATER, 2, title="空气检测装置"), document(WATER, 3, title="空气检测装置")) == []
    assert (await full.titles("土壤"))[:1] == ["土壤检测装置"]
    assert "空气检测装置" not in await full.titles("空气检测装置")
    assert len(await full.titles()) == 6


async def test_what_was_removed_stays_removed(full: Index) -> None:
    assert await full.remove(identity(BASEBALL), 5) == [identity(BASEBALL)]
    assert await full.put(document(BASEBALL, 4)) == []
    assert await full.remove(identity(SPEECH), 1) == [], "as old as what is there"
    assert BASEBALL not in await full.titles("baseball")
    assert len(await full.titles()) == 5
    assert await full.put(document(BASEBALL, 6)) == [identity(BASEBALL)]
    assert (await full.titles("baseball"))[:1] == [BASEBALL]


async def test_of_several_versions_in_one_batch_the_newest_counts(index: Index) -> None:
    await index.put(document(WATER, 2, title="新的装置"), document(WATER, 1), document(SPEECH))
    assert set(await index.titles()) == {"新的装置", SPEECH}


ODDITIES = (
    "🙂",
    "🙂🎉👩‍🔬",
    "!!! ??? …",
    "& | ! :* <-> ( )",
    '"',
    '"石墨烯" -电池',
    "-",
    "'; DROP TABLE search_catalogue; --",
    "<script>alert(1)</script>",
    "\u202eenehparg",
    "مرحبا بالعالم",
    "שלום",
    "\\",
    "\\'\\\"",
    "%_%",
    "石" * 500,
    "a " * 250,
    "x" * 500,
    "1" * 500,
    "\x00石墨烯\x00",
    "\ud800",
    "kind=invention",
    "~shi'mo",
    "#202310375785X",
    "NOT x AND y OR (z",
)


async def test_whatever_is_typed_has_an_answer(full: Index) -> None:
    for words in ODDITIES:
        results = await full.search.search(SearchQuery(words, facets=["kind"]))
        assert results.total >= len(results.hits), words
        await full.search.suggest(words)


async def test_nothing_to_look_for_finds_nothing(full: Index) -> None:
    for words in ("🙂", "!!! ???", "&|"):
        results = await full.search.search(SearchQuery(words, facets=["kind"]))
        assert (results.total, list(results.hits), results.facets) == (0, [], {"kind": {}})


REFUSED = (
    (SearchQuery("x" * 501), "?q"),
    (SearchQuery("石" * 10_000), "?q"),
    (SearchQuery(filters={"colour": ["red"]}), "?colour"),
    (SearchQuery(filters={"title": ["x"]}), "?title"),
    (SearchQuery(filters={"kind": ["x"] * 51}), "?kind"),
    (SearchQuery(facets=["private_details"]), "?facets"),
    (SearchQuery(order=Order("title")), "?sort"),
    (SearchQuery(ranges={"weight": Range(1)}), "?weight"),
    (SearchQuery(ranges={"price": Range(2, 1)}), "?price"),
    (SearchQuery(ranges={"price": Range(2**64)}), "?price"),
    (SearchQuery(limit=0), "?limit"),
    (SearchQuery(limit=101), "?limit"),
    (SearchQuery(cursor="nonsense"), "?cursor"),
    (SearchQuery(cursor="é"), "?cursor"),
    (SearchQuery(cursor="OTk5OTk5OTk5"), "?cursor"),
    (SearchQuery(cursor="LTE"), "?cursor"),
)


async def test_what_cannot_be_asked_is_refused_with_its_place(index: Index) -> None:
    for query, pointer in REFUSED:
        with pytest.raises(InvalidInput) as refused:
            await index.search.search(query)
        assert [fault.pointer for fault in refused.value.errors] == [pointer]


async def test_paging_ends_where_nobody_reads_further(index: Index) -> None:
    many = [Document(UUID(int=place), 1, {"title": f"装置 {place}", "kind": "design"}) for place in range(1, 1_102)]
    await index.put(*many)
    first = await index.search.search(SearchQuery("装置", limit=100, facets=["kind"]))
    assert first.total == 1_101
    assert first.facets == {"kind": {"design": 1_101}}
    seen = {hit.id for hit in first.hits}
    cursor, pages = first.next, 1
    while cursor is not None:
        page = await index.search.search(SearchQuery("装置", limit=100, cursor=cursor))
        seen |= {hit.id for hit in page.hits}
        cursor, pages = page.next, pages + 1
    assert (pages, len(seen)) == (10, 1_000)
