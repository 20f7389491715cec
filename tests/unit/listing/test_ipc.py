import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.listing.domain.characters import Fault
from services.listing.domain.ipc import parse_ipc

symbols = st.from_regex(r"[A-H][0-9]{2}[A-Z] [1-9][0-9]{0,3}/[0-9]{2,6}", fullmatch=True)


@given(symbols, st.sampled_from(["", " ", "  ", "\u3000"]), st.booleans(), st.booleans())
def test_every_way_of_writing_is_the_canonical_symbol(symbol: str, space: str, lower: bool, wide: bool) -> None:
    written = symbol.replace(" ", space)
    written = written.lower() if lower else written
    if wide:
        written = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in written)
    assert parse_ipc(written) == symbol


@pytest.mark.parametrize(
    "raw", ["H01M10/0525(2010.01)I", "H01M 10/0525 (2010.01) N", "H01M0010/0525", "Ｈ０１Ｍ１０／０５２５"]
)
def test_forms_that_registers_print(raw: str) -> None:
    assert parse_ipc(raw) == "H01M 10/0525"


@pytest.mark.parametrize(
    ("raw", "code", "position"),
    [
        ("", "ipc-too-short", 0),
        ("H01M", "ipc-too-short", 4),
        ("H01M 10", "ipc-too-short", 7),
        ("Y02E 60/10", "ipc-character", 0),
        ("H O1M10/05", "ipc-character", 2),
        ("H01M1A/05", "ipc-character", 5),
        ("H01M10/05/2", "ipc-character", 9),
        ("H01M/05", "ipc-main-group", 4),
        ("H01M12345/05", "ipc-main-group", 4),
        ("H01M 10/5", "ipc-subgroup", 8),
        ("H01M 10/1234567", "ipc-subgroup", 8),
    ],
)
def test_faults(raw: str, code: str, position: int) -> None:
    with pytest.raises(Fault) as caught:
        parse_ipc(raw)
    assert (caught.value.code, caught.value.position) == (code, position)


def place_of_fault(raw: str) -> int:
    """0 where there is none."""
    try:
        parse_ipc(raw)
    except Fault as fault:
        return fault.position
    return 0


@given(st.text(max_size=30))
def test_any_text_is_a_symbol_or_a_located_fault(raw: str) -> None:
    assert 0 <= place_of_fault(raw) <= len(raw)
