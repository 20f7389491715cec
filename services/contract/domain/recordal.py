"""Recordal of licences and registration of transfers (DOMAIN.md §2, G9): dated data, and what follows from it."""

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.contract.domain.days import day_in_china, end_of_day_in_china, last_day_anywhere
from services.contract.domain.facts import RightKind
from services.contract.domain.terms import TRANSFERS, Terms
from services.kit.problems import FieldError

PATENTS = frozenset({RightKind.INVENTION, RightKind.UTILITY_MODEL, RightKind.DESIGN})
REMINDED_BEFORE = timedelta(days=14)
_PATENT_RULES = date(2024, 1, 20)  # Implementing Rules 2023
_PATENT_LAW = date(2021, 6, 1)
_TRADEMARK_LAW = date(2019, 11, 1)


@dataclass(frozen=True)
class RecordalRule:
    """`within_months` counts from the day the contract takes effect; None sets no term.

    `decides_effect`: the right passes by the entry in the register, so the price is not released before.
    """

    id: str
    article: str
    source: str
    kinds: frozenset[RightKind]
    of_transfers: bool
    in_force_from: date
    in_force_to: date | None = None
    within_months: int | None = None
    by_licensor_alone: bool = False
    decides_effect: bool = False

    def applies(self, kind: RightKind, terms: Terms, day: date) -> bool:
        in_force = self.in_force_from <= day and (self.in_force_to is None or day <= self.in_force_to)
        return in_force and kind in self.kinds and self.of_transfers == (terms.meaning in TRANSFERS)


RULES: tuple[RecordalRule, ...] = (
    RecordalRule("G9", "PR 15", "Implementing Rules of the Patent Law 2023", PATENTS, False, _PATENT_RULES, None, 3),
    RecordalRule("G9", "PL 10", "Patent Law 2020", PATENTS, True, _PATENT_LAW, decides_effect=True),
    RecordalRule(
        "G9",
        "TL 43",
        "Trademark Law 2019",
        frozenset({RightKind.TRADEMARK}),
        False,
        _TRADEMARK_LAW,
        by_licensor_alone=True,
    ),
    RecordalRule(
        "G9",
        "TL 42",
        "Trademark Law 2019",
        frozenset({RightKind.TRADEMARK}),
        True,
        _TRADEMARK_LAW,
        decides_effect=True,
    ),
)


@dataclass(frozen=True)
class Recordal:
    """What was filed at the register's office, and what came of it. `due_at` is the end of the term for filing."""

    due_at: datetime | None = None
    filing_number: str = ""
    filed_on: date | None = None
    receipt_number: str = ""
    recorded_on: date | None = None
    refusal: str = ""

    @property
    def under_way(self) -> bool:
        """Filed, and not refused."""
        return self.filed_on is not None and not self.refusal

    @property
    def late(self) -> bool:
        return self.filed_on is not None and self.due_at is not None and self.filed_on >= day_in_china(self.due_at)


def rule_for(
    kind: RightKind, terms: Terms, at: datetime, rules: Collection[RecordalRule] = RULES
) -> RecordalRule | None:
    """The rule by the law of the day; None where nothing has to be recorded (such as copyright)."""
    return next((rule for rule in rules if rule.applies(kind, terms, day_in_china(at))), None)


def due_at(rule: RecordalRule, effective_at: datetime) -> datetime | None:
    """The first moment after the last day for filing."""
    if rule.within_months is None:
        return None
    return end_of_day_in_china(_months_later(day_in_china(effective_at), rule.within_months))


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one (CC 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def day_faults(pointer: str, day: date, not_before: date, at: datetime) -> list[FieldError]:
    """A day of a register's office, wherever it lies, is between what came before it and today."""
    if day > last_day_anywhere(at):
        return [FieldError(pointer, "not-past")]
    if day < not_before:
        return [FieldError(pointer, "too-early", params={"earliest": not_before.isoformat()})]
    return []
