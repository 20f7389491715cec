"""What the service hears: twice, out of order, late, broken."""

from uuid import UUID

import pytest
from zayton.common.v1 import types_pb2 as types
from zayton.listing.v1 import events_pb2 as listing_events
from zayton.matching.v1.events_pb2 import Demand, DemandPosted

from services.kit.ids import new_id
from tests.service.contract.hall import ORDINARY, Hall, Json, event, good, refused


def inquiry(listing_id: object, **more: object) -> Json:
    return {"listing_id": str(listing_id), "message": "May we?", **{name: str(value) for name, value in more.items()}}


async def test_a_listing_not_heard_of_yet(hall: Hall) -> None:
    refused(await hall.post(hall.company, "", inquiry(new_id())), 404, "listing-not-found")


@pytest.mark.parametrize("gone", ["withdrawn", "closed"])
async def test_a_listing_that_takes_no_inquiries(hall: Hall, gone: str) -> None:
    listing = hall.listing(hall.right())
    listing_id = UUID(listing.listing_id)
    await hall.hear(event(listing_events.ListingPublished(listing=listing), listing_id, 1))
    open_deal = await hall.inquired(listing_id)
    if gone == "withdrawn":
        listing.status = listing_events.LISTING_STATUS_WITHDRAWN
        await hall.hear(event(listing_events.ListingWithdrawn(listing=listing, reason="sold"), listing_id, 2))
    else:
        listing.status = listing_events.LISTING_STATUS_CLOSED
        await hall.hear(event(listing_events.ListingChanged(listing=listing), listing_id, 2))
    refused(await hall.post(hall.company, "", inquiry(listing_id)), 409, "listing-not-open")
    await hall.offered(open_deal, ORDINARY)  # what was begun goes on: the right decides, not the advertisement


async def test_a_listing_under_offer_still_takes_inquiries(hall: Hall) -> None:
    listing = hall.listing(hall.right(), status=listing_events.LISTING_STATUS_UNDER_OFFER)
    await hall.hear(event(listing_events.ListingChanged(listing=listing), UUID(listing.listing_id), 2))
    await hall.inquired(UUID(listing.listing_id))


async def test_events_twice_and_out_of_order(hall: Hall) -> None:
    right = hall.right()
    right_id = UUID(right.right_id)
    registered = event(listing_events.RightRegistered(right=right), right_id, 1)
    right.status = types.RIGHT_STATUS_TERMINATED
    ended = event(listing_events.RightStatusChanged(right=right), right_id, 3)
    right.status = types.RIGHT_STATUS_GRACE
    late = event(listing_events.RightStatusChanged(right=right), right_id, 2)
    await hall.hear(ended, registered)
    await hall.hear(late, late, ended)
    assert await hall.value("SELECT status FROM rights WHERE right_id = :id", id=right_id) == "terminated"
    assert await hall.value("SELECT aggregate_version FROM rights WHERE right_id = :id", id=right_id) == 3


async def test_a_listing_withdrawn_stays_so_when_its_publication_comes_late(hall: Hall) -> None:
    listing = hall.listing(hall.right())
    listing_id = UUID(listing.listing_id)
    published = event(listing_events.ListingPublished(listing=listing), listing_id, 1)
    withdrawn_listing = listing_events.Listing()
    withdrawn_listing.CopyFrom(listing)
    withdrawn_listing.status = listing_events.LISTING_STATUS_WITHDRAWN
    await hall.hear(event(listing_events.ListingWithdrawn(listing=withdrawn_listing), listing_id, 2), published)
    refused(await hall.post(hall.company, "", inquiry(listing_id)), 409, "listing-not-open")


async def test_the_right_within_a_listing_gives_way_to_the_rights_own_event(hall: Hall) -> None:
    right = hall.right(status=types.RIGHT_STATUS_INVALIDATED)
    right_id = UUID(right.right_id)
    stale = hall.right(right_id=right.right_id)
    listing = hall.listing(stale)
    heard_first = event(listing_events.ListingPublished(listing=listing), UUID(listing.listing_id), 7)
    await hall.hear(heard_first)
    deal_id = await hall.inquired(UUID(listing.listing_id))  # the right itself has not been heard of yet
    await hall.hear(event(listing_events.RightStatusChanged(right=right), right_id, 2))
    await hall.hear(event(listing_events.ListingChanged(listing=listing), UUID(listing.listing_id), 8))
    answer = await hall.post(hall.university, f"/{deal_id}/offers", {"terms": ORDINARY})
    refused(answer, 409, "right-not-in-force")


async def test_a_batch_of_many_rights_is_one_effect_each(hall: Hall) -> None:
    rights = [hall.right() for _ in range(200)]
    await hall.hear(*(event(listing_events.RightRegistered(right=right), UUID(right.right_id), 1) for right in rights))
    assert await hall.value("SELECT count(*) FROM rights") == 200


async def test_a_broken_event_changes_nothing(hall: Hall) -> None:
    nameless = hall.right(right_id="not an id")
    with pytest.raises(ValueError, match="badly formed"):
        await hall.hear(event(listing_events.RightRegistered(right=nameless), new_id(), 1))
    assert await hall.value("SELECT count(*) FROM rights") == 0
    assert await hall.value("SELECT count(*) FROM inbox WHERE source = '/zayton/listing'") == 0


async def test_only_a_broker_of_the_hall_can_be_named(hall: Hall) -> None:
    listing_id = await hall.listed()
    for nobody in (new_id(), hall.rival.organisation_id):
        answer = await hall.post(hall.company, "", inquiry(listing_id, broker_organisation_id=nobody))
        (error,) = refused(answer, 422, "invalid-input")["errors"]
        assert (error["pointer"], error["code"]) == ("/broker_organisation_id", "unknown-broker")


async def test_a_demand_of_somebody_else_is_no_reason_for_a_deal(hall: Hall) -> None:
    listing_id, mine, theirs = await hall.listed(), new_id(), new_id()
    for demand_id, owner in ((mine, hall.company), (theirs, hall.rival)):
        demand = Demand(demand_id=str(demand_id), organisation_id=str(owner.organisation_id))
        await hall.hear(event(DemandPosted(demand=demand), demand_id, 1))
    (error,) = refused(await hall.post(hall.company, "", inquiry(listing_id, demand_id=theirs)), 422, "invalid-input")[
        "errors"
    ]
    assert (error["pointer"], error["code"]) == ("/demand_id", "unknown-demand")
    assert good(await hall.post(hall.company, "", inquiry(listing_id, demand_id=mine)), 201)["demand_id"] == str(mine)
