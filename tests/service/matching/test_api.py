"""Who may do what, and what bad input is told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from zayton.matching.v1 import events_pb2 as matching_events

from services.kit.auth import Principal
from services.kit.tables import timers
from tests.service.matching.conftest import World, demand
from tests.support.tokens import principal


async def matched(world: World) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A demand, its match, and the id of the listing matched."""
    listing = world.listing()
    posted = await world.post()
    await world.publish(listing)
    await world.work()
    (match,) = await world.matches(world.company)
    return posted, match, listing.listing_id


def colleague(of: Principal, role: str) -> Principal:
    return principal(
        of.organisation_kind, role, organisation_id=of.organisation_id, organisation_name=of.organisation_name
    )


async def test_every_endpoint_for_each_role_and_for_strangers(world: World) -> None:
    posted, match, listing_id = await matched(world)
    own = f"/demands/{posted['id']}"
    reads: list[tuple[str, dict[str, str] | None]] = [
        (own, None),
        (f"/matches/{match['id']}", None),
        ("/matches", {"demand_id": posted["id"]}),
        ("/demands", None),
        ("/matches", None),
    ]
    writes: list[tuple[str, Any, int]] = [
        ("/demands", demand(), 201),
        ("/matches/search", {"demand_id": posted["id"]}, 200),
        (f"/matches/{match['id']}/judgement", {"verdict": "accepted"}, 200),
        (f"{own}/close", {"reason": "found elsewhere"}, 200),
    ]
    viewer, agent = colleague(world.company, "viewer"), colleague(world.company, "agent")
    for path, query in reads:
        await world.call(None, "GET", path, params=query, status=401)
        await world.call(viewer, "GET", path, params=query)
        if path in {"/demands", "/matches"} and query is None:
            assert (await world.call(world.stranger, "GET", path))["items"] == []
        else:
            await world.call(world.stranger, "GET", path, params=query, status=404)
    for path, body, _ in writes:
        await world.call(None, "POST", path, json=body, status=401)
        await world.call(viewer, "POST", path, json=body, status=403)
        if path != "/demands":
            await world.call(world.stranger, "POST", path, json=body, status=404)
    for path, body, status in writes:
        await world.call(agent, "POST", path, json=body, status=status)
    await world.call(world.stranger, "GET", "/matches", params={"listing_id": listing_id}, status=404)
    await world.call(world.stranger, "POST", "/matches/search", json={"listing_id": listing_id}, status=404)
    await world.call(world.university, "GET", "/matches", params={"demand_id": posted["id"]}, status=404)
    await world.call(world.university, "GET", own, status=404)


async def test_a_demand_is_kept_as_it_was_posted(world: World) -> None:
    posted = await world.post(expires_at="2027-01-01T08:00:00+08:00")
    assert posted["ipc"] == ["H01M 10/0525"]
    assert posted["expires_at"] == "2027-01-01T00:00:00Z"
    assert (posted["status"], posted["version"], posted["close_reason"]) == ("open", 1, None)
    assert await world.call(world.company, "GET", f"/demands/{posted['id']}") == posted
    (fact,) = await world.told(matching_events.DemandPosted)
    assert fact.demand.demand_id == posted["id"]
    assert fact.demand.budget.minor_units == 100_000_000
    least = await world.call(world.company, "POST", "/demands", json={"title": "x", "problem": "y"}, status=201)
    assert (least["language"], least["budget"], least["ipc"]) == ("en", None, [])


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"title": "  "}, "/title", "too-short"),
        ({"problem": None}, "/problem", "text"),
        ({"ipc": ["H01M", "9X"]}, "/ipc/1", "ipc"),
        ({"deal_forms": ["gift"]}, "/deal_forms/0", "choice"),
        ({"territories": ["China"]}, "/territories/0", "pattern"),
        ({"budget": {"minor_units": 0, "currency": "CNY"}}, "/budget/minor_units", "at-least"),
        ({"budget": {"minor_units": 1.5, "currency": "CNY"}}, "/budget/minor_units", "integer"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at", "expiry"),
        ({"expires_at": "2099-01-01T00:00:00Z"}, "/expires_at", "expiry"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "/expires_at", "expiry"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "/expires_at", "expiry"),
        ({"expires_at": "2026-12-31T00:00:00"}, "/expires_at", "time"),
        ({"surprise": 1}, "/surprise", "extra"),
        ({"title": "a\u0000b"}, "", "unstorable"),
    ],
)
async def test_bad_input_is_located_and_changes_nothing(
    world: World, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await world.call(world.company, "POST", "/demands", json=demand() | change, status=422)
    assert [(each["pointer"], each["code"]) for each in answer["errors"]] == [(pointer, code)]
    assert (await world.call(world.company, "GET", "/demands"))["items"] == []
    assert await world.told(matching_events.DemandPosted) == []


async def test_the_same_request_again_posts_no_second_demand(world: World) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await world.call(world.company, "POST", "/demands", json=demand(), headers=headers, status=201)
    again = await world.call(world.company, "POST", "/demands", json=demand(), headers=headers, status=201)
    assert first == again
    assert len((await world.call(world.company, "GET", "/demands"))["items"]) == 1


async def test_demands_are_listed_page_by_page_the_newest_first(world: World) -> None:
    ids = [(await world.post())["id"] for _ in range(3)]
    first = await world.call(world.company, "GET", "/demands", params={"limit": 2, "mine": "true"})
    rest = await world.call(world.company, "GET", "/demands", params={"limit": 2, "cursor": first["next"]})
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None
    await world.call(world.company, "POST", f"/demands/{ids[0]}/close", json={"reason": "done"})
    closed = await world.call(world.company, "GET", "/demands", params={"status": "closed"})
    assert [each["id"] for each in closed["items"]] == ids[:1]
    await world.call(world.company, "GET", "/demands", params={"mine": "false"}, status=422)


async def test_a_demand_that_is_closed_takes_its_matches_along(world: World) -> None:
    posted, match, _ = await matched(world)
    closed = await world.call(world.company, "POST", f"/demands/{posted['id']}/close", json={"reason": "found"})
    assert (closed["status"], closed["close_reason"], closed["version"]) == ("closed", "found", 2)
    (fact,) = await world.told(matching_events.DemandClosed)
    assert (fact.demand.demand_id, fact.reason) == (posted["id"], "found")
    lapsed = await world.call(world.university, "GET", f"/matches/{match['id']}")
    assert (lapsed["standing"], lapsed["bar"]["code"]) == ("lapsed", "demand_closed")
    await world.call(world.company, "POST", f"/demands/{posted['id']}/close", json={"reason": "again"}, status=409)
    await world.call(world.company, "POST", "/matches/search", json={"demand_id": posted["id"]}, status=409)
    judge = f"/matches/{match['id']}/judgement"
    await world.call(world.university, "POST", judge, json={"verdict": "accepted"}, status=409)
    await world.publish(world.listing())
    await world.work()
    assert len(await world.found()) == 1


async def test_a_demand_expires_by_itself(world: World) -> None:
    posted = await world.post(expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    await world.publish(world.listing())
    await world.work()
    fire = world.service.timers.fire_next
    assert not await fire("matching", world.service.database)
    async with world.service.database.transaction() as session:
        await session.execute(update(timers).values(due_at=datetime.now(UTC)))
    assert await fire("matching", world.service.database)
    expired = await world.call(world.company, "GET", f"/demands/{posted['id']}")
    assert (expired["status"], expired["version"]) == ("expired", 2)
    (lapsed,) = await world.matches(world.company, standing="lapsed")
    assert lapsed["bar"]["code"] == "demand_expired"
    (fact,) = await world.told(matching_events.DemandClosed)
    assert fact.demand.status == matching_events.DEMAND_STATUS_EXPIRED


async def test_a_closed_demand_does_not_expire_later(world: World) -> None:
    posted = await world.post()
    await world.call(world.company, "POST", f"/demands/{posted['id']}/close", json={"reason": "found"})
    assert not await world.service.timers.fire_next("matching", world.service.database)


async def test_asking_now_answers_at_once_for_either_side(world: World) -> None:
    posted = await world.post()
    listing = world.listing()
    await world.publish(listing)
    found = await world.call(world.company, "POST", "/matches/search", json={"demand_id": posted["id"]})
    assert [each["listing"]["id"] for each in found["items"]] == [listing.listing_id]
    answer = await world.call(world.university, "POST", "/matches/search", json={"listing_id": listing.listing_id})
    assert [each["demand"]["id"] for each in answer["items"]] == [posted["id"]]
    assert answer["bar"] is None
    await world.work()
    assert len(await world.found()) == 1
    for body in ({}, {"demand_id": posted["id"], "listing_id": listing.listing_id}):
        await world.call(world.company, "POST", "/matches/search", json=body, status=422)
    await world.call(world.company, "POST", "/matches/search", json={"demand_id": str(uuid4())}, status=404)


async def test_a_no_is_final_told_once_and_never_comes_back(world: World) -> None:
    posted, match, _ = await matched(world)
    judge = f"/matches/{match['id']}/judgement"
    for body in ({"verdict": "dismissed"}, {"verdict": "accepted", "reason": "price"}, {"verdict": "perhaps"}):
        await world.call(world.company, "POST", judge, json=body, status=422)
    no = {"verdict": "dismissed", "reason": "price"}
    first = await world.call(world.company, "POST", judge, json=no)
    again = await world.call(world.company, "POST", judge, json=no)
    assert (first["standing"], first["judgements"][0]["reason"]) == ("dismissed", "price")
    assert again == first
    (fact,) = await world.told(matching_events.MatchJudged)
    assert fact.verdict == matching_events.VERDICT_DISMISSED
    assert (fact.reason, fact.judged_by_organisation_id) == ("price", str(world.company.organisation_id))
    await world.call(world.university, "POST", judge, json={"verdict": "accepted"}, status=409)
    await world.work()
    await world.call(world.company, "POST", "/matches/search", json={"demand_id": posted["id"]})
    assert await world.matches(world.company) == []
    assert len(await world.found()) == 1


async def test_a_no_of_the_listings_side_counts_as_well(world: World) -> None:
    _, match, _ = await matched(world)
    no = {"verdict": "dismissed", "reason": "capacity"}
    await world.call(world.university, "POST", f"/matches/{match['id']}/judgement", json=no)
    await world.work()
    assert await world.matches(world.company) == []
    for reader, reason in ((world.university, "capacity"), (world.company, None)):
        seen = await world.call(reader, "GET", f"/matches/{match['id']}")
        (judgement,) = seen["judgements"]
        assert (judgement["side"], judgement["reason"]) == ("listing", reason)


async def test_a_no_lowers_what_resembles_it_and_says_so(world: World) -> None:
    disliked, alike, cheap = world.listing(), world.listing(), world.listing()
    cheap.price.minimum.minor_units = 1_000
    await world.publish(disliked, alike, cheap)
    await world.post()
    await world.work()
    before = {each["listing"]["id"]: each for each in await world.matches(world.company)}
    no = {"verdict": "dismissed", "reason": "price"}
    dismissed = before[disliked.listing_id]["id"]
    await world.call(world.company, "POST", f"/matches/{dismissed}/judgement", json=no)
    await world.work()
    after = {each["listing"]["id"]: each for each in await world.matches(world.company)}
    assert after[alike.listing_id]["score"] < before[alike.listing_id]["score"]
    assert after[cheap.listing_id]["score"] == before[cheap.listing_id]["score"]
    (lesson,) = [each for each in after[alike.listing_id]["reasons"] if each["code"] == "like_dismissed"]
    assert lesson["text"] == f"Like “{disliked.right.title}”, which you dismissed: price"
    seen = await world.matches(world.university, listing_id=alike.listing_id)
    assert "like_dismissed" not in {each["code"] for each in seen[0]["reasons"]}


async def test_both_sides_may_say_yes(world: World) -> None:
    _, match, _ = await matched(world)
    judge = f"/matches/{match['id']}/judgement"
    await world.call(world.company, "POST", judge, json={"verdict": "accepted"})
    answer = await world.call(world.university, "POST", judge, json={"verdict": "accepted"})
    assert {each["side"] for each in answer["judgements"]} == {"demand", "listing"}
    assert answer["version"] == match["version"] + 2
    assert len(await world.told(matching_events.MatchJudged)) == 2


async def test_problems_speak_the_readers_language(world: World) -> None:
    unknown = UUID(int=7)
    answer = await world.call(world.company, "GET", f"/demands/{unknown}", language="zh", status=404)
    assert answer["title"] == "没有这条需求"
    assert str(unknown) in answer["detail"]


async def test_matches_are_told_apart_by_side_and_by_whether_one_has_judged(world: World) -> None:
    _, match, _ = await matched(world)

    async def seen(who: Principal, **query: str) -> list[str]:
        items = (await world.call(who, "GET", "/matches", params=query))["items"]
        return [each["id"] for each in items]

    assert await seen(world.company, side="demand") == [match["id"]]
    assert await seen(world.company, side="listing") == []
    assert await seen(world.university, side="listing", judged="false") == [match["id"]]
    await world.call(world.company, "POST", f"/matches/{match['id']}/judgement", json={"verdict": "accepted"})
    # The other side's yes is not one's own.
    assert await seen(world.company, judged="false") == []
    assert await seen(world.company, judged="true") == [match["id"]]
    assert await seen(world.university, judged="false") == [match["id"]]
    assert await seen(world.university, judged="true") == []
    assert await seen(world.stranger, judged="false") == []


async def test_an_organisation_counts_its_own_demands_by_state(world: World) -> None:
    posted = await world.post()
    await world.post()
    await world.call(world.company, "POST", f"/demands/{posted['id']}/close", json={"reason": "found"})
    assert await world.call(world.company, "GET", "/demands/figures") == {"states": {"open": 1, "closed": 1}}
    assert await world.call(world.stranger, "GET", "/demands/figures") == {"states": {}}
    await world.call(None, "GET", "/demands/figures", status=401)
