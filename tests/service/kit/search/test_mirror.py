"""How what the table holds gets to Meilisearch, whatever fails on the way."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from services.kit.db import Database
from services.kit.search import Document, SearchQuery
from services.kit.search.fallback import Breaker, FallbackSearch
from services.kit.search.meilisearch import MeilisearchSearch, settings_of
from services.kit.search.meilisearch_server import MeilisearchFailed, MeilisearchServer
from services.kit.search.mirror import Mirror
from services.kit.search.postgres import PostgresSearch
from services.kit.search.writer import IndexWriter
from tests.support.meilisearch import ModelledMeilisearch

from .conftest import declared, make_tables
from .corpus import GRAPHENE, SPEECH, WATER, catalogue, document, identity

DECLARATION = declared("catalogue", 2)
UID = "catalogue_v2"
Put = Callable[..., Awaitable[None]]


@pytest.fixture
def meilisearch() -> ModelledMeilisearch:
    return ModelledMeilisearch()


@pytest.fixture
async def mirror(meilisearch: ModelledMeilisearch, database: Database) -> Mirror:
    await make_tables(database, DECLARATION)
    return Mirror(MeilisearchServer(meilisearch.client()), DECLARATION)


@pytest.fixture
def put(database: Database) -> Put:
    writer = IndexWriter(DECLARATION)

    async def put(*documents: Document) -> None:
        async with database.transaction() as session:
            await writer.upsert(session, documents)

    return put


async def drained(mirror: Mirror, database: Database) -> tuple[int, float]:
    while await mirror.step(database):
        pass
    return await mirror.measure(database)


async def test_the_first_step_builds_the_index_with_its_settings(
    mirror: Mirror, meilisearch: ModelledMeilisearch, database: Database, put: Put
) -> None:
    await put(*catalogue())
    assert await drained(mirror, database) == (0, 0.0)
    assert set(meilisearch.indexes) == {UID}
    assert len(meilisearch.indexes[UID]) == 6
    assert meilisearch.settings[f"{UID}_new"] == settings_of(DECLARATION)


async def test_changes_and_removals_are_carried_over(
    mirror: Mirror, meilisearch: ModelledMeilisearch, database: Database, put: Put
) -> None:
    await put(*catalogue())
    await drained(mirror, database)
    await put(document(WATER, 2, title="土壤检测装置"), document(SPEECH, 1, title="as old as before"))
    async with database.transaction() as session:
        await IndexWriter(DECLARATION).remove(session, {identity(GRAPHENE): 2})
    assert (await mirror.measure(database))[0] == 2
    assert (await drained(mirror, database))[0] == 0
    kept = meilisearch.indexes[UID]
    assert kept[str(identity(WATER))]["title"] == "土壤检测装置"
    assert kept[str(identity(SPEECH))]["title"] == SPEECH
    assert str(identity(GRAPHENE)) not in kept


@pytest.mark.parametrize("failure", ["unreachable", "busy", "task"])
async def test_what_was_not_taken_waits_and_is_taken_later(
    failure: str, mirror: Mirror, meilisearch: ModelledMeilisearch, database: Database, put: Put
) -> None:
    await drained(mirror, database)
    match failure:
        case "unreachable":
            meilisearch.fails = lambda _request: httpx.ConnectError("refused")
        case "busy":
            meilisearch.fails = lambda _request: (503, {"code": "too_many_search_requests"})
        case "task":
            meilisearch.refuses = "no_space_left_on_device"
    await put(*catalogue())
    assert await mirror.step(database) is False
    waiting, lag = await mirror.measure(database)
    assert (waiting, lag > 0) == (6, True)
    meilisearch.fails, meilisearch.refuses = lambda _request: None, None
    assert (await drained(mirror, database))[0] == 0
    assert len(meilisearch.indexes[UID]) == 6


async def test_a_rebuild_shows_progress_and_leaves_nothing_behind(
    mirror: Mirror, meilisearch: ModelledMeilisearch, database: Database, put: Put
) -> None:
    meilisearch.indexes = {UID: {"stray": {}}, "catalogue_v1": {}, "other_v1": {}, f"{UID}_new": {"half": {}}}
    await put(*catalogue())
    seen: list[tuple[int, int]] = []
    assert await mirror.rebuild(database, lambda done, total: seen.append((done, total))) == 6
    assert seen == [(0, 6), (6, 6)]
    assert set(meilisearch.indexes) == {UID, "other_v1"}
    assert len(meilisearch.indexes[UID]) == 6


async def test_a_rebuild_that_fails_leaves_the_old_index(
    mirror: Mirror, meilisearch: ModelledMeilisearch, database: Database, put: Put
) -> None:
    await put(*catalogue())
    await drained(mirror, database)
    meilisearch.refuses = "internal"
    with pytest.raises(MeilisearchFailed):
        await mirror.rebuild(database)
    assert len(meilisearch.indexes[UID]) == 6


async def test_while_one_writes_nobody_else_does(
    mirror: Mirror, meilisearch: ModelledMeilisearch, database: Database, put: Put
) -> None:
    await drained(mirror, database)
    await put(*catalogue())
    async with mirror._alone(database):
        assert await mirror.step(database) is False
    assert meilisearch.indexes[UID] == {}
    assert (await drained(mirror, database))[0] == 0


async def test_big_batches_are_sent_in_parts(
    mirror: Mirror, meilisearch: ModelledMeilisearch, database: Database, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drained(mirror, database)
    monkeypatch.setattr("services.kit.search.mirror.BATCH_BYTES", 1_000)
    meilisearch.requests.clear()
    await put(*catalogue())
    await drained(mirror, database)
    sent = [request for request in meilisearch.requests if request.url.path.endswith("/documents")]
    assert len(sent) > 1
    assert len(meilisearch.indexes[UID]) == 6


@pytest.mark.usefixtures("mirror")
async def test_postgres_answers_while_meilisearch_does_not(
    meilisearch: ModelledMeilisearch, database: Database, put: Put
) -> None:
    await put(*catalogue())
    first = MeilisearchSearch(MeilisearchServer(meilisearch.client()), DECLARATION)
    search = FallbackSearch("catalogue", first, PostgresSearch(database, DECLARATION), Breaker(pause_s=0.0))
    for fails in (httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), (500, {"code": "internal"}), None):
        meilisearch.fails = lambda _request, fails=fails: fails  # type: ignore[misc]  # bound at once
        results = await search.search(SearchQuery("石墨烯"))
        assert (results.answered_by, results.hits[0].fields["title"]) == ("postgres", GRAPHENE)
    meilisearch.answer = 200, {"hits": [], "estimatedTotalHits": 0}
    assert (await search.search(SearchQuery("石墨烯"))).answered_by == "meilisearch"
