"""Search over HTTP: who answered, facets in the reader's language, the next page."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from services.kit.bands import split
from services.kit.messages import Catalogue
from services.kit.search.index import Index
from services.kit.search.port import Hit, Results, SearchQuery
from services.kit.web import Paging, language_of, link

ANSWERED_BY = "Zayton-Search"
# For the `responses` of an endpoint that searches.
SEARCH_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            ANSWERED_BY: {
                "description": "Who answered: postgres, meilisearch, or postgres; degraded instead of Meilisearch.",
                "schema": {"type": "string"},
            }
        }
    }
}


class FacetValue(BaseModel):
    """`label` is for people, in the reader's language."""

    value: str
    label: str
    count: int


class Found(BaseModel):
    """`total` is exact. `facets` are of all that was found, most frequent first; of more than 10,000 they are estimated
    where PostgreSQL answers. Of all, the first 1,000 can be read.
    """

    total: int
    facets: dict[str, list[FacetValue]]
    next: str | None
    answered_by: str
    degraded: bool


def highlights(hit: Hit) -> dict[str, list[tuple[str, bool]]]:
    return {name: list(parts) for name, parts in hit.highlights.items()}


def _index(request: Request) -> Index:
    index: Index = request.app.state.index
    return index


# A search takes a connection of its own, and the request none meanwhile: of many that hold one, none would get two.
Searched = Annotated[Index, Depends(_index)]


class Searcher:
    """Asks an index on behalf of a request, and says by whom it was answered."""

    def __init__(self, index: Searched, request: Request, response: Response) -> None:
        self._index = index
        self._request = request
        self._response = response

    async def ask(self, query: SearchQuery) -> tuple[Results, Found]:
        results = await self._index.search.search(query)
        language = language_of(self._request)
        degraded = self._index.is_degraded(results)
        headers = self._response.headers
        headers[ANSWERED_BY] = f"{results.answered_by}; degraded" if degraded else results.answered_by
        headers["Content-Language"] = language
        headers["Vary"] = "Accept-Language"
        if results.next is not None:
            link(Paging(query.cursor, query.limit, self._request, self._response), results.next)
        texts: Catalogue = self._request.app.state.catalogue
        found = Found(
            total=results.total,
            facets={
                name: [
                    FacetValue(value=value, label=label(name, value, texts, language), count=count)
                    for value, count in counts.items()
                ]
                for name, counts in results.facets.items()
            },
            next=results.next,
            answered_by=results.answered_by,
            degraded=degraded,
        )
        return results, found


def label(facet: str, value: str, texts: Catalogue, language: str) -> str:
    """The catalogue's words for a value; what people wrote themselves (regions, industries) stands for itself."""
    currency, name = split(value)
    keys = [f"facet.band.{name}"] if currency else [f"facet.{facet}.{name}", f"facet.{facet}.any"]
    for key in keys:
        if key in texts:
            return texts.text(key, language, value=value, currency=currency)
    return value
