"""What the catalogue may be asked, and what it is asked in the terms of the search port."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kit import bands
from services.kit.problems import FieldError, InvalidInput
from services.kit.search import Order, Range, RangeType, SearchQuery
from services.kit.search.declaration import as_bound
from services.kit.search.port import LONGEST_QUERY, MOST_LIMIT, MOST_VALUES_PER_FILTER
from services.listing.adapters.documents import NO_CURRENCY
from services.listing.domain.limits import Limit
from services.listing.domain.price_bands import OTHER_BANDS
from services.listing.domain.prices import MOST_MINOR_UNITS
from services.listing.domain.vocabulary import DealForm, Language, ListingStatus, Maturity, RightKind

_BAND = f"^({'|'.join(OTHER_BANDS)}|{bands.PATTERN})$"

_Few: Any = Field(default=[], max_length=MOST_VALUES_PER_FILTER)
Name = Annotated[str, Field(max_length=Limit.NAME)]
Section = Annotated[str, StringConstraints(pattern="^[A-H]$")]
NiceClass = Annotated[int, Field(ge=1, le=45)]
Band = Annotated[str, StringConstraints(pattern=_BAND)]
Amount = Annotated[int, Field(ge=0, le=MOST_MINOR_UNITS)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
FacetName = Literal[
    "kind",
    "ipc_section",
    "nice_class",
    "deal_form",
    "price_band",
    "status",
    "region",
    "industry",
    "maturity",
    "language",
    "",
]
FACETS = tuple(name for name in get_args(FacetName) if name)


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"


_ORDERS = {
    Sort.RELEVANCE: None,
    Sort.NEWEST: Order("published_at", descending=True),
    Sort.PRICE_ASC: Order("price_least"),
    Sort.PRICE_DESC: Order("price_most", descending=True),
}
_BY_PRICE = frozenset({Sort.PRICE_ASC, Sort.PRICE_DESC})


class CatalogueQuery(BaseModel):
    """A parameter that is not known here is refused, so that nobody takes for filtered what is not."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=LONGEST_QUERY, description="Words, or a number. Nothing: all, the newest first.")
    kind: list[RightKind] = _Few
    ipc_section: list[Section] = _Few
    nice_class: list[NiceClass] = _Few
    deal_form: list[DealForm] = _Few
    price_band: list[Band] = Field(
        default=[], max_length=MOST_VALUES_PER_FILTER, examples=[["CNY-100k-500k"], ["negotiable"]]
    )
    status: list[Literal[ListingStatus.PUBLISHED, ListingStatus.UNDER_OFFER]] = _Few
    region: list[Name] = _Few
    industry: list[Name] = _Few
    maturity: list[Maturity] = _Few
    language: list[Language] = _Few
    price_from: Amount | None = Field(None, description="Minor units.")
    price_to: Amount | None = Field(None, description="Minor units.")
    currency: Currency | None = Field(None, description="Of prices; CNY where they are compared and none is named.")
    filed_from: date | None = None
    filed_to: date | None = None
    published_from: date | None = None
    published_to: date | None = None
    sort: Sort = Sort.RELEVANCE
    limit: int = Field(20, ge=1, le=MOST_LIMIT, description="How many items at most.")
    cursor: str | None = Field(None, max_length=500, description="`next` of the page before.")
    facets: list[FacetName] = Field(
        default=list(get_args(FacetName)),
        max_length=2 * len(FACETS),
        description="To be counted; all if not given, none if empty.",
    )

    def question(self) -> SearchQuery:
        """Raises InvalidInput where a lower bound is above the upper one."""
        if faults := list(self._faults()):
            raise InvalidInput(errors=faults)
        return SearchQuery(
            text=self.q,
            filters=self._filters(),
            ranges=self._ranges(),
            facets=tuple(name for name in FACETS if name in self.facets),
            order=_ORDERS[self.sort],
            limit=self.limit,
            cursor=self.cursor,
        )

    def _faults(self) -> Iterator[FieldError]:
        bounds = (
            ("price_to", self.price_from, self.price_to),
            ("filed_to", self.filed_from, self.filed_to),
            ("published_to", self.published_from, self.published_to),
        )
        for name, least, most in bounds:
            if least is not None and most is not None and least > most:  # type: ignore[operator]  # both of one type
                yield FieldError(f"?{name}", "range-order")

    def _filters(self) -> dict[str, list[str]]:
        filters = {name: [str(value) for value in getattr(self, name)] for name in FACETS}
        compares = self.price_from is not None or self.price_to is not None or self.sort in _BY_PRICE
        if self.currency or compares:
            # What has no price in any currency is not left out, but is the last when sorted by price.
            filters["currency"] = [self.currency or "CNY", NO_CURRENCY]
        return filters

    def _ranges(self) -> dict[str, Range]:
        """A price that runs from one amount to another fits where any of it does."""
        return {
            "price_most": Range(least=self.price_from),
            "price_least": Range(most=self.price_to),
            "filed_at": _days(self.filed_from, self.filed_to),
            "published_at": _days(self.published_from, self.published_to),
        }


def _days(first: date | None, last: date | None) -> Range:
    return Range(
        None if first is None else as_bound(datetime.combine(first, time.min, UTC), RangeType.MOMENT),
        None if last is None else as_bound(datetime.combine(last, time.max, UTC), RangeType.MOMENT),
    )
