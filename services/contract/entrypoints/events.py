"""What the contract service hears: rights and listings, organisations, whose demand it is. And its own clock."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from zayton.common.v1 import types_pb2 as types
from zayton.gateway.v1.events_pb2 import OrganisationKind, OrganisationRegistered
from zayton.listing.v1 import events_pb2 as listing_events
from zayton.matching.v1.events_pb2 import DemandPosted

from services.contract.adapters.book import PostgresDealBook
from services.contract.adapters.tables import DemandRow, ListingRow, OrganisationRow, RightRow
from services.contract.application.expire_offer import expire_offer
from services.contract.domain.evidence import utc_text
from services.contract.domain.states import OFFER_EXPIRY
from services.kit.clock import utcnow
from services.kit.inbox import Event, Handlers
from services.kit.protos import enum_to_text, moment
from services.kit.read_model import upsert_newer
from services.kit.timers import Timer, Timers

handlers = Handlers()
timers = Timers()


@handlers.on_batch(
    listing_events.RightRegistered, listing_events.RightStatusChanged, listing_events.RightEncumbrancesChanged
)
async def know_right(session: AsyncSession, events: Sequence[Event[Any]]) -> None:
    rows = [_right(event.data.right, event.version) for event in events]
    await upsert_newer(session, RightRow, rows, key=["right_id"])


@handlers.on_batch(listing_events.ListingPublished, listing_events.ListingChanged, listing_events.ListingWithdrawn)
async def know_listing(session: AsyncSession, events: Sequence[Event[Any]]) -> None:
    rows = [_listing(event.data.listing, event.version) for event in events]
    await upsert_newer(session, ListingRow, rows, key=["listing_id"])
    # The right's own events come by another topic and may be later. Version 0 gives way to any of them.
    rights = [_right(event.data.listing.right, 0) for event in events]
    await upsert_newer(session, RightRow, rights, key=["right_id"])


@handlers.on_batch(OrganisationRegistered)
async def know_organisation(session: AsyncSession, events: Sequence[Event[OrganisationRegistered]]) -> None:
    rows = [
        {
            "organisation_id": UUID(event.data.organisation.organisation_id),
            "name": event.data.organisation.name,
            "kind": enum_to_text(OrganisationKind, event.data.organisation.kind),
            "code": event.data.organisation.unified_social_credit_code,
            "aggregate_version": event.version,
        }
        for event in events
    ]
    await upsert_newer(session, OrganisationRow, rows, key=["organisation_id"])


@handlers.on_batch(DemandPosted)
async def know_demand(session: AsyncSession, events: Sequence[Event[DemandPosted]]) -> None:
    rows = [
        {
            "demand_id": UUID(event.data.demand.demand_id),
            "organisation_id": UUID(event.data.demand.organisation_id),
            "aggregate_version": event.version,
        }
        for event in events
    ]
    await upsert_newer(session, DemandRow, rows, key=["demand_id"])


@timers.on(OFFER_EXPIRY)
async def clock_ran_out(session: AsyncSession, timer: Timer) -> None:
    deal_id = UUID(timer.payload["deal_id"])
    await expire_offer(PostgresDealBook(session), deal_id, timer.aggregate_id, utcnow)


def _listing(listing: listing_events.Listing, version: int) -> dict[str, Any]:
    return {
        "listing_id": UUID(listing.listing_id),
        "right_id": UUID(listing.right.right_id),
        "organisation_id": UUID(listing.organisation_id),
        "number": listing.right.number,
        "title": listing.right.title,
        "status": enum_to_text(listing_events.ListingStatus, listing.status),
        "aggregate_version": version,
    }


def _right(right: listing_events.Right, version: int) -> dict[str, Any]:
    return {
        "right_id": UUID(right.right_id),
        "organisation_id": UUID(right.organisation_id),
        "kind": enum_to_text(types.RightKind, right.kind),
        "number": right.number,
        "title": right.title,
        "owner_name": right.owner_name,
        "status": enum_to_text(types.RightStatus, right.status),
        "expires_at": moment(right, "expires_at"),
        "encumbrances": [_encumbrance(each) for each in right.encumbrances],
        "aggregate_version": version,
    }


def _encumbrance(encumbrance: types.Encumbrance) -> dict[str, Any]:
    starts_at, ends_at = moment(encumbrance, "starts_at"), moment(encumbrance, "ends_at")
    # An unclear form is an ordinary licence (G1, TI 25).
    form = encumbrance.licence_form or types.DEAL_FORM_ORDINARY_LICENCE
    return {
        "kind": enum_to_text(types.EncumbranceKind, encumbrance.kind),
        "holder": encumbrance.holder,
        "holder_consents": encumbrance.holder_consents,
        "licence_form": enum_to_text(types.DealForm, form),
        "territories": list(encumbrance.territories),
        "field_of_use": encumbrance.field_of_use,
        "starts_at": utc_text(starts_at) if starts_at else None,
        "ends_at": utc_text(ends_at) if ends_at else None,
        "deal_id": encumbrance.deal_id or None,
    }
