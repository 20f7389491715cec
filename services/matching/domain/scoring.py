"""The score of a pair and its reasons. The score says how well two descriptions fit, not how probable a deal is:
on a large exchange in China 2.4 % of what was posted was signed.

score = text + IPC + price + deal form + industry + territory + maturity + legal state + what dismissals taught,
cut to 0..1. Parts that contribute nothing know nothing. Another part (vectors, say) is one more function beside these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.matching.domain import features
from services.matching.domain.facts import DemandFacts, ListingFacts
from services.matching.domain.feedback import Dismissal, learned
from services.matching.domain.reasons import Reason
from services.matching.domain.relevance import Document, Query, Statistics, coverage, document, query
from services.matching.domain.shared_terms import shared_terms
from services.matching.domain.text import Unit, units

TEXT = 0.65
HALF_FIT = 0.7  # the coverage that counts half: between what answers (from 0.8) and what does not (to 0.5) reach
THRESHOLD = 0.33  # from which a pair is a match


@dataclass(frozen=True)
class Asked:
    """A demand, prepared once for many listings."""

    demand: DemandFacts
    query: Query
    units: tuple[Unit, ...]
    statistics: Statistics
    dismissals: Sequence[Dismissal] = ()

    @classmethod
    def of(cls, demand: DemandFacts, statistics: Statistics, dismissals: Sequence[Dismissal] = ()) -> "Asked":
        readable = tuple(units(f"{demand.title}\n{demand.text}"))
        return cls(demand, query(demand, statistics), readable, statistics, dismissals)


@dataclass(frozen=True)
class Offered:
    """A listing, prepared once for many demands."""

    listing: ListingFacts
    document: Document

    @classmethod
    def of(cls, listing: ListingFacts) -> "Offered":
        return cls(listing, document(listing))


@dataclass(frozen=True)
class Fit:
    """0 ≤ score ≤ 1; reasons by weight, whose contributions sum to the score unless it was cut."""

    score: float
    reasons: tuple[Reason, ...]


def text_fit(asked: Asked, offered: Offered) -> float:
    """0..1 from coverage, by a curve that parts answers from chance."""
    covered = coverage(asked.query, offered.document, asked.statistics)
    return covered**2 / (covered**2 + HALF_FIT**2)


def score(asked: Asked, offered: Offered, now: datetime) -> Fit:
    """Without the wording of the text reason, which `explain` adds: it is dear and most pairs are no match."""
    reasons = [each for each in _reasons(asked, offered, now) if each.contribution or each.parameters]
    reasons.sort(key=lambda each: -abs(each.contribution))
    total = min(1.0, max(0.0, sum(each.contribution for each in reasons)))
    return Fit(round(total, 4), tuple(reasons))


def explain(fit: Fit, asked: Asked, offered: Offered) -> Fit:
    """Name the words that the text reason rests on."""
    listing = offered.listing
    text = f"{listing.title}\n{listing.text}\n{listing.right.number}"
    words = shared_terms(asked.units, text, asked.statistics)
    if not words:
        return fit
    worded = (
        Reason("shared_terms", each.contribution, {"terms": ", ".join(words)}) if each.code == "similar_text" else each
        for each in fit.reasons
    )
    return Fit(fit.score, tuple(worded))


def _reasons(asked: Asked, offered: Offered, now: datetime) -> Iterator[Reason]:
    demand, listing = asked.demand, offered.listing
    same_script = asked.query.script == offered.document.script
    yield Reason("similar_text", round(TEXT * text_fit(asked, offered), 4))
    if not same_script:
        yield Reason("texts_in_two_languages", 0.0, {"wanted": demand.language, "given": listing.language})
    yield from features.ipc_overlap(demand, listing, same_script=same_script)
    yield from features.price(demand, listing)
    yield from features.deal_form(demand, listing)
    yield from features.industry(demand, listing)
    yield from features.territory(demand, listing)
    yield from features.maturity(listing)
    yield from features.legal_state(listing, now)
    yield from learned(listing, asked.dismissals)
