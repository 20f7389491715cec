"""The demand board: what organisations let everybody know they look for."""

from datetime import datetime
from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kit import bands
from services.kit.search import Hit, Order, SearchQuery
from services.kit.search.port import LONGEST_QUERY, MOST_LIMIT, MOST_VALUES_PER_FILTER
from services.kit.search.web import SEARCH_ANSWERS, Found, Searcher, highlights
from services.kit.web import Tx, router
from services.matching.adapters.board_documents import OPEN_BUDGET, document_of
from services.matching.adapters.store import PgStore
from services.matching.domain.errors import DemandNotFound
from services.matching.domain.facts import DealForm
from services.matching.entrypoints.money import Money

FacetName = Literal["industry", "region", "deal_form", "budget_band", "language", ""]
FACETS = tuple(name for name in get_args(FacetName) if name)
Name = Annotated[str, StringConstraints(max_length=200)]
Band = Annotated[str, StringConstraints(pattern=f"^({OPEN_BUDGET}|{bands.PATTERN})$")]

_ORDERS = {
    "relevance": None,
    "newest": Order("created_at", descending=True),
    "deadline": Order("expires_at"),
}


class BoardQuery(BaseModel):
    """A parameter that is not known here is refused, so that nobody takes for filtered what is not."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=LONGEST_QUERY, description="Words. Nothing: all, the newest first.")
    industry: list[Name] = Field(default=[], max_length=MOST_VALUES_PER_FILTER)
    region: list[Name] = Field(default=[], max_length=MOST_VALUES_PER_FILTER)
    deal_form: list[DealForm] = Field(default=[], max_length=MOST_VALUES_PER_FILTER)
    budget_band: list[Band] = Field(
        default=[],
        max_length=MOST_VALUES_PER_FILTER,
        description="Of public budgets; `open` where none is named.",
        examples=[["CNY-100k-500k"], ["open"]],
    )
    language: list[Literal["zh", "en"]] = Field(default=[], max_length=MOST_VALUES_PER_FILTER)
    sort: Literal["relevance", "newest", "deadline"] = "relevance"
    limit: int = Field(20, ge=1, le=MOST_LIMIT, description="How many items at most.")
    cursor: str | None = Field(None, max_length=500, description="`next` of the page before.")
    facets: list[FacetName] = Field(
        default=list(get_args(FacetName)),
        max_length=2 * len(FACETS),
        description="To be counted; all if not given, none if empty.",
    )

    def question(self) -> SearchQuery:
        return SearchQuery(
            text=self.q,
            filters={name: [str(value) for value in getattr(self, name)] for name in FACETS},
            facets=tuple(name for name in FACETS if name in self.facets),
            order=_ORDERS[self.sort],
            limit=self.limit,
            cursor=self.cursor,
        )


class DemandCard(BaseModel):
    """The organisation is null where it wants to stay unnamed, `budget` where it is not public. No deal forms or
    territories: any. `highlights` has, by field, an excerpt in parts, each with whether it is what was looked for.
    """

    demand_id: UUID
    title: str
    problem: str
    industry: str
    region: str
    ipc: list[str]
    deal_forms: list[DealForm]
    territories: list[str]
    organisation_id: UUID | None
    organisation_name: str | None
    budget: Money | None
    language: str
    created_at: datetime
    expires_at: datetime
    highlights: dict[str, list[tuple[str, bool]]]

    @classmethod
    def of(cls, hit: Hit) -> Self:
        own = {"demand_id": hit.id, "deal_forms": hit.fields["deal_form"], "highlights": highlights(hit)}
        return cls.model_validate({**hit.fields, **own})


class BoardPage(Found):
    items: list[DemandCard]


r = router(prefix="/api/v1/demands", tags=["demands"])


@r.get("/board", responses=SEARCH_ANSWERS)
async def search_the_board(
    query: Annotated[BoardQuery, Query()], searcher: Annotated[Searcher, Depends()]
) -> BoardPage:
    """Search open demands that their organisations put on the board: open to everyone.

    A demand is on it where its `visibility` says so, and shows no more than that.
    """
    results, found = await searcher.ask(query.question())
    return BoardPage(items=[DemandCard.of(hit) for hit in results.hits], **dict(found))


@r.get("/board/{demand_id}")
async def see_on_the_board(demand_id: UUID, tx: Tx) -> DemandCard:
    """One demand as the board shows it: open to everyone while it is on it."""
    demand = await PgStore(tx).demand(demand_id)
    if demand is None or not demand.is_on_board:
        raise DemandNotFound(demand_id=demand_id)
    return DemandCard.of(Hit(demand_id, dict(document_of(demand).fields), {}))
