"""Rows of sheets: what each column means, and the place of each fault."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.problems import Problem
from services.listing.domain.imports.rows import BadRow, Row, first_sentence, read_row
from services.listing.domain.prices import AskingPrice, Money
from services.listing.domain.rights import register
from services.listing.domain.vocabulary import DealForm, Language, Maturity, PriceForm, RightKind, RightStatus
from tests.support.brokers import lacking

DATA = Path(__file__).parents[3].parent / "shared" / "data"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
GOOD: dict[str, Any] = {"number": "CN202310375785.X", "title": "一种材料", "abstract": "本发明公开了一种材料。它很好。"}


def row(**fields: Any) -> Row:
    return read_row(json.dumps(GOOD | fields, ensure_ascii=False).encode())


def price_of(fee: Any = None, band: str | None = None) -> AskingPrice:
    offer = row(fee_wan_cny=fee, price_band=band).offer
    assert offer is not None
    return offer.price


def faults(line: bytes) -> list[tuple[str, str, int | None]]:
    with pytest.raises(BadRow) as caught:
        read_row(line)
    return [(fault.pointer, fault.code, fault.position) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("fee", "minor_units"),
    [
        ("10.00", 10_000_000),
        ("0.5", 500_000),
        (" 1.50 ", 1_500_000),
        (12, 12_000_000),
        (0.1, 100_000),
        ("30000.00", 30_000_000_000),
    ],
)
def test_fees_become_fen_without_rounding(fee: Any, minor_units: int) -> None:
    assert price_of(fee, "具体面议") == AskingPrice(PriceForm.FIXED, Money(minor_units))


@given(st.decimals(min_value=0, max_value=10**6, places=6))
def test_any_amount_of_whole_fen_is_kept_exactly(fee: Any) -> None:
    price = price_of(str(fee))
    fen = int(fee * 1_000_000)
    assert price == (AskingPrice(PriceForm.FIXED, Money(fen)) if fen else AskingPrice(PriceForm.FREE))


@pytest.mark.parametrize("fee", ["ten", "-1", "0.0000001", True, [], "NaN", "Infinity", "1e30", "１0万"])
def test_what_is_no_fee(fee: Any) -> None:
    assert faults(json.dumps(GOOD | {"fee_wan_cny": fee}).encode()) == [("/fee_wan_cny", "fee", None)]


@pytest.mark.parametrize(
    ("band", "price"),
    [
        ("具体面议", AskingPrice(PriceForm.NEGOTIABLE)),
        (None, AskingPrice(PriceForm.NEGOTIABLE)),
        ("0-10万", AskingPrice(PriceForm.RANGE, Money(0), Money(10_000_000))),
        ("90-100万", AskingPrice(PriceForm.RANGE, Money(90_000_000), Money(100_000_000))),
        ("100万以上", AskingPrice(PriceForm.NEGOTIABLE, Money(100_000_000))),
        ("贵", AskingPrice(PriceForm.NEGOTIABLE)),
    ],
)
def test_bands(band: str | None, price: AskingPrice) -> None:
    assert price_of(band=band) == price
    assert [warning.code for warning in row(price_band=band).warnings] == (
        ["price-band-unknown"] if band == "贵" else []
    )


def test_a_fee_outside_its_band_counts_with_a_remark() -> None:
    read = row(fee_wan_cny="25.00", price_band="0-10万")
    assert read.offer is not None
    assert read.offer.price.minimum == Money(25_000_000)
    assert [warning.code for warning in read.warnings] == ["fee-outside-band"]


@pytest.mark.parametrize(
    ("wishes", "forms", "remarks"),
    [
        ([], (DealForm.ORDINARY_LICENCE,), []),
        (None, (DealForm.ORDINARY_LICENCE,), []),
        (["拟转让", "拟转让"], (DealForm.ASSIGNMENT,), []),
        (["拟许可", "拟开放许可"], (DealForm.ORDINARY_LICENCE, DealForm.OPEN_LICENCE), []),
        (["拟许可", "拟普通许可"], (DealForm.ORDINARY_LICENCE,), []),
        (["拟自行应用或产业化", "拟转让"], (DealForm.ASSIGNMENT,), []),
        (["拟赠送"], (DealForm.ORDINARY_LICENCE,), ["wording-unknown"]),
        (["拟自行应用或产业化"], None, ["no-deal-wanted"]),
    ],
)
def test_wishes(wishes: list[str] | None, forms: tuple[DealForm, ...] | None, remarks: list[str]) -> None:
    read = row(deal_wish=wishes)
    assert (read.offer.deal_forms if read.offer else None) == forms
    assert [warning.code for warning in read.warnings] == remarks


@pytest.mark.parametrize(
    ("kind", "number", "expected", "status"),
    [
        ("发明专利", GOOD["number"], RightKind.INVENTION, RightStatus.PENDING),
        ("中国发明授权", GOOD["number"], RightKind.INVENTION, RightStatus.GRANTED),
        ("中国实用新型", "CN202020087202.5", RightKind.UTILITY_MODEL, RightStatus.GRANTED),
        ("实用新型", "CN202020087202.5", RightKind.UTILITY_MODEL, RightStatus.GRANTED),
        (None, "US9153231", RightKind.INVENTION, RightStatus.GRANTED),
    ],
)
def test_kinds(kind: str | None, number: str, expected: RightKind, status: RightStatus) -> None:
    draft = row(kind=kind, number=number).draft
    right = register(draft, organisation_id=uuid4(), by=None, now=NOW).right
    assert (right.kind, right.status) == (expected, status)


@pytest.mark.parametrize(
    ("maturity", "expected"),
    [
        ("样品、实验阶段", Maturity.PROTOTYPE),
        ("试生产、应用开发阶段", Maturity.PILOT),
        ("小批量生产、工程应用阶段", Maturity.PILOT),
        ("批量生产、成熟应用阶段", Maturity.MASS_PRODUCTION),
        (None, None),
        ("成熟得很", None),
    ],
)
def test_maturity(maturity: str | None, expected: Maturity | None) -> None:
    read = row(maturity=maturity)
    assert read.offer is not None
    assert read.offer.maturity is expected
    assert bool(read.warnings) == (maturity == "成熟得很")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"{", [("", "not-json", 1)]),
        (b"[1]", [("", "object", None)]),
        (b"null", [("", "object", None)]),
        (b"\xff", [("", "not-utf8", 0)]),
        (b'{"number": NaN}', [("", "not-json", 0)]),
        (b"[" * 100_000, [("", "not-json", 0)]),
        (b"{}", [("/number", "missing", None), ("/title", "missing", None)]),
        (json.dumps(GOOD | {"number": 5}).encode(), [("/number", "text", None)]),
        (json.dumps(GOOD | {"title": "   "}).encode(), [("/title", "missing", None)]),
        (json.dumps(GOOD | {"title": "a\0b"}).encode(), [("/title", "character", 1)]),
        (json.dumps(GOOD | {"title": "ab\ud800"}).encode(), [("/title", "character", 2)]),
        (json.dumps(GOOD | {"title": "a" * 501}).encode(), [("/title", "too-long", 500)]),
        (json.dumps(GOOD | {"ipc": "H01M 10/05"}).encode(), [("/ipc", "list", None)]),
        (json.dumps(GOOD | {"ipc": ["H01M 10/05", 7]}).encode(), [("/ipc/1", "text", None)]),
        (json.dumps(GOOD | {"grant_date": "yesterday"}).encode(), [("/grant_date", "date", None)]),
        (json.dumps(GOOD | {"status": "lost"}).encode(), [("/status", "choice", None)]),
        (json.dumps(GOOD | {"language": "fr"}).encode(), [("/language", "choice", None)]),
    ],
)
def test_faults_of_form(line: bytes, expected: list[tuple[str, str, int | None]]) -> None:
    assert faults(line) == expected


def test_unknown_fields_are_left_out_with_a_remark() -> None:
    read = row(**{"a/b~c": 1, "self_rating": "五星"})
    assert [(warning.pointer, warning.code) for warning in read.warnings] == [("/a~1b~0c", "field-ignored")]


def test_industries_of_both_columns_are_kept_once() -> None:
    read = row(industry=["电池制造", ""], strategic_industry=["电池制造", "纳米材料制造"])
    assert read.offer is not None
    assert read.offer.industries == ("电池制造", "纳米材料制造")


def test_language_is_that_of_the_text() -> None:
    for fields, language in (({}, Language.CHINESE), ({"title": "A pump", "abstract": "It pumps."}, Language.ENGLISH)):
        right = register(row(**fields).draft, organisation_id=uuid4(), by=None, now=NOW).right
        assert right.language is language


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("本发明公开了一种材料。它很好。", "本发明公开了一种材料。"),
        ("A pump of 1.5 kW. It pumps.", "A pump of 1.5 kW."),
        ("no end", "no end"),
        ("", ""),
        ("长" * 300, "长" * 199 + "…"),
    ],
)
def test_first_sentence(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(
    ["number", "title", "abstract", "kind", "owner", "ipc", "deal_wish", "fee_wan_cny", "price_band", "grant_date"]
)


def faults_of(values: dict[str, Any]) -> int:
    """How many faults are told of; 0 where the row makes a right."""
    try:
        read = read_row(json.dumps(GOOD | values).encode())
        register(read.draft, organisation_id=uuid4(), by=None, now=NOW).right.title.encode()
    except BadRow as bad:
        return len(bad.faults) or -1
    except Problem as problem:
        return len(problem.errors) or -1
    return 0


@given(st.dictionaries(fields | st.text(max_size=5), json_values, max_size=6))
def test_any_row_is_read_or_refused_with_its_faults(values: dict[str, Any]) -> None:
    assert faults_of(values) >= 0


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_with_a_fault(line: bytes) -> None:
    assert faults(line)


def test_every_wording_of_the_real_sheets_is_known() -> None:
    remarks: Counter[str] = Counter()
    paths = [DATA / "patents_zh.jsonl", DATA / "patents_en.jsonl"]
    if missing := [path for path in paths if not path.exists()]:
        lacking(f"the real patents are not beside the project ({missing})")
    for path in paths:
        for line in path.read_bytes().splitlines():
            read = read_row(line)
            register(read.draft, organisation_id=uuid4(), by=None, now=NOW)
            remarks.update(warning.code for warning in read.warnings)
    assert set(remarks) == {"no-deal-wanted", "fee-outside-band"}
    assert remarks["no-deal-wanted"] == 3
