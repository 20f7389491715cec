"""The guard rails as dated data (DOMAIN.md §3): which text was in force when, and which check speaks for it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date

from services.contract.domain import guards
from services.contract.domain.days import day_in_china
from services.contract.domain.facts import Case
from services.contract.domain.findings import Finding


@dataclass(frozen=True)
class Rule:
    """`in_force_to` is the last day, None while in force. `articles` are what its findings may cite."""

    id: str
    check: Callable[[Case], Iterator[Finding]]
    articles: tuple[str, ...]
    source: str
    in_force_from: date
    in_force_to: date | None = None

    def in_force(self, day: date) -> bool:
        return self.in_force_from <= day and (self.in_force_to is None or day <= self.in_force_to)


_CODE = date(2021, 1, 1)  # Civil Code, and the interpretation amended to it
_PATENT_LAW = date(2021, 6, 1)  # fourth amendment of the Patent Law

RULES: tuple[Rule, ...] = (
    Rule("G1", guards.meaning_of_forms, ("TI 25",), "Technology-contract judicial interpretation 2020", _CODE),
    Rule("G2", guards.overlap, ("TI 25",), "follows from the forms of TI 25", _CODE),
    Rule("G3", guards.life_of_the_right, ("CC 865", "TI 29"), "Civil Code; judicial interpretation 2020", _CODE),
    Rule("G4", guards.co_owners, ("PL 14",), "Patent Law 2020", _PATENT_LAW),
    Rule("G5", guards.pledge, ("CC 444",), "Civil Code", _CODE),
)


def assess(case: Case, guard_ids: Collection[str], rules: Collection[Rule] = RULES) -> list[Finding]:
    """What the named guard rails say of a case, by the law of its day: refusals first."""
    day = day_in_china(case.at)
    found = [each for rule in rules if rule.id in guard_ids and rule.in_force(day) for each in rule.check(case)]
    return sorted(found, key=lambda finding: not finding.refuses)
