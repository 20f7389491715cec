import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.ipc import Level, canonical, closest, terms


@pytest.mark.parametrize(
    ("raw", "symbol"),
    [
        ("H01M10/0525", "H01M 10/0525"),
        (" h01m 10/0525 ", "H01M 10/0525"),
        ("H01M 10", "H01M 10"),
        ("H01M", "H01M"),
        ("H01", "H01"),
        ("H", None),
        ("I01M", None),
        ("H01M 10/5", None),
        ("H01M 12345/00", None),
        ("", None),
    ],
)
def test_symbols_are_made_canonical(raw: str, symbol: str | None) -> None:
    assert canonical(raw) == symbol


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (["H01M 10/0525"], ["A01B 1/00", "H01M 10/0525"], (Level.GROUP, "H01M 10/0525")),
        (["H01M 10/0525"], ["H01M 10/0567"], (Level.MAIN_GROUP, "H01M 10")),
        (["H01M 10/0525"], ["H01M 4/00"], (Level.SUBCLASS, "H01M")),
        (["H01M"], ["H01M 4/00"], (Level.SUBCLASS, "H01M")),
        (["H01M"], ["H01B 1/00"], (Level.CLASS, "H01")),
        (["H01M"], ["A01B 1/00"], None),
        ([], ["A01B 1/00"], None),
    ],
)
def test_the_narrowest_thing_in_common_counts(
    one: list[str], other: list[str], expected: tuple[Level, str] | None
) -> None:
    assert closest(one, other) == closest(other, one) == expected


def test_a_symbol_is_looked_up_by_all_it_belongs_to_but_its_class() -> None:
    assert terms(["H01M 10/0525"]) == {"ipc:H01M", "ipc:H01M 10", "ipc:H01M 10/0525"}


SYMBOLS = st.from_regex(r"[A-H][0-9]{2}[A-Z] [1-9][0-9]{0,3}/[0-9]{2,6}", fullmatch=True)


@given(SYMBOLS)
def test_a_canonical_symbol_stays_as_it_is(symbol: str) -> None:
    assert canonical(symbol) == symbol
    assert canonical(symbol.replace(" ", "").lower()) == symbol
    assert closest([symbol], [symbol]) == (Level.GROUP, symbol)
