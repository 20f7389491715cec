from datetime import UTC, date, datetime

import pytest

from services.contract.domain.facts import RightKind
from services.contract.domain.recordal import PATENTS, RULES, due_at, rule_for
from services.contract.domain.terms import DealForm, Terms

LICENCE, ASSIGNMENT = Terms(DealForm.ORDINARY_LICENCE), Terms(DealForm.ASSIGNMENT)
DAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("kind", "terms", "article"),
    [
        (RightKind.INVENTION, LICENCE, "PR 15"),
        (RightKind.DESIGN, LICENCE, "PR 15"),
        (RightKind.UTILITY_MODEL, ASSIGNMENT, "PL 10"),
        (RightKind.INVENTION, Terms(DealForm.EQUITY), "PL 10"),
        (RightKind.TRADEMARK, LICENCE, "TL 43"),
        (RightKind.TRADEMARK, ASSIGNMENT, "TL 42"),
        (RightKind.COPYRIGHT, LICENCE, None),
    ],
)
def test_each_right_and_form_has_its_rule(kind: RightKind, terms: Terms, article: str | None) -> None:
    found = rule_for(kind, terms, DAY)
    assert (found.article if found else None) == article


def test_before_the_rule_was_in_force_there_is_none() -> None:
    assert rule_for(RightKind.INVENTION, LICENCE, date(2024, 1, 19)) is None
    assert rule_for(RightKind.INVENTION, LICENCE, date(2024, 1, 20))


@pytest.mark.parametrize(
    ("effective", "last_day"),
    [
        ("2026-11-25", "2027-02-25"),
        ("2026-11-30", "2027-02-28"),
        ("2027-11-30", "2028-02-29"),
        ("2026-01-31", "2026-04-30"),
    ],
)
def test_three_months_end_on_the_same_day_or_the_last_of_the_month(effective: str, last_day: str) -> None:
    rule = rule_for(RightKind.INVENTION, LICENCE, DAY)
    assert rule
    due = due_at(rule, datetime.fromisoformat(f"{effective}T15:00:00+00:00"))
    assert due is not None
    # The first moment after the last day.
    assert (due - datetime.resolution).date() == date.fromisoformat(last_day)
    assert due.tzinfo is UTC


def test_every_rule_names_its_source_and_only_what_passes_by_registration_holds_back_the_price() -> None:
    assert all(rule.source and rule.article and rule.id == "G9" for rule in RULES)
    assert {rule.article for rule in RULES if rule.decides_effect} == {"PL 10", "TL 42"}
    assert {rule.article for rule in RULES if rule.within_months} == {"PR 15"}
    assert all(rule.kinds <= PATENTS | {RightKind.TRADEMARK} for rule in RULES)
