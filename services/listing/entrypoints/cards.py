"""What of a listing is shown among others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.kit.messages import Catalogue
from services.kit.search import Hit
from services.kit.web import Page
from services.listing.domain import price_bands
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
        highlights = {name: list(parts) for name, parts in hit.highlights.items()}
        return cls.model_validate(
            {**hit.fields, "listing_id": hit.id, "deal_forms": hit.fields["deal_form"], "highlights": highlights}
        )


class FacetValue(BaseModel):
    """`label` is for people, in the reader's language."""

    value: str
    label: str
    count: int


class CataloguePage(Page[Card]):
    """`total` is exact, `facets` are of all that was found, most frequent first; of more than 10,000 they are estimated
    where PostgreSQL answers. Of all, the first 1,000 can be read.
    """

    total: int
    facets: dict[str, list[FacetValue]]
    answered_by: str
    degraded: bool


class CardList(BaseModel):
    items: list[Card]


class SuggestionView(BaseModel):
    listing_id: UUID
    text: str


class SuggestionList(BaseModel):
    items: list[SuggestionView]


def facets_view(
    facets: Mapping[str, Mapping[str, int]], texts: Catalogue, language: str
) -> dict[str, list[FacetValue]]:
    return {
        name: [
            FacetValue(value=value, label=_label(name, value, texts, language), count=count)
            for value, count in counts.items()
        ]
        for name, counts in facets.items()
    }


def _label(name: str, value: str, texts: Catalogue, language: str) -> str:
    """The catalogue's words for a value; what holders wrote themselves (regions, industries) stands for itself."""
    currency, key = price_bands.split(value) if name == "price_band" else (None, value)
    for candidate in (f"facet.{name}.{key}", f"facet.{name}.any"):
        if candidate in texts:
            return texts.text(candidate, language, value=value, currency=currency)
    return value
