"""The index filled with what the service holds: listings older than it, a new version, and on demand."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.kit.search import builder
from services.kit.search.index import Index
from tests.service.listing.hall import Hall, made, new_listing, new_right, published

NUMBERS = ("CN202310375785.X", "CN202010087202.X", "CN201710117081.7", "US9153231", "US9449272")


@pytest.fixture
def index(hall: Hall) -> Index:
    assert hall.service.index is not None
    return hall.service.index


@pytest.fixture
async def five(us: httpx.AsyncClient) -> list[dict[str, Any]]:
    return [await published(us, await new_right(us, number=number, title=f"Pump {number}")) for number in NUMBERS]


async def forget(hall: Hall) -> None:
    """As it is right after the migration that brought search."""
    async with hall.database.transaction() as session:
        for table in ("", "_words", "_facets", "_changes", "_builds"):
            await session.execute(text(f"DELETE FROM search_listings{table}"))


async def total(who: httpx.AsyncClient, words: str = "pump") -> int:
    return int((await made(await who.get("/catalogue", params={"q": words})))["total"])


@pytest.mark.usefixtures("five")
async def test_listings_older_than_the_index_are_filled_in_chunk_by_chunk(
    hall: Hall, index: Index, us: httpx.AsyncClient, anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "CHUNK", 2)
    await new_listing(us, await new_right(us, number="CN95115608.X", title="Pump that nobody offers"))
    await forget(hall)
    assert not await index.builder.is_done(hall.database)
    totals = []
    while await index.builder.step(hall.database):
        totals.append(await total(anyone))
    assert totals == [2, 4, 5]
    assert await index.builder.is_done(hall.database)


async def test_filling_takes_up_what_another_worker_began(
    hall: Hall, index: Index, five: list[dict[str, Any]], us: httpx.AsyncClient, anyone: httpx.AsyncClient
) -> None:
    await forget(hall)
    ids = sorted(listing["listing_id"] for listing in five)
    async with hall.database.transaction() as session:
        begun = text("INSERT INTO search_listings_builds (version, done_to, is_done) VALUES (1, :to, false)")
        await session.execute(begun, {"to": ids[2]})
    gone = f"/listings/{ids[4]}/withdraw"
    await made(await us.post(gone, json={"reason": "sold"}))
    while await index.builder.step(hall.database):
        pass
    assert await total(anyone) == 1, "the first three were said to be done, the last is withdrawn"


async def test_a_rebuild_mends_what_is_wrong_and_says_how_far_it_is(
    hall: Hall, index: Index, five: list[dict[str, Any]], anyone: httpx.AsyncClient
) -> None:
    wrong = (
        "UPDATE search_listings SET terms = '''nonsense''', headline_terms = '' WHERE id = :first",
        "DELETE FROM search_listings WHERE id = :second",
        "UPDATE listings SET status = 'withdrawn' WHERE listing_id = :third",
    )
    ids = dict(zip(("first", "second", "third"), (listing["listing_id"] for listing in five), strict=False))
    async with hall.database.transaction() as session:
        for statement in wrong:
            await session.execute(
                text(statement), {name: each for name, each in ids.items() if f":{name}" in statement}
            )
    assert (await total(anyone), await total(anyone, "nonsense")) == (3, 1)
    said: list[tuple[int, int]] = []
    assert await index.builder.rebuild(hall.database, lambda done, all_: said.append((done, all_))) == 4
    assert (await total(anyone), await total(anyone, "nonsense")) == (4, 0)
    assert (said[0], said[-1]) == ((0, 4), (4, 4))
