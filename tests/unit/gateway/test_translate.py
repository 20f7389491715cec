"""Who sees what of a fact on the live stream."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from zayton.common.v1 import types_pb2 as common
from zayton.contract.v1 import events_pb2 as contract
from zayton.listing.v1 import events_pb2 as listing
from zayton.matching.v1 import events_pb2 as matching
from zayton.notify.v1 import events_pb2 as notify

from gateway.stream.plain import plain
from gateway.stream.translate import TRANSLATIONS, TYPES, stream_type, views
from services.kit.inbox import Poison
from services.kit.topics import all_topics

ONE, OTHER, THIRD = uuid4(), uuid4(), uuid4()


def audiences(fact: Any) -> dict[UUID | None, dict[str, Any]]:
    seen = views(fact)
    assert len({view.audience for view in seen}) == len(seen)
    return {view.audience: view.data for view in seen}


def a_listing(status: Any) -> listing.Listing:
    right = listing.Right(
        right_id="r1",
        title="Sodium-ion cathode",
        number="CN202310375785.X",
        kind=common.RIGHT_KIND_INVENTION,
        owner_name="Lin",
        encumbrances=[common.Encumbrance(holder="Bank", kind=common.ENCUMBRANCE_KIND_PLEDGE)],
    )
    return listing.Listing(listing_id="l1", organisation_id=str(ONE), right=right, status=status, summary="A cathode.")


def test_enumerations_times_money_and_absence_as_in_the_api() -> None:
    offer = contract.Offer(
        offer_id="o1",
        round=2,
        terms=contract.Terms(
            form=common.DEAL_FORM_SOLE_LICENCE,
            territories=["CN", "DE"],
            fixed_fee=common.Money(minor_units=80_000_000, currency="CNY"),
        ),
        expires_at=Timestamp(seconds=int(datetime(2026, 11, 24, tzinfo=UTC).timestamp())),
    )
    data = plain(offer)
    assert data["round"] == 2
    assert data["expires_at"] == "2026-11-24T00:00:00Z"
    assert data["terms"]["form"] == "sole_licence"
    assert data["terms"]["territories"] == ["CN", "DE"]
    assert data["terms"]["fixed_fee"] == {"minor_units": 80_000_000, "currency": "CNY"}
    assert data["terms"]["ends_at"] is None
    assert data["terms"]["minimum_annual_royalty"] is None


def test_maps_and_numbers_of_later_contracts() -> None:
    assert plain(matching.Reason(code="price", parameters={"budget": "9"}))["parameters"] == {"budget": "9"}
    assert plain(contract.Deal(state=contract.DealState.ValueType(99)))["state"] is None


@pytest.mark.parametrize("status", [listing.LISTING_STATUS_PUBLISHED, listing.LISTING_STATUS_UNDER_OFFER])
def test_what_is_on_the_market_is_public(status: Any) -> None:
    seen = audiences(listing.ListingPublished(listing=a_listing(status)))
    assert set(seen) == {None}
    data = seen[None]
    assert data["title"] == "Sodium-ion cathode"
    assert data["kind"] == "invention"
    assert not {"encumbrances", "right", "owner_name"} & set(data)


def test_a_draft_is_its_owners_alone() -> None:
    assert set(audiences(listing.ListingChanged(listing=a_listing(listing.LISTING_STATUS_DRAFT)))) == {ONE}


def test_why_a_listing_was_withdrawn_is_nobodys_business() -> None:
    fact = listing.ListingWithdrawn(listing=a_listing(listing.LISTING_STATUS_WITHDRAWN), reason="sold elsewhere")
    (data,) = audiences(fact).values()
    assert "sold elsewhere" not in str(data)


def a_match() -> matching.Match:
    return matching.Match(
        match_id="m1",
        demand_organisation_id=str(ONE),
        listing_organisation_id=str(OTHER),
        demand_title="Cathodes wanted",
        score=0.75,
        reasons=[matching.Reason(code="price", parameters={"asks": "800000", "budget": "1000000"})],
    )


def test_the_listing_side_of_a_match_does_not_see_the_budget() -> None:
    seen = audiences(matching.MatchFound(match=a_match()))
    assert set(seen) == {ONE, OTHER}
    assert "1000000" in str(seen[ONE])
    assert "1000000" not in str(seen[OTHER])
    assert str(ONE) not in str(seen[OTHER])
    assert seen[OTHER]["demand_title"] == "Cathodes wanted"


def test_a_match_within_one_organisation_is_told_once() -> None:
    match = a_match()
    match.listing_organisation_id = match.demand_organisation_id
    assert audiences(matching.MatchFound(match=match))[ONE]["side"] == "demand"


def test_a_judgement_is_seen_by_those_who_judged() -> None:
    fact = matching.MatchJudged(
        match=a_match(),
        verdict=matching.VERDICT_DISMISSED,
        reason="price",
        judged_by_organisation_id=str(OTHER),
    )
    seen = audiences(fact)
    assert set(seen) == {OTHER}
    assert (seen[OTHER]["verdict"], seen[OTHER]["reason"]) == ("dismissed", "price")


def test_a_demand_is_its_owners_alone() -> None:
    demand = matching.Demand(demand_id="d1", organisation_id=str(ONE), title="Cathodes wanted")
    assert set(audiences(matching.DemandPosted(demand=demand))) == {ONE}
    assert audiences(matching.DemandClosed(demand=demand, reason="found"))[ONE]["reason"] == "found"


def test_a_deal_is_seen_by_its_parties_and_by_nobody_else() -> None:
    deal = contract.Deal(deal_id="x", licensor_organisation_id=str(ONE), licensee_organisation_id=str(OTHER))
    assert set(audiences(contract.DealOpened(deal=deal, message="hello"))) == {ONE, OTHER}
    deal.broker_organisation_id = str(THIRD)
    assert set(audiences(contract.ContractSigned(deal=deal))) == {ONE, OTHER, THIRD}


def test_an_import_is_its_organisations_alone() -> None:
    assert set(audiences(listing.ImportFinished(import_id="i", organisation_id=str(ONE), rows=3))) == {ONE}


def test_each_person_sees_own_notification_and_nobody_elses() -> None:
    tellings = [
        notify.Telling(user_id=str(who), notification_id=f"n{place}", title="An offer", text=f"Hello {place}")
        for place, who in enumerate((ONE, OTHER))
    ]
    fact = notify.NotificationAdded(
        notice_id="x", organisation_id=str(THIRD), kind="offer_made", link="/api/v1/deals/d", count=3, tellings=tellings
    )
    seen = audiences(fact)
    assert set(seen) == {ONE, OTHER}  # not the organisation
    assert seen[OTHER] == {
        "notification_id": "n1",
        "title": "An offer",
        "text": "Hello 1",
        "kind": "offer_made",
        "link": "/api/v1/deals/d",
        "count": 3,
    }


def test_a_fact_that_names_nobody_is_poison() -> None:
    with pytest.raises(Poison):
        views(matching.DemandPosted(demand=matching.Demand(demand_id="d1")))


def test_every_message_of_a_topic_the_gateway_consumes_is_shown() -> None:
    consumed = {name for topic in all_topics() if "gateway" in topic.consumers for name in topic.messages}
    assert {message.DESCRIPTOR.full_name for message in TRANSLATIONS} == consumed
    assert stream_type(matching.MatchFound) == "match_found"
    assert len(TYPES) == len(TRANSLATIONS)
