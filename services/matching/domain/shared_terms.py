"""The words two texts share, as a reader would name them: the longest common runs, not stray characters."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from services.matching.domain.relevance import Statistics
from services.matching.domain.text import Unit, joined, joined_text

SHOWN = 5
_TOO_COMMON = 0.25  # of the listings: what a quarter of them say explains nothing
_ENOUGH_DOCUMENTS = 30  # below which a share of the listings means little
_LONGEST_RUN = 12
_COHESION = 0.1  # of what chance would give; fitted by eye on 4,000 patents
_EDGE_IDEOGRAPHS = frozenset("的了与及或将是其该且而此")  # only those that begin and end no technical term
_EDGE_WORDS = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "has", "have", "in", "into", "is", "it"}
    | {"its", "may", "not", "of", "on", "or", "such", "than", "that", "the", "their", "there", "these", "this", "to"}
    | {"we", "which", "with"}
)


def shared_terms(demand: Sequence[Unit], listing_text: str, statistics: Statistics) -> list[str]:
    """At most five runs of two or more ideographs, or of words, that both texts contain, the most telling first."""
    listing = joined_text(listing_text)
    found: dict[str, float] = {}
    for run in _maximal_runs(demand, listing):
        trimmed = _trim(run, statistics)
        if len(trimmed) >= (2 if trimmed and trimmed[0].ideograph else 1):
            weight = _weight(trimmed, statistics)
            if weight > 0:
                found[_readable(trimmed)] = weight
    chosen: list[str] = []
    for term in sorted(found, key=lambda term: (-found[term], term)):
        if not any(term in other or other in term for other in chosen):
            chosen.append(term)
    return chosen[:SHOWN]


def _maximal_runs(demand: Sequence[Unit], listing: str) -> Iterable[Sequence[Unit]]:
    start = 0
    while start < len(demand):
        end = start
        while end < len(demand) and end - start < _LONGEST_RUN and _extends(demand, start, end, listing):
            end += 1
        if end > start:
            yield demand[start:end]
        start = max(end, start + 1)


def _extends(demand: Sequence[Unit], start: int, end: int, listing: str) -> bool:
    one, last = demand[start], demand[end]
    # A run stays within one script (锂 next to "battery" is no phrase), and within one clause.
    if one.ideograph != last.ideograph or (end > start and (last.opens or last.key in _EDGE_IDEOGRAPHS)):
        return False
    return joined(unit.key for unit in demand[start : end + 1]) in listing


def _trim(run: Sequence[Unit], statistics: Statistics) -> Sequence[Unit]:
    """Cut off function words, and characters that a common run took from the middle of a word."""
    start, end = 0, len(run)
    while start < end and (_is_edge(run[start]) or _is_loose(run[start : start + 2], statistics)):
        start += 1
    while end > start and (_is_edge(run[end - 1]) or _is_loose(run[max(end - 2, start) : end], statistics)):
        end -= 1
    return run[start:end]


def _is_loose(pair: Sequence[Unit], statistics: Statistics) -> bool:
    """Whether two neighbouring ideographs meet no more often than chance would have them: then a word ends between."""
    if len(pair) < len("一对") or not pair[0].ideograph or statistics.documents < _ENOUGH_DOCUMENTS:
        return False
    one, other = (statistics.share(unit.key) for unit in pair)
    together = max(statistics.share(pair[0].key + pair[1].key), 1 / statistics.documents)
    return together < _COHESION * one * other


def _is_edge(unit: Unit) -> bool:
    if unit.ideograph:
        return unit.key in _EDGE_IDEOGRAPHS
    return unit.surface in _EDGE_WORDS or unit.surface.isdecimal() or len(unit.surface) == 1


def _weight(run: Sequence[Unit], statistics: Statistics) -> float:
    """Summed idf of its pairs or words; 0 where every one of them is commonplace."""
    ideographs = run[0].ideograph
    terms = [one.key + other.key for one, other in pairwise(run)] if ideographs else [unit.key for unit in run]
    if statistics.documents >= _ENOUGH_DOCUMENTS and all(statistics.share(term) > _TOO_COMMON for term in terms):
        return 0.0
    return sum(statistics.idf(term) for term in terms)


def _readable(run: Sequence[Unit]) -> str:
    return ("" if run[0].ideograph else " ").join(unit.surface for unit in run)
