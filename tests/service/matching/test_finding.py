"""A demand and a listing that answer each other find each other, whichever comes first, once."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from zayton.common.v1 import types_pb2 as common
from zayton.listing.v1 import events_pb2 as listing_events
from zayton.matching.v1 import events_pb2 as matching_events

from services.kit.protos import timestamp
from services.matching.application import find_matches
from tests.service.matching.conftest import World


@pytest.mark.parametrize("demand_first", [True, False])
async def test_both_find_each_other_whichever_comes_first(world: World, demand_first: bool) -> None:
    listing = world.listing()
    if demand_first:
        await world.post()
        await world.work()
        await world.publish(listing, *world.filler())
    else:
        await world.publish(listing, *world.filler())
        await world.work()
        await world.post()
    await world.work()
    (found,) = await world.found()
    assert found.listing_id == listing.listing_id
    assert found.demand_organisation_id == str(world.company.organisation_id)
    assert 0.6 < found.score <= 1
    (match,) = await world.matches(world.company)
    assert (match["score"], match["side"]) == (found.score, "demand")


async def test_the_explanation_can_be_checked_in_both_languages(world: World) -> None:
    await world.publish(world.listing(), *world.filler())
    await world.work()
    await world.post()
    await world.work()
    (match,) = await world.matches(world.company)
    told = {each["code"]: each["text"] for each in match["reasons"]}
    assert told["same_ipc_group"] == "Same IPC group H01M 10/0525"
    assert told["price_within_budget"] == "Asks 800,000 CNY, budget 1,000,000 CNY"
    assert told["deal_form"] == "Wanted and offered: ordinary licence"
    assert "电解液" in told["shared_terms"]
    assert match["score"] == pytest.approx(sum(each["contribution"] for each in match["reasons"]), abs=1e-3)
    (chinese,) = await world.matches(world.company, language="zh")
    texts = {each["code"]: each["text"] for each in chinese["reasons"]}
    assert texts["price_within_budget"] == "要价 800,000 CNY，预算 1,000,000 CNY"
    assert texts["deal_form"] == "双方均接受：普通许可"


async def test_the_listings_side_learns_nothing_of_the_budget(world: World) -> None:
    await world.post()
    await world.publish(world.listing())
    await world.work()
    (match,) = await world.matches(world.university)
    assert (match["side"], match["demand"]["organisation_name"]) == ("listing", world.company.organisation_name)
    assert "budget" not in str(match)
    assert not any(each["code"].startswith("price") for each in match["reasons"])
    (found,) = await world.found()
    assert not any("budget" in each.parameters for each in found.reasons)


async def test_an_english_listing_answers_a_chinese_demand_by_its_symbols(world: World) -> None:
    await world.publish(world.listing("en"))
    await world.post()
    await world.work()
    (match,) = await world.matches(world.company)
    assert {"same_ipc_group", "texts_in_two_languages"} <= {each["code"] for each in match["reasons"]}


async def test_nothing_is_said_twice_of_the_same_pair(world: World) -> None:
    listing = world.listing()
    published = listing_events.ListingPublished(listing=listing)
    record = world.record(published, listing.listing_id, event_id="the-same-event")
    await world.post()
    await world.hear(record)
    await world.work()
    await world.hear(record)
    await world.publish(listing, version=1)
    await world.work()
    (before,) = await world.matches(world.company)
    listing.price.minimum.minor_units = 150_000_000
    await world.change(listing, version=2)
    await world.work()
    (after,) = await world.matches(world.company)
    assert after["score"] < before["score"]
    assert after["version"] == before["version"] + 1
    assert "price_above_budget" in {each["code"] for each in after["reasons"]}
    assert len(await world.found()) == 1


async def test_what_comes_late_changes_nothing(world: World) -> None:
    listing, older = world.listing(), world.listing()
    older.CopyFrom(listing)
    older.right.title = "旧标题"
    await world.change(listing, version=3)
    await world.publish(older, version=1)
    await world.post()
    await world.work()
    (match,) = await world.matches(world.company)
    assert match["listing"]["title"] == listing.right.title
    await world.withdraw(listing, version=4)
    await world.change(older, version=2)
    await world.work()
    assert await world.matches(world.company) == []


async def test_of_one_batch_the_newest_version_counts(world: World) -> None:
    listing = world.listing()
    newest = listing_events.Listing()
    newest.CopyFrom(listing)
    newest.right.title = f"{listing.right.title}（改进）"
    first, second = (listing_events.ListingChanged(listing=each) for each in (newest, listing))
    await world.post()
    await world.hear(world.record(first, listing.listing_id, 2), world.record(second, listing.listing_id, 1))
    await world.work()
    (match,) = await world.matches(world.company)
    assert match["listing"]["title"] == newest.right.title


async def test_a_listing_that_is_withdrawn_lapses_and_one_that_returns_is_not_announced_again(world: World) -> None:
    listing = world.listing()
    await world.post()
    await world.publish(listing)
    await world.work()
    await world.withdraw(listing, version=2)
    await world.work()
    assert await world.matches(world.company) == []
    (lapsed,) = await world.matches(world.company, standing="lapsed")
    assert lapsed["bar"]["text"] == "The listing was withdrawn"
    listing.status = listing_events.LISTING_STATUS_PUBLISHED
    await world.publish(listing, version=3)
    await world.work()
    (match,) = await world.matches(world.company)
    assert match["bar"] is None
    assert len(await world.found()) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("terminated", "right_terminated"),
        ("invalidated", "right_invalidated"),
        ("withdrawn_or_rejected", "right_refused"),
    ],
)
async def test_a_right_that_dies_takes_its_matches_along(world: World, status: str, code: str) -> None:
    listing = world.listing()
    await world.post()
    await world.publish(listing)
    await world.work()
    await world.right_status(listing.right, status, version=2)
    await world.work()
    assert await world.matches(world.company) == []
    (lapsed,) = await world.matches(world.company, standing="lapsed")
    assert (lapsed["bar"]["code"], lapsed["bar"]["rule"], lapsed["bar"]["article"]) == (code, "G3", "CC 865")


async def test_what_the_register_said_last_counts_whatever_the_listing_says(world: World) -> None:
    listing = world.listing()
    right = listing_events.Right()
    right.CopyFrom(listing.right)
    await world.right_status(right, "terminated", version=5)
    await world.post()
    await world.publish(listing)  # it was told before the right died, and comes after
    await world.right_status(listing.right, "granted", version=4)
    await world.work()
    assert await world.found() == []


async def test_a_pledge_bars_until_the_pledgee_consents(world: World) -> None:
    listing = world.listing()
    await world.post()
    await world.publish(listing)
    await world.burden(listing.right, 2, kind=common.ENCUMBRANCE_KIND_PLEDGE, holder="银行")
    await world.work()
    assert await world.found() == []
    (answer,) = [await world.call(world.university, "POST", "/matches/search", json={"listing_id": listing.listing_id})]
    assert answer["items"] == []
    assert (answer["bar"]["code"], answer["bar"]["rule"]) == ("pledged_without_consent", "G5")
    await world.burden(listing.right, 3, kind=common.ENCUMBRANCE_KIND_PLEDGE, holder="银行", holder_consents=True)
    await world.work()
    assert len(await world.matches(world.company)) == 1


async def test_an_exclusive_licence_bars_until_it_ends(world: World, later: Callable[[timedelta], None]) -> None:
    listing = world.listing()
    soon = datetime.now(UTC) + timedelta(hours=1)
    listing.right.encumbrances.add(
        kind=common.ENCUMBRANCE_KIND_LICENCE,
        licence_form=common.DEAL_FORM_EXCLUSIVE_LICENCE,
        ends_at=timestamp(soon),
    )
    await world.post()
    await world.publish(listing)
    await world.work()
    assert await world.found() == []
    later(timedelta(hours=2))
    await world.work()
    assert len(await world.matches(world.company)) == 1


async def test_a_right_that_expires_with_time_lapses_by_itself(
    world: World, later: Callable[[timedelta], None]
) -> None:
    listing = world.listing(right_expires_at=timestamp(datetime.now(UTC) + timedelta(hours=1)))
    await world.publish(listing)
    await world.post()
    await world.work()
    assert len(await world.matches(world.company)) == 1
    later(timedelta(hours=2))
    await world.work()
    (lapsed,) = await world.matches(world.company, standing="lapsed")
    assert lapsed["bar"]["code"] == "right_expired"


async def test_nobody_is_matched_with_itself(world: World) -> None:
    await world.publish(world.listing(owner=world.company))
    await world.post()
    await world.work()
    assert await world.found() == []


async def test_only_the_best_are_kept_and_the_others_fade(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    best = 3
    monkeypatch.setattr(find_matches, "BEST_KEPT", best)
    await world.post()
    await world.publish(*[world.listing() for _ in range(best + 2)])
    await world.work()
    current = await world.matches(world.company)
    assert len(current) == best
    assert len(await world.found()) == best
    better = world.listing(price=common.AskingPrice(form=common.PRICE_FORM_FREE), industries=["电池制造"], maturity=5)
    await world.publish(better)
    await world.work()
    current = await world.matches(world.company)
    assert len(current) == best
    assert current[0]["listing"]["id"] == better.listing_id
    assert len(await world.matches(world.company, standing="faded")) == 1


async def test_a_match_that_no_longer_fits_fades_unless_it_was_accepted(world: World) -> None:
    listing, other = world.listing(), world.listing()
    await world.post()
    await world.publish(listing, other)
    await world.work()
    accepted = next(m for m in await world.matches(world.company) if m["listing"]["id"] == listing.listing_id)
    await world.call(world.company, "POST", f"/matches/{accepted['id']}/judgement", json={"verdict": "accepted"})
    for each in (listing, other):
        each.right.title = each.right.abstract = "海带晾晒架"
        del each.right.ipc[:]
        await world.change(each, version=2)
    await world.work()
    assert [each["id"] for each in await world.matches(world.company)] == [accepted["id"]]
    (faded,) = await world.matches(world.company, standing="faded")
    assert faded["listing"]["id"] == other.listing_id


async def test_steps_side_by_side_find_each_pair_once_and_wait_for_nobody(world: World) -> None:
    listings = [world.listing() for _ in range(8)]
    await world.publish(*listings[:4])

    async def posting() -> None:
        for _ in range(4):
            await world.post()

    async def publishing() -> None:
        for each in listings[4:]:
            await world.publish(each)

    async def stepping(place: int) -> None:
        for _ in range(25):
            await world.service.jobs[place].step(world.service.database)

    await asyncio.gather(posting(), publishing(), stepping(0), stepping(1), stepping(0), stepping(1))
    await world.work()
    pairs = [(each.demand_id, each.listing_id) for each in await world.found()]
    assert len(pairs) == len(set(pairs)) == 4 * 8
    assert len(await world.told(matching_events.DemandPosted)) == 4


async def test_what_fits_nothing_matches_nothing_even_in_a_young_hall(world: World) -> None:
    common_words = "本发明公开一种方法和装置，解决现有技术的问题，提高效率，降低成本。"
    others = [world.listing(right_abstract=common_words, right_title=each.right.title) for each in world.filler()]
    await world.publish(*others)
    vague = {"title": "深海钻井平台隔水管的振动抑制方法", "problem": "现有技术成本高、效率低，需要一种方法和装置。"}
    await world.post(**vague, ipc=[])
    await world.work()
    assert await world.found() == []


async def test_demands_are_matched_anew_as_the_listings_grow(world: World) -> None:
    posted = await world.post()
    await world.publish(world.listing())
    await world.work()
    (before,) = await world.matches(world.company)
    await world.publish(*world.filler())
    await world.work()
    (after,) = await world.matches(world.company)
    assert after["demand"]["id"] == posted["id"]
    assert after["score"] != before["score"]
    assert len(await world.found()) == 1


async def test_an_event_that_makes_no_sense_holds_up_no_other(world: World) -> None:
    broken = world.listing()
    broken.listing_id = "no-uuid"
    await world.post()
    await world.publish(world.listing(), broken, world.listing())
    await world.work()
    assert len(await world.found()) == 2
