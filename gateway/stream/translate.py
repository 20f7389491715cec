"""Facts of the hall as the live stream shows them: to whom, and which part.

Only what the audience could also read over the API goes in. A public row is seen by everybody, also without signing in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from zayton.contract.v1 import events_pb2 as contract
from zayton.listing.v1 import events_pb2 as listing
from zayton.matching.v1 import events_pb2 as matching
from zayton.notify.v1 import events_pb2 as notify

from gateway.stream.plain import plain
from services.kit.inbox import Poison

Data = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What one audience, an organisation or one person, sees of a fact; without `audience` everybody does."""

    audience: UUID | None
    data: Data


_ON_THE_MARKET = (listing.LISTING_STATUS_PUBLISHED, listing.LISTING_STATUS_UNDER_OFFER, listing.LISTING_STATUS_CLOSED)
_LISTING_FIELDS = (
    "listing_id",
    "organisation_id",
    "organisation_name",
    "status",
    "summary",
    "deal_forms",
    "price",
    "maturity",
    "industries",
    "territories",
    "region",
    "published_at",
)
_RIGHT_FIELDS = ("right_id", "kind", "number", "title", "ipc", "language")


def _listing(fact: Any) -> Iterator[View]:
    whole = plain(fact.listing)
    data = _pick(whole, _LISTING_FIELDS) | _pick(whole["right"] or {}, _RIGHT_FIELDS)
    withdrawn = isinstance(fact, listing.ListingWithdrawn)
    if withdrawn or fact.listing.status in _ON_THE_MARKET:
        yield View(None, data)
    else:
        yield View(_id(fact.listing.organisation_id), data)


def _import(fact: listing.ImportFinished) -> Iterator[View]:
    yield View(_id(fact.organisation_id), plain(fact))


def _demand(fact: Any) -> Iterator[View]:
    yield View(_id(fact.demand.organisation_id), plain(fact.demand) | _pick(plain(fact), ("reason",)))


_MATCH_FIELDS = ("match_id", "demand_id", "demand_title", "listing_id", "listing_title", "score")


def _match_found(fact: matching.MatchFound) -> Iterator[View]:
    """The demand's side sees why. The listing's side does not: the reasons tell the demand's budget."""
    whole = plain(fact.match)
    demand_side = _id(fact.match.demand_organisation_id)
    listing_side = _id(fact.match.listing_organisation_id)
    yield View(demand_side, _pick(whole, (*_MATCH_FIELDS, "listing_organisation_id", "reasons")) | {"side": "demand"})
    if listing_side != demand_side:
        yield View(listing_side, _pick(whole, _MATCH_FIELDS) | {"side": "listing"})


def _match_judged(fact: matching.MatchJudged) -> Iterator[View]:
    """Seen by those who judged: a "no" and its reason are not for the other side."""
    data = _pick(plain(fact.match), _MATCH_FIELDS) | _pick(plain(fact), ("verdict", "reason"))
    yield View(_id(fact.judged_by_organisation_id), data)


def _deal(fact: Any) -> Iterator[View]:
    """All parties of a deal see the same."""
    deal = fact.deal
    parties = [deal.licensor_organisation_id, deal.licensee_organisation_id, deal.broker_organisation_id]
    for party in dict.fromkeys(filter(None, parties)):
        yield View(_id(party), plain(fact))


def _notification(fact: notify.NotificationAdded) -> Iterator[View]:
    """Each person sees what that person was told."""
    shared = _pick(plain(fact), ("kind", "link", "count"))
    for telling in fact.tellings:
        own = _pick(plain(telling), ("notification_id", "title", "text"))
        yield View(_id(telling.user_id), own | shared)


TRANSLATIONS: dict[type[Message], Callable[[Any], Iterator[View]]] = {
    listing.ListingPublished: _listing,
    listing.ListingChanged: _listing,
    listing.ListingWithdrawn: _listing,
    listing.ImportFinished: _import,
    matching.DemandPosted: _demand,
    matching.DemandClosed: _demand,
    matching.MatchFound: _match_found,
    matching.MatchJudged: _match_judged,
    contract.DealOpened: _deal,
    contract.OfferMade: _deal,
    contract.OfferAccepted: _deal,
    contract.ContractPartySigned: _deal,
    contract.ContractSigned: _deal,
    contract.DocumentSealed: _deal,
    contract.DealClosed: _deal,
    contract.InvoiceIssued: _deal,
    contract.PaymentReceived: _deal,
    contract.PaymentHeld: _deal,
    contract.RecordalDue: _deal,
    contract.RecordalFiled: _deal,
    contract.RecordalRecorded: _deal,
    contract.RecordalRefused: _deal,
    contract.PaymentReleased: _deal,
    contract.DealActivated: _deal,
    contract.DealDisputed: _deal,
    contract.DealResumed: _deal,
    contract.PaymentRefunded: _deal,
    contract.DealEnded: _deal,
    contract.DealMessageSent: _deal,
    notify.NotificationAdded: _notification,
}


def stream_type(message: type[Message]) -> str:
    """MatchFound → match_found."""
    name = message.DESCRIPTOR.name
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


TYPES = frozenset(map(stream_type, TRANSLATIONS))


def views(fact: Message) -> list[View]:
    """Raises Poison where the fact names no organisation or person it could be shown to."""
    return list(TRANSLATIONS[type(fact)](fact))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Poison(f"no id of an organisation or a person: {text!r}") from error


def _pick(data: Data, names: tuple[str, ...]) -> Data:
    return {name: data[name] for name in names if name in data}
