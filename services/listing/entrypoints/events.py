"""What this service does on facts of others."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from zayton.common.v1 import types_pb2 as common
from zayton.contract.v1.events_pb2 import (
    ContractSigned,
    DealClosed,
    DealEnded,
    OfferAccepted,
    PaymentRefunded,
    RecordalRecorded,
    Terms,
)
from zayton.gateway.v1 import events_pb2 as gateway

from services.kit.clock import utcnow
from services.kit.inbox import Event, Handlers, Poison
from services.kit.protos import enum_to_text, moment
from services.kit.read_model import upsert_newer
from services.listing.adapters.store import SqlStore
from services.listing.adapters.tables import OrganisationRecord
from services.listing.application.follow_deal import (
    SignedTerms,
    contract_ended,
    contract_signed,
    deal_closed,
    offer_accepted,
    transfer_recorded,
)
from services.listing.domain.vocabulary import DealForm

handlers = Handlers()


@handlers.on_batch(gateway.OrganisationRegistered)
async def know_organisations(session: AsyncSession, events: Sequence[Event[gateway.OrganisationRegistered]]) -> None:
    rows = [
        {
            "organisation_id": _id(event.data.organisation.organisation_id),
            "name": event.data.organisation.name,
            "kind": enum_to_text(gateway.OrganisationKind, event.data.organisation.kind),
            "aggregate_version": event.version,
        }
        for event in events
    ]
    await upsert_newer(session, OrganisationRecord, rows, key=["organisation_id"])


@handlers.on(OfferAccepted)
async def hold_listing(session: AsyncSession, event: Event[OfferAccepted]) -> None:
    deal = event.data.deal
    form = _form(event.data.offer.terms)
    await offer_accepted(SqlStore(session), _id(deal.listing_id), _id(deal.deal_id), form)


@handlers.on(DealClosed)
async def free_listing(session: AsyncSession, event: Event[DealClosed]) -> None:
    deal = event.data.deal
    await deal_closed(SqlStore(session), _id(deal.listing_id), _id(deal.deal_id), utcnow())


@handlers.on(ContractSigned)
async def take_contract(session: AsyncSession, event: Event[ContractSigned]) -> None:
    deal, terms = event.data.deal, event.data.terms
    signed = SignedTerms(
        form=_form(terms),
        territories=tuple(terms.territories),
        field_of_use=terms.field_of_use,
        starts_at=moment(terms, "starts_at"),
        ends_at=moment(terms, "ends_at"),
    )
    await contract_signed(
        SqlStore(session),
        _id(deal.listing_id),
        _id(deal.deal_id),
        licensee=_id(deal.licensee_organisation_id),
        terms=signed,
        now=utcnow(),
    )


@handlers.on(RecordalRecorded)
async def take_registration(session: AsyncSession, event: Event[RecordalRecorded]) -> None:
    deal = event.data.deal
    owner = _id(deal.licensee_organisation_id)
    await transfer_recorded(SqlStore(session), _id(deal.listing_id), _id(deal.deal_id), new_owner=owner, now=utcnow())


@handlers.on(DealEnded)
async def take_end(session: AsyncSession, event: Event[DealEnded]) -> None:
    deal = event.data.deal
    await contract_ended(SqlStore(session), _id(deal.listing_id), _id(deal.deal_id), utcnow())


@handlers.on(PaymentRefunded)
async def take_refund(session: AsyncSession, event: Event[PaymentRefunded]) -> None:
    deal = event.data.deal
    await contract_ended(SqlStore(session), _id(deal.listing_id), _id(deal.deal_id), utcnow())


def _form(terms: Terms) -> DealForm:
    try:
        return DealForm(enum_to_text(common.DealForm, terms.form))
    except ValueError as error:
        raise Poison(f"no deal form: {terms.form}") from error


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Poison(f"no id: {text!r}") from error
