"""BM25 of a listing for a demand (Robertson and Zaragoza 2009), with the statistics it needs of all listings.

The demand is always the query and the listing always the document, so a pair has one score whichever side asks.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import mean
from typing import NamedTuple

from services.matching.domain import ipc
from services.matching.domain.facts import DemandFacts, ListingFacts
from services.matching.domain.text import Script, read

K1 = 1.2
B = 0.75
TITLE_WEIGHT = 2  # of a word in the title, against one in the text; measured (bench/matching_quality.py)
# Of the weight of a demand's text, what a good answer collects; of its title, all. Fitted so that the best of 4,000
# patents that do not answer a demand comes out alike for demands of 50 and of 1,000 characters.
TEXT_SHARE = 0.2


@dataclass(frozen=True)
class Statistics:
    """Of the listings or a sample of them: in how many of `documents` each term occurs, and how long they are in terms.

    Length is counted for each script apart: the same invention takes three times the terms in Chinese.
    """

    documents: int = 0
    mean_lengths: Mapping[Script, float] = field(default_factory=dict)
    frequencies: Mapping[str, int] = field(default_factory=dict)

    def idf(self, term: str) -> float:
        frequency = self.frequencies.get(term, 0)
        return math.log(1 + (self.documents - frequency + 0.5) / (frequency + 0.5))

    def share(self, term: str) -> float:
        """Of the documents, that contain the term."""
        return self.frequencies.get(term, 0) / self.documents if self.documents else 0.0


class Document(NamedTuple):
    """A listing's terms, counted."""

    counts: Mapping[str, int]
    length: int
    script: Script


class Query(NamedTuple):
    """A demand's terms with their weights (idf included); `full` is the weight a good answer collects."""

    weights: Mapping[str, float]
    full: float
    script: Script


def document(listing: ListingFacts) -> Document:
    title, text = read(listing.title), read("\n".join((listing.text, *listing.industries, listing.right.number)))
    terms = title.terms * (TITLE_WEIGHT if listing.text else 1) + text.terms
    return Document(Counter(terms), len(terms), text.script if listing.text else title.script)


def query(demand: DemandFacts, statistics: Statistics) -> Query:
    """A term counts once however often the demand repeats it."""
    title, text = set(read(demand.title).terms), set(read(f"{demand.text}\n{demand.industry}").terms)
    idf = {term: statistics.idf(term) for term in title | text}
    weights = {term: value * (TITLE_WEIGHT * (term in title) + (term in text)) for term, value in idf.items()}
    full = TITLE_WEIGHT * sum(idf[term] for term in title) + TEXT_SHARE * sum(idf[term] for term in text)
    return Query(weights, full, read(f"{demand.title}\n{demand.text}").script)


def bm25(asked: Query, answer: Document, statistics: Statistics) -> float:
    mean_length = statistics.mean_lengths.get(answer.script, answer.length)
    norm = K1 * (1 - B + B * answer.length / max(mean_length, 1.0))
    counts = answer.counts
    total = 0.0
    for term in asked.weights.keys() & counts.keys():
        frequency = counts[term]
        total += asked.weights[term] * frequency * (K1 + 1) / (frequency + norm)
    return total


def coverage(asked: Query, answer: Document, statistics: Statistics) -> float:
    """BM25 as a share of what a good answer collects: answers mostly reach 0.8 and more, others up to 0.5."""
    return bm25(asked, answer, statistics) / asked.full if asked.full else 0.0


def listing_terms(listing: ListingFacts) -> list[str]:
    """What a listing can be found by, sorted."""
    text = "\n".join((listing.title, listing.text, *listing.industries, listing.right.number))
    return sorted(read(text).index_terms() | ipc.terms(listing.ipc))


def vocabulary(demand: DemandFacts) -> set[str]:
    """Every term of a demand that statistics may be asked for."""
    return set(read(f"{demand.title}\n{demand.text}\n{demand.industry}").terms) | ipc.terms(demand.ipc)


_IPC_WEIGHT = 3  # a shared symbol says more than a shared pair of characters; it must bring a candidate by itself


def key_terms(demand: DemandFacts, statistics: Statistics, *, limit: int, postings: float) -> list[tuple[str, float]]:
    """The most telling terms of a demand with their weights, which sum to 1: what its candidates are looked up by.

    `postings` bounds what looking them up costs, in (term, listing) pairs per listing: terms are taken by weight until
    it is spent.
    """
    weights: Counter[str] = Counter(dict.fromkeys(read(demand.title).index_terms(), TITLE_WEIGHT))
    weights.update(read(f"{demand.text}\n{demand.industry}").index_terms())
    weights.update(dict.fromkeys(ipc.terms(demand.ipc), _IPC_WEIGHT))
    weighted = sorted(((weight * statistics.idf(term), term) for term, weight in weights.items()), reverse=True)
    chosen: list[tuple[str, float]] = []
    for weight, term in weighted[:limit]:
        postings -= statistics.share(term)
        if postings < 0 and chosen:
            break
        chosen.append((term, weight))
    total = sum(weight for _, weight in chosen)
    return [(term, weight / total) for term, weight in chosen] if total else []


class Tally:
    """Counts listings one by one."""

    def __init__(self) -> None:
        self._frequencies: Counter[str] = Counter()
        self._lengths: dict[Script, list[int]] = {script: [] for script in Script}

    def add(self, counted: Document, symbols: Iterable[str]) -> None:
        self._frequencies.update(counted.counts.keys())
        self._frequencies.update(ipc.terms(symbols))
        self._lengths[counted.script].append(counted.length)

    def statistics(self) -> Statistics:
        lengths = {script: mean(found) for script, found in self._lengths.items() if found}
        return Statistics(sum(map(len, self._lengths.values())), lengths, self._frequencies)
