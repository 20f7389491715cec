from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from services.listing.domain.numbers import parse_number
from services.listing.domain.terms import TERM_RULES, latest_term_end, term_end
from services.listing.domain.vocabulary import RightKind

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("kind", "filed", "end"),
    [
        (RightKind.INVENTION, date(2010, 5, 6), date(2030, 5, 6)),
        (RightKind.UTILITY_MODEL, date(2010, 5, 6), date(2020, 5, 6)),
        (RightKind.DESIGN, date(2021, 5, 31), date(2031, 5, 31)),
        (RightKind.DESIGN, date(2021, 6, 1), date(2036, 6, 1)),
        (RightKind.INVENTION, date(1992, 12, 31), date(2007, 12, 31)),
        (RightKind.UTILITY_MODEL, date(2024, 2, 29), date(2034, 2, 28)),
    ],
)
def test_terms_count_from_filing(kind: RightKind, filed: date, end: date) -> None:
    ended = term_end("CN", kind, datetime(filed.year, filed.month, filed.day, tzinfo=UTC))
    assert ended is not None
    assert ended.date() == end


def test_other_kinds_and_offices_have_no_known_term() -> None:
    filed = datetime(2020, 1, 1, tzinfo=UTC)
    assert term_end("CN", RightKind.TRADEMARK, filed) is None
    assert term_end("WO", RightKind.INVENTION, filed) is None
    assert term_end("US", RightKind.DESIGN, filed) is None


def test_the_year_in_a_chinese_number_bounds_the_term() -> None:
    ended = latest_term_end(parse_number("201520000001.6", TODAY), RightKind.UTILITY_MODEL, None, None)
    assert ended is not None
    assert ended.date() == date(2025, 12, 31)


def test_the_grant_bounds_the_term_of_an_american_patent() -> None:
    number = parse_number("US5000000", TODAY)
    assert latest_term_end(number, RightKind.INVENTION, None, None) is None
    ended = latest_term_end(number, RightKind.INVENTION, None, datetime(1991, 3, 19, tzinfo=UTC))
    assert ended is not None
    assert ended.date() == date(2011, 3, 19)


def test_rules_of_an_office_follow_each_other_without_gap_or_overlap() -> None:
    chinese = [rule for rule in TERM_RULES if rule.office == "CN"]
    for earlier, later in pairwise(chinese):
        assert earlier.in_force_to is not None
        assert (later.in_force_from - earlier.in_force_to).days == 1
    assert chinese[-1].in_force_to is None
    assert all(rule.source for rule in TERM_RULES)
