from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.contract.domain.facts import Encumbrance, EncumbranceKind, RightStatus
from services.contract.domain.findings import REFUSALS, refuse
from services.contract.domain.rules import RULES, assess
from services.contract.domain.states import GUARD_RAILS
from services.contract.domain.terms import DealForm, Terms
from services.kit.problems import Refusal
from tests.unit.contract.makers import NOW, case, grant

EXCLUSIVE = Terms(DealForm.EXCLUSIVE_LICENCE)
PLEDGED = (Encumbrance(EncumbranceKind.PLEDGE, "Bank"), Encumbrance(EncumbranceKind.CO_OWNERSHIP, "Institute A"))


def test_every_guard_rail_is_dated_data_and_in_force() -> None:
    assert tuple(rule.id for rule in RULES) == GUARD_RAILS
    assert all(rule.source and rule.in_force(NOW.date()) for rule in RULES)


def test_a_rule_speaks_from_its_first_day_to_its_last() -> None:
    rule = replace(RULES[1], in_force_from=date(2026, 1, 1), in_force_to=NOW.date())
    the_case = case(EXCLUSIVE, grant())
    assert [each.code for each in assess(the_case, {"G2"}, [rule])] == ["overlapping-licence"]
    assert assess(replace(the_case, at=NOW + timedelta(days=1)), {"G2"}, [rule]) == []
    assert not rule.in_force(date(2025, 12, 31))


def test_only_the_rails_asked_for_speak() -> None:
    assert assess(case(EXCLUSIVE, grant(), encumbrances=PLEDGED), {"G4"})[0].rule == "G4"


def test_findings_cite_the_articles_of_their_rule() -> None:
    articles = {rule.id: rule.articles for rule in RULES}
    for status in RightStatus:
        for finding in assess(case(EXCLUSIVE, grant(), status=status, encumbrances=PLEDGED), GUARD_RAILS):
            assert finding.article in articles[finding.rule]
            assert not finding.refuses or finding.code in REFUSALS


def test_the_first_refusal_is_raised_and_the_others_are_located_in_it() -> None:
    findings = assess(case(EXCLUSIVE, grant(), encumbrances=PLEDGED), GUARD_RAILS)
    with pytest.raises(Refusal) as raised:
        refuse(findings)
    problem = raised.value
    assert (problem.slug, problem.rule, problem.article, problem.status) == ("overlapping-licence", "G2", "TI 25", 409)
    assert [(error.code, error.pointer) for error in problem.errors] == [
        ("co-owners-must-consent", "/terms"),
        ("pledgee-must-consent", "/terms"),
    ]


def test_notes_alone_refuse_nothing() -> None:
    findings = assess(case(Terms(), status=RightStatus.PENDING), GUARD_RAILS)
    assert [finding.code for finding in findings] == ["note-unclear-is-ordinary", "note-know-how-before-publication"]
    refuse(findings)
