"""The Meilisearch adapter: an index, its settings as code, and questions in its words.

The index is called `<name>_v<settings version>`: new settings make a new index, and until it is filled nobody asks it.
Times and money are kept under `_<field>` as numbers. What Meilisearch would not find by itself is in `_numbers`
(register numbers in one spelling), `_parts` (of headlines, the Chinese words inside of longer ones, such as 电池 in
锂电池) and `_sounds` (the pinyin of headlines).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.kit.search import analysis, port
from services.kit.search.declaration import Document, IndexDeclaration
from services.kit.search.meilisearch_server import MeilisearchFailed, MeilisearchServer
from services.kit.search.port import Hit, Results, SearchQuery, Suggestion

NAME = "meilisearch"

# Of one locale per rule; with it Chinese is cut into words and not into characters.
LOCALE = "cmn"
# Private characters around what was found, which are cut at before anybody sees them.
_OPEN, _CLOSE = "\ue000", "\ue001"
_EXCERPT_WORDS = 40
_LONGEST_STRETCH = 4  # characters or syllables
_OPERATORS = re.compile(r'"|(?<!\S)-+')
# High enough for true totals: what may be read is limited by the port.
_MOST_COUNTED = 10_000_000


def uid_of(declaration: IndexDeclaration) -> str:
    return f"{declaration.name}_v{declaration.version}"


def settings_of(declaration: IndexDeclaration) -> dict[str, Any]:
    others = [name for name in declaration.searched if name not in declaration.headlines]
    bounds = [f"_{name}" for name in declaration.ranges]
    return {
        "searchableAttributes": [*declaration.headlines, "_numbers", "_parts", *others, "_sounds"],
        "filterableAttributes": ["id", *declaration.facets, *bounds],
        "sortableAttributes": ["id", *bounds],
        "displayedAttributes": ["id", *sorted(declaration.names)],
        # A sort that is asked for comes before any other rule.
        "rankingRules": ["sort", "words", "typo", "proximity", "attribute", "exactness"],
        "localizedAttributes": [{"attributePatterns": list(declaration.searched), "locales": [LOCALE]}],
        "typoTolerance": {
            # A wrong first letter counts as two errors.
            "minWordSizeForTypos": {"oneTypo": 4, "twoTypos": 6},
            "disableOnAttributes": ["_numbers", "_parts", "_sounds"],
            "disableOnNumbers": True,
        },
        # Facets are counted, never searched by name: without this a change is indexed sooner.
        "facetSearch": False,
        "faceting": {"maxValuesPerFacet": port.MOST_FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
        "pagination": {"maxTotalHits": _MOST_COUNTED},
    }


def body_of(document: Document, declaration: IndexDeclaration) -> dict[str, Any]:
    """What Meilisearch is given of a document: the declared fields, and what is made of them."""
    body = {name: document.fields[name] for name in sorted(declaration.names) if name in document.fields}
    for name, kind in declaration.ranges.items():
        bound = document.bound(name, kind)
        if bound is not None:
            body[f"_{name}"] = bound
    numbers = [number for name in declaration.numbers for text in document.texts(name) for number in _numbers(text)]
    headlines = [text for name in declaration.headlines for text in document.texts(name)]
    parts = {"".join(part) for text in headlines for run in analysis.runs(text) for part in _stretches(list(run))}
    sounds = {"".join(part) for text in headlines for run in analysis.syllables_of(text) for part in _stretches(run)}
    made = {"_numbers": numbers, "_parts": sorted(parts), "_sounds": sorted(sounds)}
    return body | made | {"id": str(document.id)}


def _numbers(text: str) -> list[str]:
    return [number for number, _ in analysis.numbers_in(text)]


def _stretches(row: list[str]) -> Iterator[list[str]]:
    """Two to four in a row. People type no space that would tell where a word starts."""
    for length in range(2, _LONGEST_STRETCH + 1):
        for start in range(len(row) - length + 1):
            yield row[start : start + length]


def query_text(text: str) -> str:
    """What was typed, in words that are in the index: numbers in one spelling, long pinyin cut, nothing an operator."""
    found = []
    at = 0
    folded = analysis.fold(text)
    for number, (start, end) in analysis.numbers_in(folded):
        found += [folded[at:start], f" {number} "]
        at = end
    words = _OPERATORS.sub(" ", "".join([*found, folded[at:]])).split()
    return " ".join(part for word in words for part in _spoken(word))


def _spoken(word: str) -> list[str]:
    syllables = analysis.as_syllables(word)
    if len(syllables) <= _LONGEST_STRETCH:
        return [word]
    return [
        "".join(syllables[start : start + _LONGEST_STRETCH]) for start in range(0, len(syllables), _LONGEST_STRETCH)
    ]


class MeilisearchSearch:
    """Raises MeilisearchFailed, an OSError, where the server does not answer or has no such index yet."""

    def __init__(self, server: MeilisearchServer, declaration: IndexDeclaration) -> None:
        self._server = server
        self._declaration = declaration
        self._path = f"/indexes/{uid_of(declaration)}"

    async def search(self, query: SearchQuery) -> Results:
        port.check(query, self._declaration)
        offset = port.offset_of(query)
        if query.text.strip() and not analysis.has_pieces(query.text):
            return Results([], 0, None, NAME, {name: {} for name in query.facets})
        answer = await self._server.ask(f"{self._path}/search", self._question(query, offset))
        try:
            total = int(answer["estimatedTotalHits"])
            counts = answer.get("facetDistribution") or {}
            return Results(
                hits=[self._hit(found) for found in answer["hits"]],
                total=total,
                next=port.cursor_after(offset, query.limit, total),
                answered_by=NAME,
                facets={name: _most_frequent_first(counts.get(name, {})) for name in query.facets},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MeilisearchFailed("unreadable", repr(error)) from error

    def _question(self, query: SearchQuery, offset: int) -> dict[str, Any]:
        text = query_text(query.text)
        question: dict[str, Any] = {
            "q": text,
            "offset": offset,
            "limit": min(query.limit, port.MOST_HITS - offset),
            "locales": [LOCALE],
            "filter": self._filter(query.filters) + self._bounds(query),
            "attributesToRetrieve": ["id", *self._declaration.displayed],
            # Where nothing has every word, those that are everywhere are dropped first: a mistyped Chinese word falls
            # into characters that are. Measured against dropping the last ones first.
            "matchingStrategy": "frequency",
        }
        if query.facets:
            question["facets"] = list(query.facets)
        if query.order is not None:
            question["sort"] = [f"_{query.order.field}:{'desc' if query.order.descending else 'asc'}", "id:desc"]
        elif not text:
            question["sort"] = ["id:desc"]
        if query.highlight and text:
            shown = [name for name in self._declaration.searched if name in self._declaration.displayed]
            question |= {
                "attributesToHighlight": shown,
                "attributesToCrop": shown,
                "cropLength": _EXCERPT_WORDS,
                "highlightPreTag": _OPEN,
                "highlightPostTag": _CLOSE,
            }
        return question

    async def suggest(
        self, text: str, *, limit: int = 8, filters: Mapping[str, Sequence[str]] | None = None
    ) -> list[Suggestion]:
        port.check(SearchQuery(text, filters or {}, limit=limit), self._declaration)
        if not analysis.has_pieces(text):
            return []
        name = self._declaration.suggested
        question = {
            "q": query_text(text),
            "limit": limit,
            "locales": [LOCALE],
            "filter": self._filter(filters or {}),
            "attributesToSearchOn": [*self._declaration.headlines, "_numbers", "_parts", "_sounds"],
            "attributesToRetrieve": ["id", name],
            "matchingStrategy": "all",
        }
        answer = await self._server.ask(f"{self._path}/search", question)
        return [Suggestion(UUID(found["id"]), str(found.get(name) or "")) for found in answer["hits"]]

    def _filter(self, filters: Mapping[str, Sequence[str]]) -> list[Any]:
        """All of the facets, each by any of its values."""
        return [[f"{name} = {_quoted(value)}" for value in values] for name, values in filters.items() if values]

    def _bounds(self, query: SearchQuery) -> list[str]:
        found = []
        for name, bounds in query.ranges.items():
            found += [f"_{name} >= {bounds.least}"] if bounds.least is not None else []
            found += [f"_{name} <= {bounds.most}"] if bounds.most is not None else []
        return found

    def _hit(self, found: Mapping[str, Any]) -> Hit:
        shown = {name: found[name] for name in self._declaration.displayed if name in found}
        excerpts = {
            name: _parts(text)
            for name, text in (found.get("_formatted") or {}).items()
            if name in self._declaration.searched and isinstance(text, str) and _OPEN in text
        }
        return Hit(UUID(found["id"]), shown, excerpts)


def _most_frequent_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda count: (-count[1], count[0])))


def _quoted(value: str) -> str:
    # No filter of Meilisearch can hold a backslash; with this character in its place it finds nothing, as it should.
    escaped = analysis.clean(value).replace("\\", _OPEN).replace('"', '\\"')
    return f'"{escaped}"'


def _parts(text: str) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    for place, piece in enumerate(text.split(_OPEN)):
        if place == 0:
            parts.append((piece, False))
            continue
        marked, _, rest = piece.partition(_CLOSE)
        if parts and parts[-1][1]:
            parts[-1] = (parts[-1][0] + marked, True)
        else:
            parts.append((marked, True))
        if rest:
            parts.append((rest, False))
    return [part for part in parts if part[0]]
