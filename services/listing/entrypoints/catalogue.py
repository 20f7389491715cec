"""The catalogue as the public searches it. Open to everyone; what is found here is public."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.kit.search.index import Index
from services.kit.web import Paging, language_of, link, router
from services.listing.domain.errors import ListingNotFound
from services.listing.entrypoints.cards import (
    Card,
    CardList,
    CataloguePage,
    SuggestionList,
    SuggestionView,
    facets_view,
)
from services.listing.entrypoints.catalogue_query import CatalogueQuery
from services.listing.entrypoints.dependencies import Stored, Texts

ANSWERED_BY = "Zayton-Search"
_HEADER = {
    "headers": {
        ANSWERED_BY: {
            "description": "Who answered: postgres, meilisearch, or postgres; degraded where Meilisearch should have.",
            "schema": {"type": "string"},
        }
    }
}

catalogue = router(prefix="/api/v1", tags=["catalogue"])


def _index(request: Request) -> Index:
    index: Index = request.app.state.index
    return index


# A search takes a connection of its own, and the request none meanwhile: of many that hold one, none would get two.
Searched = Annotated[Index, Depends(_index)]
Limit = Annotated[int, Query(ge=1, le=50, description="How many at most.")]


@catalogue.get("/catalogue", responses={200: _HEADER})
async def search_catalogue(
    query: Annotated[CatalogueQuery, Query()], index: Searched, texts: Texts, request: Request, response: Response
) -> CataloguePage:
    """Search the listings that are on offer: words in Chinese or English, numbers in any spelling, filters, facets.

    Filters may be repeated: any value of one, all of the filters. `price_from` and `price_to` are minor units of
    `currency`, CNY where none is named; where prices are compared or sorted by, listings in other currencies are left
    out. Days are UTC and inclusive. A Meilisearch that does not answer is stood in for, which `degraded` says.
    """
    language = language_of(request)
    results = await index.search.search(query.question())
    degraded = index.is_degraded(results)
    response.headers[ANSWERED_BY] = f"{results.answered_by}; degraded" if degraded else results.answered_by
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    if results.next is not None:
        link(Paging(query.cursor, query.limit, request, response), results.next)
    return CataloguePage(
        items=[Card.of(hit) for hit in results.hits],
        total=results.total,
        facets=facets_view(results.facets, texts, language),
        next=results.next,
        answered_by=results.answered_by,
        degraded=degraded,
    )


@catalogue.get("/catalogue/suggestions")
async def suggest_listings(
    index: Searched,
    q: Annotated[str, Query(max_length=500, description="What was typed so far.")] = "",
    limit: Limit = 8,
) -> SuggestionList:
    """Titles that go on as typed so far, or hold it: for a search box, as people type."""
    found = await index.search.suggest(q, limit=limit)
    return SuggestionList(items=[SuggestionView(listing_id=each.id, text=each.text) for each in found])


@catalogue.get("/listings/{listing_id}/similar")
async def similar_listings(listing_id: UUID, index: Searched, store: Stored, limit: Limit = 8) -> CardList:
    """Listings on offer that speak of the same as this one."""
    found = await index.search.similar(listing_id, limit=limit)
    if not found:
        listing = await store.listings.find(listing_id)
        if listing is None or not listing.is_open:
            raise ListingNotFound(listing_id=listing_id)
    return CardList(items=[Card.of(hit) for hit in found])
