"""The catalogue as the public searches it. Open to everyone; what is found here is public."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from services.kit.search.port import LONGEST_QUERY
from services.kit.search.web import SEARCH_ANSWERS, Searched, Searcher
from services.kit.web import router
from services.listing.domain.errors import ListingNotFound
from services.listing.entrypoints.cards import Card, CardList, CataloguePage, SuggestionList, SuggestionView
from services.listing.entrypoints.catalogue_query import CatalogueQuery
from services.listing.entrypoints.dependencies import Stored

catalogue = router(prefix="/api/v1", tags=["catalogue"])

Limit = Annotated[int, Query(ge=1, le=50, description="How many at most.")]


@catalogue.get("/catalogue", responses=SEARCH_ANSWERS)
async def search_catalogue(
    query: Annotated[CatalogueQuery, Query()], searcher: Annotated[Searcher, Depends()]
) -> CataloguePage:
    """Search the listings that are on offer: words in Chinese or English, numbers in any spelling, filters, facets.

    Filters may be repeated: any value of one, all of the filters. `price_from` and `price_to` are minor units of
    `currency`, CNY where none is named; where prices are compared or sorted by, listings in other currencies are left
    out. Days are UTC and inclusive. A Meilisearch that does not answer is stood in for, which `degraded` says.
    """
    results, found = await searcher.ask(query.question())
    return CataloguePage(items=[Card.of(hit) for hit in results.hits], **dict(found))


@catalogue.get("/catalogue/suggestions")
async def suggest_listings(
    index: Searched,
    q: Annotated[str, Query(max_length=LONGEST_QUERY, description="What was typed so far.")] = "",
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
