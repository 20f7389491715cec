"""Excerpts with the words that were found, as parts of plain text: who shows them escapes them."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from services.kit.search import analysis
from services.kit.search.questions import Unit

_EXCERPT = 160  # characters
_BEFORE = 30  # of them before the first word found


class Highlighter:
    def __init__(self, units: Sequence[Unit]) -> None:
        self._surfaces = frozenset(surface for unit in units for surface in unit.surfaces)
        self._prefixes = tuple(unit.prefix for unit in units if unit.prefix)
        # A stem keeps the first letter of its word: most words need no stemming to be passed over.
        self._initials = frozenset(each[0] for each in (*self._surfaces, *self._prefixes))

    def excerpt(self, text: str) -> list[tuple[str, bool]]:
        """The text around the first word found, in parts; empty where none is."""
        spans = self._spans(text)
        if not spans:
            return []
        start = max(0, spans[0][0] - _BEFORE) if len(text) > _EXCERPT else 0
        end = min(len(text), start + _EXCERPT)
        parts: list[tuple[str, bool]] = [("…", False)] if start else []
        at = start
        for first, behind in spans:
            if first >= end:
                break
            stop = min(behind, end)
            if first > at:
                parts.append((text[at:first], False))
            parts.append((text[first:stop], True))
            at = stop
        if at < end:
            parts.append((text[at:end], False))
        if end < len(text):
            parts.append(("…", False))
        return parts

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Places of what was found, merged, in order."""
        folded, places = _folded_with_places(text)
        found: list[tuple[int, int]] = []
        for piece, start, is_run in analysis.placed_pieces(folded):
            for first, behind in self._in_run(piece) if is_run else self._in_word(piece):
                begin, end = places[start + first], places[start + behind - 1] + 1
                if found and begin > found[0][0] + _EXCERPT:
                    return found  # nobody is shown what comes after
                if found and begin <= found[-1][1]:
                    found[-1] = (found[-1][0], max(end, found[-1][1]))
                else:
                    found.append((begin, end))
        return found

    def _in_run(self, run: str) -> Iterable[tuple[int, int]]:
        for place, character in enumerate(run):
            if run[place : place + 2] in self._surfaces:
                yield place, min(place + 2, len(run))
            elif character in self._surfaces:
                yield place, place + 1

    def _in_word(self, word: str) -> Iterable[tuple[int, int]]:
        if word[0] not in self._initials:
            return
        if analysis.stem(word) in self._surfaces:
            yield 0, len(word)
        else:
            prefix = max((each for each in self._prefixes if word.startswith(each)), key=len, default="")
            if prefix:
                yield 0, len(prefix)


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    return unicodedata.normalize("NFKC", character).lower()


def _folded_with_places(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and of each of its characters the place it came from: folding may change a text's length."""
    characters = [_folded(character) for character in text]
    folded = "".join(characters)
    if max(map(len, characters), default=1) == 1 and len(folded) == len(text):
        return folded, range(len(text))
    return folded, [place for place, character in enumerate(characters) for _ in character]
