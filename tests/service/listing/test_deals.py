"""What facts of other services do here. Each is handed over twice: nothing happens twice."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from zayton.common.v1 import types_pb2 as common
from zayton.contract.v1.events_pb2 import (
    ContractSigned,
    Deal,
    DealClosed,
    DealEnded,
    DealOpened,
    Offer,
    OfferAccepted,
    PaymentRefunded,
    RecordalRecorded,
    Terms,
)
from zayton.gateway.v1.events_pb2 import OrganisationRegistered
from zayton.listing.v1 import events_pb2 as events

from services.kit.ids import new_id
from services.kit.tables import dead_letters
from services.listing.adapters.tables import OrganisationRecord
from tests.service.listing.hall import Hall, made, new_listing, new_right, published
from tests.support.records import record

LICENSEE = new_id()
ORDINARY, SOLE = common.DEAL_FORM_ORDINARY_LICENCE, common.DEAL_FORM_SOLE_LICENCE
EXCLUSIVE, ASSIGNMENT = common.DEAL_FORM_EXCLUSIVE_LICENCE, common.DEAL_FORM_ASSIGNMENT


def deal(listing: dict[str, Any], deal_id: UUID) -> Deal:
    return Deal(
        deal_id=str(deal_id),
        listing_id=listing["listing_id"],
        right_id=listing["right_id"],
        licensor_organisation_id=listing["organisation_id"],
        licensee_organisation_id=str(LICENSEE),
    )


def accepted(listing: dict[str, Any], deal_id: UUID, form: common.DealForm) -> tuple[OfferAccepted, UUID]:
    return OfferAccepted(deal=deal(listing, deal_id), offer=Offer(terms=Terms(form=form))), deal_id


def signed(listing: dict[str, Any], deal_id: UUID, form: common.DealForm) -> tuple[ContractSigned, UUID]:
    terms = Terms(form=form, territories=["CN"], field_of_use="电动汽车")
    terms.ends_at.FromJsonString("2030-01-01T00:00:00Z")
    return ContractSigned(deal=deal(listing, deal_id), terms=terms), deal_id


def closed(listing: dict[str, Any], deal_id: UUID) -> tuple[DealClosed, UUID]:
    return DealClosed(deal=deal(listing, deal_id)), deal_id


def registered(organisation_id: UUID, name: str) -> tuple[OrganisationRegistered, UUID]:
    message = OrganisationRegistered()
    message.organisation.organisation_id, message.organisation.name = str(organisation_id), name
    message.organisation.kind = 2
    return message, organisation_id


async def status(us: httpx.AsyncClient, listing: dict[str, Any]) -> str:
    return str((await made(await us.get(f"/listings/{listing['listing_id']}")))["status"])


@pytest.fixture
async def listing(us: httpx.AsyncClient) -> dict[str, Any]:
    return await published(us, await new_right(us))


@pytest.mark.parametrize("form", [SOLE, EXCLUSIVE, ASSIGNMENT, common.DEAL_FORM_EQUITY])
async def test_what_one_party_alone_can_have_is_held_for_it(
    hall: Hall, us: httpx.AsyncClient, anyone: httpx.AsyncClient, listing: dict[str, Any], form: common.DealForm
) -> None:
    first, second = new_id(), new_id()
    await hall.hear((DealOpened(deal=deal(listing, first)), first))
    assert await status(us, listing) == "published"
    await hall.hear(accepted(listing, first, form))
    assert await status(us, listing) == "under_offer"
    assert len((await anyone.get("/listings", params={"status": "under_offer"})).json()["items"]) == 1
    path = f"/listings/{listing['listing_id']}"
    assert (await us.post(f"{path}/withdraw", json={"reason": "x"})).status_code == 409
    assert (await us.patch(path, json={"summary": "x"}, headers={"if-match": "*"})).status_code == 409
    await hall.hear(accepted(listing, second, form), closed(listing, second))
    assert await status(us, listing) == "under_offer"
    await hall.hear(closed(listing, first))
    assert await status(us, listing) == "published"
    facts = await hall.facts()
    assert [name for name, _ in facts[2:]] == ["ListingChanged", "ListingChanged"]
    assert facts[2][1].listing.status == events.LISTING_STATUS_UNDER_OFFER
    assert facts[3][1].listing.status == events.LISTING_STATUS_PUBLISHED


async def test_an_ordinary_licence_leaves_the_listing_open(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any]
) -> None:
    deal_id = new_id()
    await hall.hear(registered(LICENSEE, "泉州电池公司"))
    await hall.hear(accepted(listing, deal_id, ORDINARY), signed(listing, deal_id, ORDINARY))
    assert await status(us, listing) == "published"
    [burden] = (await us.get(f"/rights/{listing['right_id']}/encumbrances")).json()["items"]
    assert (burden["holder"], burden["licence_form"], burden["deal_id"]) == (
        "泉州电池公司",
        "ordinary_licence",
        str(deal_id),
    )
    assert (burden["territories"], burden["field_of_use"]) == (["CN"], "电动汽车")
    assert burden["ends_at"] == "2030-01-01T00:00:00Z"
    by_hand = await us.delete(f"/rights/{listing['right_id']}/encumbrances/{burden['encumbrance_id']}")
    assert by_hand.status_code == 404
    facts = await hall.facts()
    assert [name for name, _ in facts[2:]] == ["RightEncumbrancesChanged", "ListingChanged"]
    assert facts[2][1].right.encumbrances[0].deal_id == str(deal_id)


@pytest.mark.parametrize("form", [SOLE, EXCLUSIVE])
async def test_a_signed_restrictive_licence_closes_the_listing(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any], form: common.DealForm
) -> None:
    deal_id = new_id()
    await hall.hear(accepted(listing, deal_id, form))
    await hall.hear(signed(listing, deal_id, form))
    assert await status(us, listing) == "closed"
    right = (await us.get(f"/rights/{listing['right_id']}")).json()
    assert [burden["holder"] for burden in right["encumbrances"]] == [str(LICENSEE)]  # its name is not known yet
    facts = await hall.facts()
    assert [name for name, _ in facts[3:]] == ["ListingChanged", "RightEncumbrancesChanged"]
    assert facts[3][1].listing.status == events.LISTING_STATUS_CLOSED


async def test_a_signed_assignment_closes_the_listing_and_marks_the_right(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any]
) -> None:
    deal_id = new_id()
    await hall.hear(signed(listing, deal_id, ASSIGNMENT))
    assert await status(us, listing) == "closed"
    right = (await us.get(f"/rights/{listing['right_id']}")).json()
    assert right["assignment_deal_id"] == str(deal_id)
    assert right["organisation_id"] == listing["organisation_id"]  # ownership passes on registration (PL 10)
    another = await new_listing(us, right)
    refused = await us.post(f"/listings/{another['listing_id']}/publish")
    assert (refused.status_code, refused.json()["rule"]) == (409, "PL 10")


async def test_a_registered_assignment_passes_the_right_to_its_new_owner(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any]
) -> None:
    deal_id = new_id()
    await hall.hear(registered(LICENSEE, "泉州电池公司"), signed(listing, deal_id, ASSIGNMENT))
    other = RecordalRecorded(deal=deal(listing, new_id())), new_id()
    await hall.hear(other)
    assert (await us.get(f"/rights/{listing['right_id']}")).is_success, "another deal's registration changes nothing"
    await hall.hear((RecordalRecorded(deal=deal(listing, deal_id)), deal_id))
    name, last = (await hall.facts())[-1]
    assert name == "RightEncumbrancesChanged"
    assert (last.right.organisation_id, last.right.owner_name) == (str(LICENSEE), "泉州电池公司")
    assert (await us.get(f"/rights/{listing['right_id']}")).status_code == 404, "it is no longer ours"


@pytest.mark.parametrize("how", [DealEnded, PaymentRefunded])
async def test_a_licence_that_ended_burdens_the_right_no_more(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any], how: type[DealEnded] | type[PaymentRefunded]
) -> None:
    deal_id, running = new_id(), new_id()
    await hall.hear(signed(listing, deal_id, ORDINARY), signed(listing, running, ORDINARY))
    await hall.hear((how(deal=deal(listing, deal_id)), deal_id))
    [left] = (await us.get(f"/rights/{listing['right_id']}/encumbrances")).json()["items"]
    assert left["deal_id"] == str(running)
    last = [fact for name, fact in await hall.facts() if name == "RightEncumbrancesChanged"][-1]
    assert [each.deal_id for each in last.right.encumbrances] == [str(running)]


async def test_an_assignment_that_came_to_nothing_leaves_the_right_free(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any]
) -> None:
    deal_id = new_id()
    await hall.hear(signed(listing, deal_id, ASSIGNMENT))
    await hall.hear((PaymentRefunded(deal=deal(listing, deal_id)), deal_id))
    assert (await us.get(f"/rights/{listing['right_id']}")).json()["assignment_deal_id"] is None


async def test_a_listing_withdrawn_meanwhile_is_closed_by_the_contract_all_the_same(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any]
) -> None:
    await made(await us.post(f"/listings/{listing['listing_id']}/withdraw", json={"reason": "x"}))
    deal_id = new_id()
    await hall.hear(accepted(listing, deal_id, ASSIGNMENT), signed(listing, deal_id, ASSIGNMENT))
    assert await status(us, listing) == "closed"


async def test_a_reserved_listing_of_a_right_that_died_does_not_come_back(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any]
) -> None:
    deal_id = new_id()
    await hall.hear(accepted(listing, deal_id, ASSIGNMENT))
    ended = {"category": "N", "occurred_at": "2026-01-01"}
    await made(await us.post(f"/rights/{listing['right_id']}/status-events", json=ended))
    assert await status(us, listing) == "withdrawn"
    await hall.hear(closed(listing, deal_id))
    assert await status(us, listing) == "withdrawn"


async def test_a_deal_about_a_listing_of_elsewhere_changes_nothing(hall: Hall) -> None:
    elsewhere = {"listing_id": str(new_id()), "right_id": str(new_id()), "organisation_id": str(new_id())}
    deal_id = new_id()
    await hall.hear(
        accepted(elsewhere, deal_id, EXCLUSIVE), signed(elsewhere, deal_id, EXCLUSIVE), closed(elsewhere, deal_id)
    )
    assert await hall.facts() == []


async def test_a_broken_fact_is_a_dead_letter_and_holds_up_nobody(
    hall: Hall, us: httpx.AsyncClient, listing: dict[str, Any]
) -> None:
    wrong, right = new_id(), new_id()
    bad = OfferAccepted(deal=Deal(deal_id=str(wrong), listing_id="no id"))
    await hall.consumer.process([record(bad, wrong), record(*accepted(listing, right, EXCLUSIVE))])
    assert await status(us, listing) == "under_offer"
    async with hall.database.transaction() as session:
        [reason] = (await session.execute(select(dead_letters.c.reason))).scalars().all()
    assert reason == "Poison"


async def test_names_of_organisations_are_kept_once(hall: Hall) -> None:
    await hall.hear(registered(LICENSEE, "泉州电池公司"), registered(new_id(), "Another"))
    async with hall.database.transaction() as session:
        names = (await session.execute(select(OrganisationRecord.name))).scalars().all()
    assert sorted(names) == ["Another", "泉州电池公司"]
