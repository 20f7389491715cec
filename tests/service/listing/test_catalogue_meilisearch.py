"""The catalogue where Meilisearch answers, and while it does not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from services.kit.db import Database
from services.kit.search.meilisearch_server import MeilisearchServer
from services.kit.search.state import state_of
from services.kit.settings import Settings
from services.listing.bootstrap import build
from tests.service.listing.hall import Hall, made, new_right, published
from tests.support.meilisearch import ModelledMeilisearch
from tests.support.tokens import Issuer

UID = "listings_v1"
DOWN = httpx.ConnectError("down")


@pytest.fixture
def meilisearch() -> ModelledMeilisearch:
    return ModelledMeilisearch()


@pytest.fixture
async def hall(
    service_database: Callable[..., Awaitable[Database]],
    settings_for: Callable[..., Settings],
    issuer: Issuer,
    meilisearch: ModelledMeilisearch,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Hall]:
    database = await service_database("listing")
    settings = settings_for(database, meilisearch_url="http://meilisearch.test", meilisearch_key="a key")
    given: list[tuple[str, str | None]] = []

    def at(url: str, key: str | None) -> MeilisearchServer:
        given.append((url, key))
        return MeilisearchServer(meilisearch.client())

    monkeypatch.setattr(MeilisearchServer, "at", at)
    service = build(settings, verifier=issuer.verifier())
    assert given == [("http://meilisearch.test", "a key")]
    async with AsyncExitStack() as stack:
        yield Hall(service, issuer, stack)
    await service.close()


@pytest.fixture
async def listing(us: httpx.AsyncClient) -> dict[str, Any]:
    return await published(us, await new_right(us, ipc=["H01M 10/0525"]), private_details="quicksilver")


async def mirrored(hall: Hall) -> None:
    for job in hall.service.jobs:
        while await job.step(hall.database):
            pass


def answers_with_all(meilisearch: ModelledMeilisearch) -> None:
    hits = list(meilisearch.indexes[UID].values())
    counts = {"kind": {"invention": len(hits)}}
    meilisearch.answer = 200, {"hits": hits, "estimatedTotalHits": len(hits), "facetDistribution": counts}


async def asked(who: httpx.AsyncClient) -> tuple[str, bool, list[str]]:
    answer = await who.get("/catalogue", params={"q": "硫铟锌", "facets": "kind"})
    page = await made(answer)
    assert page["facets"] == {"kind": [{"value": "invention", "label": "Invention patent", "count": 1}]}
    return answer.headers["zayton-search"], page["degraded"], [card["listing_id"] for card in page["items"]]


async def test_meilisearch_answers_and_is_stood_in_for_within_the_request(
    hall: Hall, meilisearch: ModelledMeilisearch, listing: dict[str, Any], anyone: httpx.AsyncClient
) -> None:
    this = [listing["listing_id"]]
    assert await asked(anyone) == ("postgres; degraded", True, this), "it has no such index yet"
    await mirrored(hall)
    answers_with_all(meilisearch)
    assert await asked(anyone) == ("meilisearch", False, this)
    meilisearch.fails = lambda _request: DOWN
    assert await asked(anyone) == ("postgres; degraded", True, this)
    suggested = await made(await anyone.get("/catalogue/suggestions", params={"q": "硫铟"}))
    assert [each["listing_id"] for each in suggested["items"]] == this
    meilisearch.fails = lambda _request: None
    assert await asked(anyone) == ("meilisearch", False, this), "it is back, and so is search"


async def test_what_happens_during_an_outage_is_caught_up_with(
    hall: Hall, meilisearch: ModelledMeilisearch, listing: dict[str, Any], us: httpx.AsyncClient
) -> None:
    await mirrored(hall)
    assert set(meilisearch.indexes[UID]) == {listing["listing_id"]}
    meilisearch.fails = lambda _request: DOWN
    other = await published(us, await new_right(us, number="CN202010087202.X", title="水质检测"))
    await made(await us.post(f"/listings/{listing['listing_id']}/withdraw", json={"reason": "sold"}))
    await mirrored(hall)
    assert hall.service.index is not None
    state = await state_of(hall.service.index, hall.database)
    assert (state.documents, state.waiting, state.answered_by, state.degraded) == (1, 2, "postgres", True)
    assert "unreachable" in state.error
    meilisearch.fails = lambda _request: None
    await mirrored(hall)
    assert set(meilisearch.indexes[UID]) == {other["listing_id"]}
    answers_with_all(meilisearch)
    state = await state_of(hall.service.index, hall.database)
    assert (state.waiting, state.lag_s, state.answered_by, state.error) == (0, 0.0, "meilisearch", "")


async def test_what_meilisearch_refused_is_told(
    hall: Hall, meilisearch: ModelledMeilisearch, listing: dict[str, Any], us: httpx.AsyncClient
) -> None:
    await mirrored(hall)
    answers_with_all(meilisearch)
    meilisearch.refuses = "no_space_left_on_device"
    await made(await us.post(f"/listings/{listing['listing_id']}/withdraw", json={"reason": "sold"}))
    await mirrored(hall)
    assert hall.service.index is not None
    state = await state_of(hall.service.index, hall.database)
    assert (state.waiting, state.answered_by) == (1, "meilisearch")
    assert "refused" in state.error


@pytest.mark.usefixtures("listing")
async def test_nothing_private_gets_to_meilisearch(hall: Hall, meilisearch: ModelledMeilisearch) -> None:
    await mirrored(hall)
    sent = b"".join(request.content for request in meilisearch.requests)
    assert "硫铟锌".encode() in sent
    assert b"quicksilver" not in sent
    assert b"private_details" not in sent
