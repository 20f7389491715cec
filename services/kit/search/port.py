"""The port: what an index can be asked, and what it answers. Whatever people type has an answer or a located fault."""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from services.kit.problems import FieldError, InvalidInput
from services.kit.search.declaration import IndexDeclaration

LONGEST_QUERY = 500  # characters
MOST_LIMIT = 100
# Nobody reads further; both adapters stop here, whatever the total is.
MOST_HITS = 1_000
MOST_VALUES_PER_FILTER = 50
MOST_FACET_VALUES = 100  # the most frequent ones are counted
_LARGEST_BOUND = 2**63 - 1


@dataclass(frozen=True)
class Range:
    """Bounds of a range field, both inclusive: minor units, or microseconds since 1970."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Order:
    """Sort by a range field; documents without it come last. Without an order the best answer comes first."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class SearchQuery:
    """`filters`: any of the values of each facet. `facets`: those to be counted among all that is found.
    `cursor` is `next` of the page before. An empty `text` finds everything, the newest first.
    """

    text: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    facets: Collection[str] = ()
    order: Order | None = None
    limit: int = 20
    cursor: str | None = None
    highlight: bool = True


@dataclass(frozen=True)
class Hit:
    """`fields` are the displayed ones. `highlights` has, by text field, an excerpt in parts: (text, whether found).
    It is plain text: who shows it escapes it.
    """

    id: UUID
    fields: Mapping[str, Any]
    highlights: Mapping[str, Sequence[tuple[str, bool]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """`facets` counts documents by facet and value, most frequent first. `answered_by`: "postgres", "meilisearch"."""

    hits: Sequence[Hit]
    total: int
    next: str | None
    answered_by: str
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Suggestion:
    id: UUID
    text: str


class Finder(Protocol):
    """Raises InvalidInput with the place of every fault of a query, and OSError where the index does not answer."""

    async def search(self, query: SearchQuery) -> Results: ...

    async def suggest(
        self, text: str, *, limit: int = 8, filters: Mapping[str, Sequence[str]] | None = None
    ) -> list[Suggestion]:
        """Documents whose name continues what was typed so far, or holds it."""
        ...


class Search(Finder, Protocol):
    """The whole port. Meilisearch alone cannot say what is similar; FallbackSearch has PostgreSQL say it."""

    async def similar(
        self, document_id: UUID, *, limit: int = 8, filters: Mapping[str, Sequence[str]] | None = None
    ) -> Sequence[Hit]:
        """Documents that speak of the same; none for a document that is not in the index."""
        ...


def check(query: SearchQuery, declaration: IndexDeclaration) -> None:
    """Raises InvalidInput with the place of every fault."""
    faults: list[FieldError] = []
    if len(query.text) > LONGEST_QUERY:
        faults.append(FieldError("?q", "too-long", params={"max_length": LONGEST_QUERY}))
    if query.limit < 1:
        faults.append(FieldError("?limit", "at-least", params={"ge": 1}))
    if query.limit > MOST_LIMIT:
        faults.append(FieldError("?limit", "at-most", params={"le": MOST_LIMIT}))
    for name, values in query.filters.items():
        faults += _unknown(f"?{name}", name, declaration.facets)
        if len(values) > MOST_VALUES_PER_FILTER:
            faults.append(FieldError(f"?{name}", "too-many", params={"max_length": MOST_VALUES_PER_FILTER}))
    for name in query.facets:
        faults += _unknown("?facets", name, declaration.facets)
    for name, bounds in query.ranges.items():
        faults += _unknown(f"?{name}", name, declaration.ranges)
        faults += _bound_faults(name, bounds)
    if query.order is not None:
        faults += _unknown("?sort", query.order.field, declaration.ranges)
    if faults:
        raise InvalidInput(errors=faults)
    offset_of(query)


def _unknown(pointer: str, name: str, known: Collection[str]) -> list[FieldError]:
    if name in known:
        return []
    return [FieldError(pointer, "choice", params={"expected": ", ".join(sorted(known))})]


def _bound_faults(name: str, bounds: Range) -> list[FieldError]:
    outside = [each for each in (bounds.least, bounds.most) if each is not None and abs(each) > _LARGEST_BOUND]
    if outside:
        return [FieldError(f"?{name}", "at-most", params={"le": _LARGEST_BOUND})]
    if bounds.least is not None and bounds.most is not None and bounds.least > bounds.most:
        return [FieldError(f"?{name}", "range-order")]
    return []


def offset_of(query: SearchQuery) -> int:
    """Where a page starts. Raises InvalidInput for a cursor that no list of ours has given out."""
    if query.cursor is None:
        return 0
    try:
        offset = int(base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4)).decode("ascii"))
    except (ValueError, binascii.Error) as error:
        raise InvalidInput(errors=[FieldError("?cursor", "cursor")]) from error
    if not 0 <= offset < MOST_HITS:
        raise InvalidInput(errors=[FieldError("?cursor", "too-deep", params={"most": MOST_HITS})])
    return offset


def cursor_after(offset: int, limit: int, total: int) -> str | None:
    """The cursor of the next page; None at the end, or where nobody reads further."""
    end = offset + limit
    if end >= min(total, MOST_HITS):
        return None
    return base64.urlsafe_b64encode(str(end).encode()).decode().rstrip("=")
