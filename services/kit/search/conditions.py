"""Filters and words as SQL conditions on an index's table. Names come from the declaration, values are parameters."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.kit.search.analysis import facet_term
from services.kit.search.declaration import IndexDeclaration
from services.kit.search.port import SearchQuery
from services.kit.search.questions import all_of, any_of, lexeme


@dataclass(frozen=True)
class Condition:
    """`terms` is a tsquery text, which one index answers whole; `ranges` are comparisons of columns."""

    terms: str | None = None
    ranges: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)

    def having(self, terms: str | None) -> "Condition":
        """The same, and the given terms, too."""
        both = [each for each in (terms, self.terms) if each]
        return Condition(all_of(both) if both else None, self.ranges, self.params)

    def sql(self, column: str = "terms") -> str:
        matches = [f"{column} @@ CAST(:terms AS tsquery)"] if self.terms else ["document IS NOT NULL"]
        return " AND ".join([*matches, *self.ranges])

    def given(self, **more: Any) -> dict[str, Any]:
        return self.params | ({"terms": self.terms} if self.terms else {}) | more


def one_of(ids: list[UUID]) -> Condition:
    return Condition(None, ("id = ANY(:ids)",), {"ids": ids})


def restriction(query: SearchQuery, declaration: IndexDeclaration) -> Condition:
    """The filters and ranges of a query that was checked."""
    filters = [
        any_of([lexeme(facet_term(name, value)) for value in values])
        for name, values in query.filters.items()
        if values
    ]
    ranges, params = [], {}
    for name in declaration.ranges:
        bounds = query.ranges.get(name)
        for suffix, sign, value in (("least", ">=", bounds and bounds.least), ("most", "<=", bounds and bounds.most)):
            if value is not None:
                ranges.append(f"{name} {sign} :{name}_{suffix}")
                params[f"{name}_{suffix}"] = value
    return Condition(all_of(filters) if filters else None, tuple(ranges), params)
