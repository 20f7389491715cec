"""Legal status: an event log and what it comes to."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.listing.domain.errors import InvalidStatusEvent
from services.listing.domain.register import OUTCOMES, WORDINGS, Category, StatusEvent, project, read_event
from services.listing.domain.vocabulary import RightStatus

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def event(letter: str, year: int | None, status: RightStatus | None = None, words: str = "") -> StatusEvent:
    occurred = datetime(year, 1, 1, tzinfo=UTC) if year else None
    return read_event(Category(letter), status, words, occurred_at=occurred, now=NOW, recorded_by=None)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("专利权维持", RightStatus.GRANTED),
        ("等年费滞纳金", RightStatus.GRACE),
        ("未缴年费专利权终止,等恢复", RightStatus.RECOVERABLE),
        ("未缴年费专利权终止，等恢复", RightStatus.RECOVERABLE),
        (" 届满终止失效 ", RightStatus.TERMINATED),
        ("无效宣告失效", RightStatus.INVALIDATED),
        ("驳回失效", RightStatus.WITHDRAWN_OR_REJECTED),
        ("逾期视撤,等恢复", RightStatus.RECOVERABLE),
        ("等年登印费", RightStatus.PENDING),
    ],
)
def test_words_of_the_register(words: str, status: RightStatus) -> None:
    assert project([event("W", 2020, words=words)]) == (status, words)


def test_unknown_words_are_shown_as_unmapped_never_dropped() -> None:
    assert project([event("F", 2019), event("W", 2020, words="一种新的状态")]) == (RightStatus.UNMAPPED, "一种新的状态")


def test_the_life_of_a_patent() -> None:
    log = [event("A", 2015), event("D", 2016), event("F", 2018), event("U", 2019), event("R", 2020)]
    assert project(log)[0] is RightStatus.GRANTED
    log.append(event("H", 2022, RightStatus.GRACE))
    assert project(log)[0] is RightStatus.GRACE
    log.append(event("K", 2023))
    assert project(log)[0] is RightStatus.GRANTED
    log.append(event("N", 2024, RightStatus.INVALIDATED))
    assert project(log)[0] is RightStatus.INVALIDATED


def test_the_order_of_recording_does_not_matter() -> None:
    log = [event("A", 2015), event("F", 2018), event("N", 2024), event("U", 2019)]
    assert {project(order) for order in permutations(log)} == {(RightStatus.TERMINATED, "")}


def test_completing_the_log_of_a_granted_right_does_not_make_it_pending() -> None:
    stated = event("W", None, RightStatus.GRANTED)
    assert project([stated, event("A", 2015), event("D", 2016)])[0] is RightStatus.GRANTED
    assert project([stated, event("A", 2015), event("N", 2020)])[0] is RightStatus.TERMINATED


def test_nothing_is_known_of_an_empty_log() -> None:
    assert project([]) == (RightStatus.UNMAPPED, "")


@pytest.mark.parametrize(
    ("letter", "status", "words", "pointer", "code"),
    [
        ("F", RightStatus.TERMINATED, "", "/status", "status-against-category"),
        ("F", None, "驳回失效", "/as_given", "status-against-category"),
        ("W", RightStatus.GRANTED, "驳回失效", "/status", "status-against-words"),
    ],
)
def test_parts_that_contradict_each_other(
    letter: str, status: RightStatus | None, words: str, pointer: str, code: str
) -> None:
    with pytest.raises(InvalidStatusEvent) as caught:
        event(letter, 2020, status, words)
    [error] = caught.value.errors
    assert (error.pointer, error.code) == (pointer, code)


def test_nothing_has_happened_in_the_future() -> None:
    with pytest.raises(InvalidStatusEvent) as caught:
        event("F", 2027)
    assert caught.value.errors[0].pointer == "/occurred_at"


@given(st.lists(st.tuples(st.sampled_from(list(Category)), st.integers(1990, 2026)), max_size=8))
def test_any_log_has_a_status(entries: list[tuple[Category, int]]) -> None:
    status, _ = project([event(category, year) for category, year in entries])
    assert status in RightStatus
    if not any(category in OUTCOMES for category, _ in entries):
        assert status is RightStatus.UNMAPPED


def test_the_data_is_dated_and_sourced() -> None:
    assert all(wording.source and wording.in_force_from for wording in WORDINGS)
    assert len({wording.words for wording in WORDINGS}) == len(WORDINGS)
