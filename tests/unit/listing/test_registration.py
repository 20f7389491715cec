"""What a right is taken to be when it is registered."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.listing.domain.register import Category
from services.listing.domain.rights import Registration, RightDraft, register
from services.listing.domain.vocabulary import RightStatus

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FILED = datetime(2023, 4, 11, tzinfo=UTC)
DRAFT = RightDraft(number="202310375785.X", title="t", abstract="a")


def registered(**changes: object) -> Registration:
    return register(replace(DRAFT, **changes), organisation_id=uuid4(), by=None, now=NOW)  # type: ignore[arg-type]


def test_of_an_application_nothing_but_its_filing_is_known() -> None:
    made = registered(filed_at=FILED)
    [event] = made.events
    assert (event.category, event.occurred_at) == (Category.FILED, FILED)
    assert made.right.status is RightStatus.PENDING


def test_a_date_of_grant_says_granted() -> None:
    made = registered(granted_at=datetime(2024, 5, 6, tzinfo=UTC))
    assert [event.category for event in made.events] == [Category.GRANTED]
    assert made.right.status is RightStatus.GRANTED


def test_a_state_read_off_the_register_has_no_day() -> None:
    made = registered(status_as_given="等年费滞纳金", filed_at=FILED)
    [event] = made.events
    assert (event.status, event.as_given, event.occurred_at) == (RightStatus.GRACE, "等年费滞纳金", None)
    assert (made.right.status, made.right.status_as_given) == (RightStatus.GRACE, "等年费滞纳金")


def test_unknown_words_are_kept_and_unmapped() -> None:
    right = registered(status_as_given="一种新的状态").right
    assert (right.status, right.status_as_given) == (RightStatus.UNMAPPED, "一种新的状态")


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "201520000001.6"},  # a utility model of 2015
        {"number": "US5000000", "granted_at": datetime(1991, 3, 19, tzinfo=UTC)},
    ],
)
def test_a_right_whose_term_is_surely_over_is_terminated(changes: dict[str, object]) -> None:
    made = registered(**changes)
    assert made.right.status is RightStatus.TERMINATED
    assert made.events[-1].occurred_at == made.right.ends_by
    assert not made.right.in_force(NOW)


def test_what_the_holder_says_stays_but_does_not_put_it_in_force() -> None:
    right = registered(number="201520000001.6", status_as_given="专利权维持").right
    assert right.status is RightStatus.GRANTED
    assert not right.in_force(NOW)


@pytest.mark.parametrize(
    ("text", "language"),
    [("一种LiFePO4/C复合材料", "zh"), ("Lithium battery", "en"), ("", "en"), ("LiFePO4 α β γ" * 5 + "电池", "en")],
)
def test_language(text: str, language: str) -> None:
    assert registered(title=text, abstract="").right.language == language
