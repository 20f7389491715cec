"""Calendars and feeds, as the programs that subscribe to them read them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import pytest
from icalendar import Calendar
from zayton.common.v1.types_pb2 import DEAL_FORM_ASSIGNMENT, DEAL_FORM_ORDINARY_LICENCE
from zayton.contract.v1 import events_pb2 as contract
from zayton.listing.v1 import events_pb2 as listing
from zayton.matching.v1.events_pb2 import DemandClosed, DemandPosted

from services.kit.auth import Principal

if TYPE_CHECKING:
    from tests.service.notify.conftest import Org, World
else:
    Org = World = Any

ATOM = "{http://www.w3.org/2005/Atom}"
LISTINGS = "/api/v1/feeds/listings.atom"


@pytest.fixture
async def two_sides(world: World) -> tuple[Org, Org]:
    return await world.organisation("Uni"), await world.organisation("Anxi Tea")


@pytest.fixture
async def person(world: World, two_sides: tuple[Org, Org]) -> Principal:
    return await world.member(two_sides[0])


async def link(world: World, person: Principal, what: str) -> str:
    async with world.client(person) as client:
        made = await client.post(f"/api/v1/{what}", json={})
    assert made.status_code == 201, made.text
    return str(made.json()["url"]).removeprefix("https://hall.test")


async def events_of(world: World, path: str) -> dict[str, Any]:
    """Of the calendar there, by the beginning of their UID."""
    async with world.client(None) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = Calendar.from_ical(answer.content)
    return {str(event["uid"]).partition(".")[0]: event for event in found.walk("VEVENT")}


def deal_of(sides: tuple[Org, Org]) -> contract.Deal:
    return contract.Deal(
        deal_id=str(uuid4()),
        title="Kiln; heat, recovery\nand more",
        licensor_organisation_id=str(sides[0].id),
        licensee_organisation_id=str(sides[1].id),
    )


def offered(deal: contract.Deal, expires_at: datetime) -> contract.OfferMade:
    message = contract.OfferMade(deal=deal)
    message.offer.round = 1
    message.offer.expires_at.FromDatetime(expires_at)
    return message


async def test_an_offers_end_stands_in_the_calendar_moves_and_goes(
    world: World, two_sides: tuple[Org, Org], person: Principal
) -> None:
    path = await link(world, person, "calendars")
    deal, end = deal_of(two_sides), world.now + timedelta(days=7)
    await world.hear(world.record(offered(deal, end), UUID(deal.deal_id), 2))
    first = (await events_of(world, path))["offer_expires"]
    assert first.decoded("dtstart") == end
    assert str(first["summary"]) == "Offer expires: Kiln; heat, recovery\nand more"
    assert str(first["url"]) == f"https://hall.test/en/deals/{deal.deal_id}"
    assert first.walk("VALARM")[0].decoded("trigger") == timedelta(days=-1)
    later = end + timedelta(days=3)
    await world.hear(world.record(offered(deal, later), UUID(deal.deal_id), 3))
    await world.hear(world.record(offered(deal, end), UUID(deal.deal_id), 2, event_id=str(uuid4())))  # old news
    moved = (await events_of(world, path))["offer_expires"]
    assert (moved["uid"], moved.decoded("dtstart")) == (first["uid"], later)
    await world.hear(world.record(contract.OfferAccepted(deal=deal), UUID(deal.deal_id), 4))
    assert await events_of(world, path) == {}


async def test_a_signed_licence_starts_the_recordal_clock_an_assignment_does_not(
    world: World, two_sides: tuple[Org, Org], person: Principal
) -> None:
    path = await link(world, person, "calendars")
    signed = [contract.ContractSigned(deal=deal_of(two_sides)) for _ in range(2)]
    for message, form in zip(signed, (DEAL_FORM_ORDINARY_LICENCE, DEAL_FORM_ASSIGNMENT), strict=True):
        message.terms.form = form
        message.signed_at.FromDatetime(world.now)
        message.terms.starts_at.FromDatetime(datetime(2026, 11, 30, tzinfo=UTC))
        await world.hear(world.record(message, UUID(message.deal.deal_id), 5))
    events = await events_of(world, path)
    assert events["licence_recordal"].decoded("dtstart") == datetime(2027, 2, 28, tzinfo=UTC)
    assert "PR 15" in str(events["licence_recordal"]["description"])
    assert len(events) == 1
    licence = signed[0].deal
    filed = contract.RecordalFiled(deal=licence)
    await world.hear(world.record(filed, UUID(licence.deal_id), 6))
    assert await events_of(world, path) == {}
    refused = contract.RecordalRefused(deal=licence, reason="the seal is missing")
    refused.recordal.due_at.FromDatetime(datetime(2027, 3, 1, tzinfo=UTC))
    await world.hear(world.record(refused, UUID(licence.deal_id), 7))
    events = await events_of(world, path)
    assert events["licence_recordal_again"].decoded("dtstart") == datetime(2027, 3, 1, tzinfo=UTC)
    assert len(events) == 1
    await world.hear(world.record(filed, UUID(licence.deal_id), 8))
    assert await events_of(world, path) == {}


@pytest.mark.parametrize("ended", [contract.DealEnded, contract.PaymentRefunded])
async def test_what_has_ended_has_nothing_left_to_file(
    world: World, two_sides: tuple[Org, Org], person: Principal, ended: Any
) -> None:
    path = await link(world, person, "calendars")
    deals = [deal_of(two_sides) for _ in range(2)]
    signed = contract.ContractSigned(deal=deals[0])
    signed.terms.form = DEAL_FORM_ORDINARY_LICENCE
    signed.signed_at.FromDatetime(world.now)
    refused = contract.RecordalRefused(deal=deals[1])
    refused.recordal.due_at.FromDatetime(datetime(2027, 3, 1, tzinfo=UTC))
    for message in (signed, refused):
        await world.hear(world.record(message, UUID(message.deal.deal_id), 5))
    assert set(await events_of(world, path)) == {"licence_recordal", "licence_recordal_again"}
    for deal in deals:
        await world.hear(world.record(ended(deal=deal), UUID(deal.deal_id), 6))
    assert await events_of(world, path) == {}


async def test_a_demands_end_is_its_organisations_alone_and_in_its_language(
    world: World, two_sides: tuple[Org, Org], person: Principal
) -> None:
    buyer = await world.member(two_sides[1], language="zh")
    path = await link(world, buyer, "calendars")
    message = DemandPosted()
    message.demand.demand_id, message.demand.title = str(uuid4()), "求购无铅釉"
    message.demand.organisation_id = str(two_sides[1].id)
    message.demand.expires_at.FromDatetime(world.now + timedelta(days=60))
    await world.hear(world.record(message, UUID(message.demand.demand_id), 1))
    events = await events_of(world, path)
    assert str(events["demand_expires"]["summary"]) == "需求到期：求购无铅釉"
    assert await events_of(world, await link(world, person, "calendars")) == {}
    await world.hear(world.record(DemandClosed(demand=message.demand), UUID(message.demand.demand_id), 2))
    assert await events_of(world, path) == {}


@pytest.mark.parametrize("what", ["calendars", "feeds"])
async def test_a_link_is_shown_once_can_be_replaced_and_taken_back(world: World, person: Principal, what: str) -> None:
    first = await link(world, person, what)
    async with world.client(person) as client, world.client(None) as anonymous:
        state = (await client.get(f"/api/v1/{what}")).json()
        assert state["active"]
        assert first.rpartition("/")[2].partition(".")[0] not in str(state)
        second = await link(world, person, what)
        assert (await anonymous.get(first)).status_code == 404
        assert (await anonymous.get(second)).status_code == 200
        assert (await client.delete(f"/api/v1/{what}")).status_code == 204
        gone = await anonymous.get(second)
        assert (gone.status_code, gone.json()["type"].rpartition("/")[2]) == (404, "link-not-found")
        assert (await client.get(f"/api/v1/{what}")).json() == {"active": False, "created_at": None}
        for method in ("GET", "POST", "DELETE"):
            assert (await anonymous.request(method, f"/api/v1/{what}", json={})).status_code == 401


async def test_one_persons_calendar_link_opens_no_feed_and_ends_with_the_membership(
    world: World, two_sides: tuple[Org, Org], person: Principal
) -> None:
    path = await link(world, person, "calendars")
    token = path.rpartition("/")[2].removesuffix(".ics")
    async with world.client(None) as anonymous:
        assert (await anonymous.get(f"/api/v1/feeds/{token}.atom")).status_code == 404
        await world.leave(two_sides[0], person)
        assert (await anonymous.get(path)).status_code == 404


def published(org: Org, title: str, *, status: Any = listing.LISTING_STATUS_PUBLISHED) -> listing.ListingPublished:
    message = listing.ListingPublished()
    made = message.listing
    made.listing_id, made.organisation_id, made.organisation_name = str(uuid4()), str(org.id), org.name
    made.status, made.summary = status, "Saves <30 %> & more\x0b."
    made.right.title, made.right.language = title, "en"
    made.right.ipc.append("F27D 17/00")
    return message


def is_valid_atom(content: bytes) -> ET.Element:
    """RFC 4287 §4.1: what a feed and each entry must have, exactly once."""
    root = ET.fromstring(content)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (only,) = element.findall(f"{ATOM}{name}")
            assert only.text
        assert datetime.fromisoformat(str(element.findtext(f"{ATOM}updated"))).tzinfo
        assert element.find(f"{ATOM}link[@rel='alternate']") is not None
    for entry in root.findall(f"{ATOM}entry"):
        assert entry.findtext(f"{ATOM}author/{ATOM}name")
    return root


@pytest.mark.parametrize(("lang", "title"), [("zh", "交易大厅最新挂牌"), ("en", "New on the trading hall")])
async def test_the_public_feed_shows_what_is_on_the_market(
    world: World, two_sides: tuple[Org, Org], lang: str, title: str
) -> None:
    first, second = published(two_sides[0], "Kiln & heat"), published(two_sides[0], "Withdrawn soon")
    draft = published(two_sides[0], "A draft", status=listing.LISTING_STATUS_DRAFT)
    for message in (first, second, draft):
        await world.hear(world.record(message, UUID(message.listing.listing_id), 1))
        world.later(minutes=1)
    gone = listing.ListingWithdrawn(listing=second.listing)
    await world.hear(world.record(gone, UUID(second.listing.listing_id), 2))
    await world.hear(world.record(second, UUID(second.listing.listing_id), 1, event_id=str(uuid4())))  # old news
    async with world.client(None) as client:
        answer = await client.get(LISTINGS, params={"lang": lang})
        assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
        root = is_valid_atom(answer.content)
        assert root.findtext(f"{ATOM}title") == title
        (entry,) = root.findall(f"{ATOM}entry")
        assert entry.findtext(f"{ATOM}title") == "Kiln & heat"
        assert entry.findtext(f"{ATOM}summary") == "Saves <30 %> & more\ufffd."
        found = entry.find(f"{ATOM}link")
        assert found is not None
        assert found.get("href") == f"https://hall.test/{lang}/listings/{first.listing.listing_id}"
        again = await client.get(LISTINGS, params={"lang": lang}, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.get(LISTINGS, params={"lang": "fr"})).status_code == 422


async def test_an_own_feed_tells_what_the_person_was_told(
    world: World, two_sides: tuple[Org, Org], person: Principal
) -> None:
    path = await link(world, person, "feeds")
    deal = deal_of(two_sides)
    await world.hear(world.record(contract.DealOpened(deal=deal), UUID(deal.deal_id)))
    async with world.client(None) as client:
        answer = await client.get(path)
    root = is_valid_atom(answer.content)
    assert [entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")] == ["A new inquiry"]
    assert path.rpartition("/")[2] not in answer.text  # the feed does not tell its own secret
    assert answer.headers["cache-control"].startswith("private")
