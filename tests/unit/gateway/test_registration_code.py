"""The unified social credit code (GB 32100-2015): what is valid, and where a wrong one is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import registration_code
from gateway.domain.errors import InvalidRegistrationCode
from services.kit.problems import FieldError

VALID = "91110000600037341L"


def fault(raw: str) -> FieldError:
    with pytest.raises(InvalidRegistrationCode) as refused:
        registration_code.parse(raw)
    (error,) = refused.value.errors
    return error


@pytest.mark.parametrize("written", [VALID, VALID.lower(), "9 1 110000 600037341L", "91-110000-600037341L"])
def test_is_kept_in_one_spelling(written: str) -> None:
    assert registration_code.parse(written) == VALID


@pytest.mark.parametrize(
    ("raw", "code", "position"),
    [
        ("9111000060003734", "uscc-length", 16),
        (VALID + "0", "uscc-length", 18),
        ("", "uscc-length", 0),
        ("A1110000600037341L", "uscc-character", 0),
        ("911100006000O7341L", "uscc-character", 12),
        ("91 110000 6000I7341L", "uscc-character", 14),
        ("91110000600037341M", "uscc-check-digit", 17),
        ("91110000600037341泉", "uscc-character", 17),
    ],
)
def test_names_the_place_of_the_fault(raw: str, code: str, position: int) -> None:
    error = fault(raw)
    assert (error.pointer, error.code, error.position) == ("/unified_social_credit_code", code, position)


def test_says_which_check_character_was_expected() -> None:
    assert fault("911100006000373419").params == {"expected": "L"}


@given(st.integers(0, 16), st.sampled_from("0123456789"))
def test_finds_every_wrong_digit(place: int, digit: str) -> None:
    altered = VALID[:place] + digit + VALID[place + 1 :]
    if altered == VALID:
        assert registration_code.parse(altered) == VALID
    else:
        assert fault(altered).code == "uscc-check-digit"


@given(st.text(max_size=40))
def test_any_text_is_either_valid_or_located_inside_it(raw: str) -> None:
    try:
        assert len(registration_code.parse(raw)) == 18
    except InvalidRegistrationCode as refused:
        (error,) = refused.errors
        assert error.position is not None
        assert 0 <= error.position <= len(raw)
