"""What counts as taken away from old code, and what a revision must say to be allowed to."""

from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.local.expand_contract import Column, Columns, taken_away, verdict

KEPT = {("deals", "id"): Column("uuid", needed=True, nullable=False)}
FREE = Column("text", needed=False, nullable=True)
NEEDED = Column("text", needed=True, nullable=False)
FILLED = Column("text", needed=False, nullable=False)  # NOT NULL with a default
OURS = metadata.version("zayton")


def deals(**more: Column) -> Columns:
    return {**KEPT, **{("deals", name): column for name, column in more.items()}}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (deals(memo=FREE), deals(), "column deals.memo is gone"),
        (deals(memo=FREE), deals(note=FREE), "column deals.memo is gone"),
        (deals(), {}, "table deals is gone"),
        (deals(memo=FREE), deals(memo=Column("jsonb", needed=False, nullable=True)), "was text and is jsonb"),
        (deals(memo=FREE), deals(memo=NEEDED), "takes no NULL any more"),
        (deals(memo=FREE), deals(memo=FILLED), "takes no NULL any more"),
        (deals(memo=FILLED), deals(memo=NEEDED), "has lost its default"),
        (deals(), deals(memo=NEEDED), "column deals.memo is new and must be given"),
    ],
)
def test_what_old_code_would_stumble_over_is_named(before: Columns, after: Columns, said: str) -> None:
    (line,) = taken_away(before, after)
    assert said in line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, deals(memo=NEEDED)),
        (deals(), deals(memo=FREE, note=FILLED)),
        (deals(memo=NEEDED), deals(memo=FREE)),
        (deals(), {**deals(), ("offers", "terms"): NEEDED}),
    ],
    ids=["first tables", "columns that may be left out", "more freedom", "a new table"],
)
def test_what_only_adds_is_fine(before: Columns, after: Columns) -> None:
    assert taken_away(before, after) == []


def judged(mark: Any, lost: list[str]) -> list[str]:
    return verdict(SimpleNamespace(contract_phase=mark), lost)  # type: ignore[arg-type]


def test_a_loss_must_be_meant() -> None:
    assert verdict(SimpleNamespace(), ["column deals.memo is gone"]) == ["column deals.memo is gone"]  # type: ignore[arg-type]
    assert judged((OURS, "nobody reads it since"), ["column deals.memo is gone"]) == []


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (("99.0.0", "soon"), "still to come"),
        ((OURS, "  "), "gives no reason"),
        (("the last one", "nobody reads it"), "must be a release and a reason"),
        (OURS, "must be a release and a reason"),
        (True, "must be a release and a reason"),
    ],
)
def test_a_mark_that_says_too_little_allows_nothing(mark: Any, said: str) -> None:
    (line,) = judged(mark, ["column deals.memo is gone"])
    assert said in line


def test_a_mark_without_a_loss_is_refused_so_that_marks_stay_true() -> None:
    (line,) = judged((OURS, "nobody reads it since"), [])
    assert "nothing is taken away" in line
