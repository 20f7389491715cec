"""How long a right lasts (PL 42), as dated data."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from services.listing.domain.numbers import Form, PatentNumber
from services.listing.domain.vocabulary import RightKind


@dataclass(frozen=True)
class TermRule:
    """Years from filing, for applications filed in [in_force_from, in_force_to]. None is open."""

    office: str
    years: Mapping[RightKind, int]
    in_force_from: date
    in_force_to: date | None
    source: str


def _years(invention: int, utility_model: int, design: int) -> Mapping[RightKind, int]:
    return MappingProxyType(
        {RightKind.INVENTION: invention, RightKind.UTILITY_MODEL: utility_model, RightKind.DESIGN: design}
    )


TERM_RULES = (
    TermRule("CN", _years(15, 8, 8), date(1985, 4, 1), date(1992, 12, 31), "Patent Law 1984, art. 45"),
    TermRule("CN", _years(20, 10, 10), date(1993, 1, 1), date(2021, 5, 31), "Patent Law 2008, art. 42"),
    TermRule("CN", _years(20, 10, 15), date(2021, 6, 1), None, "PL 42"),
    TermRule("US", {RightKind.INVENTION: 20}, date(1995, 6, 8), None, "35 USC 154(a)(2)"),
)
# No US patent outlives this: 20 years from filing, and adjustments for delay reach no further than the grant came late.
# Extensions for medicines (35 USC 156) apart, whose holders tell the filing date.
_US_YEARS_FROM_GRANT = 20


def term_end(office: str, kind: RightKind, filed_at: datetime) -> datetime | None:
    """The last moment of the term; None where no rule is known (other kinds and offices)."""
    filed = filed_at.date()
    for rule in TERM_RULES:
        in_force = rule.in_force_from <= filed and (rule.in_force_to is None or filed <= rule.in_force_to)
        if rule.office == office and in_force and kind in rule.years:
            return _end_of(_years_after(filed, rule.years[kind]))
    return None


def latest_term_end(
    number: PatentNumber, kind: RightKind, filed_at: datetime | None, granted_at: datetime | None
) -> datetime | None:
    """When the right has surely ended, from whatever is known: filing date, year in the number, date of grant.

    A Chinese number tells the year of filing (a divisional's own, later than the one its term counts from).
    """
    if filed_at is not None:
        return term_end(number.office, kind, filed_at)
    if number.form is Form.CN_APPLICATION and number.year is not None:
        return term_end(number.office, kind, datetime(number.year, 12, 31, tzinfo=UTC))
    if number.form is Form.US_GRANT and kind is RightKind.INVENTION and granted_at is not None:
        return _end_of(_years_after(granted_at.date(), _US_YEARS_FROM_GRANT))
    return None


def _years_after(day: date, years: int) -> date:
    # Without a corresponding day the period ends on the last day of the month (PR 5): 29 February.
    year = day.year + years
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC) + timedelta(days=1) - timedelta(microseconds=1)
