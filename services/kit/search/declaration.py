"""An index as data. Both adapters are built from it, and a field it does not name never reaches either of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class RangeType(StrEnum):
    INTEGER = "integer"  # money in minor units, counts
    MOMENT = "moment"  # an aware datetime; kept as microseconds since 1970


@dataclass(frozen=True)
class TextField:
    """A text, or a list of texts, that is searched. Those with `headline` name the document: a word found in one
    counts more than in any other field, it is found by pinyin and by homophones, and it is suggested as people type.
    """

    name: str
    headline: bool = False


@dataclass(frozen=True)
class IndexDeclaration:
    """What an index holds.

    `texts` from the most to the least telling. `numbers` are exact identifiers that people spell in many ways.
    `facets` hold a text or a list of texts, are counted and filtered by. `ranges` are filtered by bounds and sorted by.
    `displayed` is what a hit gives back. `suggested` is the text that stands for a document in suggestions.
    Raise `version` with any change: indexes outside of PostgreSQL are then built anew and swapped in.
    """

    name: str
    version: int
    texts: tuple[TextField, ...]
    numbers: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    ranges: Mapping[str, RangeType] = field(default_factory=dict)
    displayed: tuple[str, ...] = ()
    suggested: str = "title"

    def __post_init__(self) -> None:
        if self.suggested not in self.headlines:
            raise ValueError(f"{self.suggested} is suggested, so that it must be a headline")

    @property
    def headlines(self) -> tuple[str, ...]:
        return tuple(text.name for text in self.texts if text.headline)

    @property
    def searched(self) -> tuple[str, ...]:
        return tuple(text.name for text in self.texts)

    @property
    def names(self) -> frozenset[str]:
        """Every field that may leave the service for an index."""
        return frozenset((*self.searched, *self.numbers, *self.facets, *self.ranges, *self.displayed))


@dataclass(frozen=True)
class Document:
    """What is to be found, as of `aggregate_version`. Fields that the declaration does not name are dropped."""

    id: UUID
    aggregate_version: int
    fields: Mapping[str, Any]

    def texts(self, name: str) -> list[str]:
        """The values of a field as texts; none where it is absent."""
        value = self.fields.get(name)
        if value is None or value == "":
            return []
        return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]

    def bound(self, name: str, kind: RangeType) -> int | None:
        value = self.fields.get(name)
        return None if value is None else as_bound(value, kind)


def as_bound(value: Any, kind: RangeType) -> int:
    """A bound as the number it is compared by. Raises ValueError for a time without a zone."""
    if kind is RangeType.INTEGER:
        return int(value)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return round(moment.timestamp() * 1_000_000)
