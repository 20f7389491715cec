from datetime import UTC, date, datetime, timedelta

import pytest

from services.contract.domain.days import first_day_anywhere
from services.contract.domain.facts import RightKind
from services.contract.domain.recordal import PATENTS, RULES, Recordal, day_faults, due_at, rule_for
from services.contract.domain.terms import DealForm, Terms

LICENCE, ASSIGNMENT = Terms(DealForm.ORDINARY_LICENCE), Terms(DealForm.ASSIGNMENT)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


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
    found = rule_for(kind, terms, NOW)
    assert (found.article if found else None) == article


def test_before_the_rule_was_in_force_there_is_none() -> None:
    in_force = datetime.fromisoformat("2024-01-20T00:00:00+08:00")
    assert rule_for(RightKind.INVENTION, LICENCE, in_force - datetime.resolution) is None
    assert rule_for(RightKind.INVENTION, LICENCE, in_force)


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
    rule = rule_for(RightKind.INVENTION, LICENCE, NOW)
    assert rule
    # All moments of a day in China end with the same last day there.
    for time in ("00:00:00", "23:59:59.999999"):
        due = due_at(rule, datetime.fromisoformat(f"{effective}T{time}+08:00"))
        assert due == datetime.fromisoformat(f"{last_day}T00:00:00+08:00") + timedelta(days=1)
        assert due.tzinfo is UTC
        on_the_last_day = date.fromisoformat(last_day)
        assert not Recordal(due, filed_on=on_the_last_day).late
        assert Recordal(due, filed_on=on_the_last_day + timedelta(days=1)).late


@pytest.mark.parametrize(
    ("day", "reason"),
    [("2026-11-23", "too-early"), ("2026-11-24", None), ("2026-11-26", None), ("2026-11-27", "not-past")],
)
def test_a_day_is_one_of_an_office_anywhere(day: str, reason: str | None) -> None:
    signed_at = datetime(2026, 11, 25, 11, 59, tzinfo=UTC)  # still the 24th west of the date line
    at = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # the 26th already east of it
    faults = day_faults("/filed_on", date.fromisoformat(day), first_day_anywhere(signed_at), at)
    assert [fault.code for fault in faults] == ([reason] if reason else [])


def test_every_rule_names_its_source_and_only_what_passes_by_registration_holds_back_the_price() -> None:
    assert all(rule.source and rule.article and rule.id == "G9" for rule in RULES)
    assert {rule.article for rule in RULES if rule.decides_effect} == {"PL 10", "TL 42"}
    assert {rule.article for rule in RULES if rule.within_months} == {"PR 15"}
    assert all(rule.kinds <= PATENTS | {RightKind.TRADEMARK} for rule in RULES)
