"""Facts of this service as the published contract says them. The one place where the two meet."""

from functools import singledispatch
from uuid import UUID

from google.protobuf.message import Message
from zayton.common.v1 import types_pb2 as common
from zayton.listing.v1 import events_pb2 as events

from services.kit import outbox
from services.kit.protos import text_to_enum, timestamp
from services.listing.domain import facts
from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.listings import Listing
from services.listing.domain.prices import AskingPrice, Money
from services.listing.domain.rights import Right

_RIGHT_MESSAGES: dict[type[facts.RightFact], type[Message]] = {
    facts.RightRegistered: events.RightRegistered,
    facts.RightStatusChanged: events.RightStatusChanged,
    facts.RightEncumbrancesChanged: events.RightEncumbrancesChanged,
}


@singledispatch
def published(fact: facts.Fact) -> outbox.Fact:
    """The fact to publish, with the id and version of its aggregate."""
    raise TypeError(type(fact))


@published.register
def _(fact: facts.RightFact) -> outbox.Fact:
    message = _RIGHT_MESSAGES[type(fact)](right=right_message(fact.right))
    return outbox.Fact(message, fact.right.right_id, fact.right.version)


@published.register
def _(fact: facts.ListingPublished) -> outbox.Fact:
    return _of_listing(fact, events.ListingPublished(listing=listing_message(fact.listing, fact.right)))


@published.register
def _(fact: facts.ListingChanged) -> outbox.Fact:
    return _of_listing(fact, events.ListingChanged(listing=listing_message(fact.listing, fact.right)))


@published.register
def _(fact: facts.ListingWithdrawn) -> outbox.Fact:
    message = listing_message(fact.listing, fact.right)
    return _of_listing(fact, events.ListingWithdrawn(listing=message, reason=fact.listing.withdrawal_reason))


@published.register
def _(fact: facts.ImportFinished) -> outbox.Fact:
    message = events.ImportFinished(
        import_id=str(fact.import_id),
        organisation_id=str(fact.organisation_id),
        requested_by=str(fact.requested_by),
        rows=fact.rows,
        accepted=fact.accepted,
        rejected=fact.rejected,
    )
    return outbox.Fact(message, fact.import_id, fact.version)


def _of_listing(fact: facts.ListingFact, message: Message) -> outbox.Fact:
    return outbox.Fact(message, fact.listing.listing_id, fact.listing.version)


def right_message(right: Right) -> events.Right:
    return events.Right(
        right_id=str(right.right_id),
        organisation_id=str(right.organisation_id),
        kind=text_to_enum(common.RightKind, right.kind),
        office=right.number.office,
        number=right.number.canonical,
        number_as_given=right.number.raw,
        title=right.title,
        abstract=right.abstract,
        owner_name=right.owner_name,
        ipc=right.ipc,
        status=text_to_enum(common.RightStatus, right.status),
        status_as_given=right.status_as_given,
        filed_at=timestamp(right.filed_at),
        expires_at=timestamp(right.expires_at),
        encumbrances=[_encumbrance_message(burden) for burden in right.encumbrances],
        language=right.language,
    )


def listing_message(listing: Listing, right: Right) -> events.Listing:
    terms = listing.terms
    return events.Listing(
        listing_id=str(listing.listing_id),
        organisation_id=str(listing.organisation_id),
        organisation_name=listing.organisation_name,
        right=right_message(right),
        status=text_to_enum(events.ListingStatus, listing.status),
        summary=terms.summary,
        prospects=terms.prospects,
        deal_forms=[text_to_enum(common.DealForm, form) for form in terms.deal_forms],
        price=_price_message(terms.price),
        maturity=text_to_enum(common.Maturity, terms.maturity or "unspecified"),
        industries=terms.industries,
        territories=terms.territories,
        region=terms.region,
        published_at=timestamp(listing.published_at),
    )


def _price_message(price: AskingPrice) -> common.AskingPrice:
    return common.AskingPrice(
        form=text_to_enum(common.PriceForm, price.form),
        minimum=_money_message(price.minimum),
        maximum=_money_message(price.maximum),
        royalty_basis_points=price.royalty_basis_points or 0,
    )


def _money_message(money: Money | None) -> common.Money | None:
    return common.Money(minor_units=money.minor_units, currency=money.currency) if money else None


def _encumbrance_message(burden: Encumbrance) -> common.Encumbrance:
    return common.Encumbrance(
        encumbrance_id=str(burden.encumbrance_id),
        kind=text_to_enum(common.EncumbranceKind, burden.kind),
        holder=burden.holder,
        holder_consents=burden.holder_consents,
        licence_form=text_to_enum(common.DealForm, burden.licence_form or "unspecified"),
        territories=burden.territories,
        field_of_use=burden.field_of_use,
        starts_at=timestamp(burden.starts_at),
        ends_at=timestamp(burden.ends_at),
        deal_id=_text(burden.deal_id),
    )


def _text(identity: UUID | None) -> str:
    return str(identity) if identity else ""
