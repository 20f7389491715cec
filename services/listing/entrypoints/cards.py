"""What of a listing is shown among others."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.kit.search import Hit
from services.kit.search.web import Found, highlights
from services.listing.domain.vocabulary import DealForm, Language, ListingStatus, Maturity, RightKind
from services.listing.entrypoints.views import PriceView


class Card(BaseModel):
    """`number` is canonical. `highlights` has, by field, an excerpt in parts, each with whether it is what was looked
    for: plain text, to be escaped by whoever shows it.
    """

    listing_id: UUID
    title: str
    summary: str
    organisation_id: UUID
    organisation_name: str
    kind: RightKind
    number: str
    status: ListingStatus
    ipc: list[str]
    deal_forms: list[DealForm]
    price: PriceView
    maturity: Maturity | None
    region: str
    industry: list[str]
    language: Language
    published_at: datetime | None
    highlights: dict[str, list[tuple[str, bool]]]

    @classmethod
    def of(cls, hit: Hit) -> Self:
        own = {"listing_id": hit.id, "deal_forms": hit.fields["deal_form"], "highlights": highlights(hit)}
        return cls.model_validate({**hit.fields, **own})


class CataloguePage(Found):
    items: list[Card]


class CardList(BaseModel):
    items: list[Card]


class SuggestionView(BaseModel):
    listing_id: UUID
    text: str


class SuggestionList(BaseModel):
    items: list[SuggestionView]
