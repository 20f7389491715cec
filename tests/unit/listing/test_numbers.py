"""Patent numbers: round trips, every single-digit error, and the place of every fault in the raw string."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.listing.domain.errors import InvalidNumber
from services.listing.domain.numbers import cn_check_digit, parse_number
from services.listing.domain.vocabulary import RightKind, RightStatus
from tests.support.brokers import lacking

TODAY = date(2026, 11, 24)
DATA = Path(__file__).parents[3].parent / "shared" / "data"
TRUE_NUMBERS = ["201710117081.7", "202010087202.X", "201880082782.4", "201880076498.6", "95115608.X", "97101765.4"]

years = st.integers(1985, 2026).map(str) | st.integers(1985, 2003).map(lambda year: str(year)[2:])


@st.composite
def cn_bodies(draw: st.DrawFn) -> str:
    year = draw(years)
    serial = draw(st.text("0123456789", min_size=7 if len(year) == 4 else 5, max_size=7 if len(year) == 4 else 5))
    return year + draw(st.sampled_from("12389")) + serial


cn_numbers = cn_bodies().map(lambda body: f"{body}.{cn_check_digit(body)}")


def fault(raw: str) -> tuple[str, int | None, dict[str, str]]:
    with pytest.raises(InvalidNumber) as caught:
        parse_number(raw, TODAY)
    [error] = caught.value.errors
    assert error.pointer == "/number"
    return error.code, error.position, error.params


@pytest.mark.parametrize("raw", TRUE_NUMBERS)
def test_numbers_known_to_be_right(raw: str) -> None:
    assert parse_number(raw, TODAY).canonical == f"CN{raw}"


@given(cn_numbers)
def test_canonical_form_is_its_own_canonical_form(raw: str) -> None:
    number = parse_number(raw, TODAY)
    assert number.canonical == f"CN{raw}"
    assert parse_number(number.canonical, TODAY).canonical == number.canonical


@given(
    cn_numbers,
    st.sampled_from(["", "CN", "ZL", "cn", "zl", "CN ZL", "ZL CN", "Cn", "ＣＮ", "ＺＬ"]),
    st.booleans(),
    st.sampled_from([" ", "", "\u3000", "\u00a0"]),
    st.booleans(),
)
def test_every_way_of_writing_is_the_same_number(raw: str, prefix: str, stop: bool, space: str, wide: bool) -> None:
    body, _, check = raw.partition(".")
    written = f"{prefix}{space}{body[:4]}{space}{body[4:]}{'.' if stop else ''}{check}{space}"
    if wide:
        written = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in written)
    number = parse_number(written, TODAY)
    assert number.canonical == f"CN{raw}"
    assert number.raw == written
    assert number.claims_grant == ("zl" in prefix.lower() or "Ｚ" in prefix)


@given(cn_numbers, st.data())
def test_any_single_wrong_digit_is_detected(raw: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([place for place, char in enumerate(raw) if char != "."]))
    digit = data.draw(st.sampled_from([char for char in "0123456789" if char != raw[place]]))
    with pytest.raises(InvalidNumber):
        parse_number(raw[:place] + digit + raw[place + 1 :], TODAY)


@given(cn_numbers, st.data())
def test_two_neighbouring_digits_swapped_are_detected_unless_they_wrap_the_weights(
    raw: str, data: st.DataObject
) -> None:
    body, _, check = raw.partition(".")
    place = data.draw(st.integers(0, len(body) - 2))
    swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    if swapped == body:
        return
    assert cn_check_digit(swapped) != check  # neighbouring weights differ by less than 11


@given(cn_numbers, st.sampled_from("#-ABé。/²٣_"), st.data())
def test_a_foreign_character_is_reported_where_it_stands(raw: str, char: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(raw.partition(".")[0]) - 2))
    written = raw[:place] + char + raw[place:]
    code, position, _ = fault(written)
    assert (code, position) in {
        ("unexpected-character", place),
        ("full-stop", place),
        ("publication-number", place),
    }


def place_of_fault(raw: str) -> int | None:
    """0 where there is none."""
    try:
        parse_number(raw, TODAY)
    except InvalidNumber as problem:
        return problem.errors[0].position
    return 0


@given(st.text(max_size=40) | st.text("CNZLUSPT/0123456789X. ", max_size=20))
def test_any_text_is_a_number_or_a_located_fault(raw: str) -> None:
    place = place_of_fault(raw)
    assert place is not None
    assert 0 <= place <= len(raw)


@pytest.mark.parametrize(
    ("raw", "code", "position", "params"),
    [
        ("CN 202310375785.1", "check-digit", 16, {"given": "1", "expected": "X"}),
        ("ＣＮ２０２３１０３７５７８５．１", "check-digit", 15, {"given": "1", "expected": "X"}),
        ("CN202310375785", "check-digit-missing", 14, {"expected": "X"}),
        ("95115608", "check-digit-missing", 8, {"expected": "X"}),
        ("CN2023O0375785.X", "unexpected-character", 6, {"given": "O"}),
        ("2023X0375785.X", "unexpected-character", 4, {"given": "X"}),
        ("20231037X785.X", "unexpected-character", 8, {"given": "X"}),
        ("CN20231037.5785X", "full-stop", 10, {}),
        ("CN202310375785.X.", "full-stop", 16, {}),
        ("CN202370375785.X", "cn-type", 6, {"given": "7"}),
        ("CN106844774A", "publication-number", 11, {"given": "A"}),
        ("CN202310375785.X1", "number-too-long", 16, {"digits": "14"}),
        ("CN20231037", "year", 2, {"given": "20"}),
        ("CN2023103757", "number-length", 12, {"digits": "10"}),
        ("", "number-empty", 0, {}),
        ("   ", "number-empty", 0, {}),
        ("CN", "number-length", 2, {"digits": "0"}),
        ("EP1234567", "office-unknown", 0, {}),
        ("CN209910375785.X", "year", 2, {"given": "2099"}),
        ("50115608.X", "year", 0, {"given": "50"}),
        ("PCT/CN2018", "pct-shape", 10, {}),
        ("PCT/CN2018/82782", "pct-shape", 16, {}),
        ("PCT/C12018/082782", "unexpected-character", 5, {"given": "1"}),
        ("PCT/CN2O18/082782", "unexpected-character", 7, {"given": "O"}),
        ("PCT/CN2018/08278/2", "unexpected-character", 16, {"given": "/"}),
        ("PCT/CN2099/082782", "year", 6, {"given": "2099"}),
        ("US91532x1", "unexpected-character", 7, {"given": "X"}),
        ("USQQ123", "us-series", 2, {"given": "QQ"}),
        ("US", "number-length", 2, {"digits": "0"}),
        ("US20190123456A1", "number-too-long", 10, {"digits": "11"}),
        ("US000", "unexpected-character", 2, {"given": "0"}),
    ],
)
def test_faults(raw: str, code: str, position: int, params: dict[str, str]) -> None:
    found_code, found_position, found_params = fault(raw)
    assert (found_code, found_position) == (code, position)
    assert params.items() <= found_params.items()


@pytest.mark.parametrize(
    ("raw", "canonical", "office", "kind", "year"),
    [
        ("CN85100001", "CN85100001", "CN", RightKind.INVENTION, 1985),
        ("88 2 12345", "CN88212345", "CN", RightKind.UTILITY_MODEL, 1988),
        ("201880082782.4", "CN201880082782.4", "CN", RightKind.INVENTION, 2018),
        ("PCT/CN2018/082782", "PCT/CN2018/082782", "WO", None, 2018),
        ("pct / cn 98 / 00123", "PCT/CN98/00123", "WO", None, 1998),
        ("US9153231", "US9153231", "US", RightKind.INVENTION, None),
        ("US 9,153,231 B2", "US9153231", "US", RightKind.INVENTION, None),
        ("us09153231", "US9153231", "US", RightKind.INVENTION, None),
        ("USRE36823", "USRE36823", "US", RightKind.INVENTION, None),
        ("USD0512345S1", "USD512345", "US", RightKind.DESIGN, None),
    ],
)
def test_other_shapes(raw: str, canonical: str, office: str, kind: RightKind | None, year: int | None) -> None:
    number = parse_number(raw, TODAY)
    assert (number.canonical, number.office, number.kind, number.year) == (canonical, office, kind, year)
    assert parse_number(canonical, TODAY).canonical == canonical


def test_zl_is_passing_off_unless_granted() -> None:
    granted_mark, plain = parse_number("ZL202310375785.X", TODAY), parse_number("202310375785.X", TODAY)
    assert granted_mark.canonical == plain.canonical
    assert granted_mark.is_passing_off(RightStatus.PENDING)
    assert granted_mark.is_passing_off(RightStatus.INVALIDATED)
    assert not granted_mark.is_passing_off(RightStatus.GRANTED)
    assert not plain.is_passing_off(RightStatus.PENDING)


@pytest.mark.parametrize(("file", "office"), [("patents_zh.jsonl", "CN"), ("patents_en.jsonl", "US")])
def test_all_real_numbers_parse(file: str, office: str) -> None:
    path = DATA / file
    if not path.exists():
        lacking(f"the real patents are not beside the project ({path})")
    raws = [json.loads(line)["number"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(raws) == 4000
    parsed = [parse_number(raw, TODAY) for raw in raws]
    assert {number.office for number in parsed} == {office}
    assert len({number.canonical for number in parsed}) == 4000
    if office == "CN":
        assert [number.canonical for number in parsed] == raws
