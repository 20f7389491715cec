"""The bundled sample is what its README says: fictional, well-formed and balanced."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"
LISTING_FIELDS = {
    *("number", "owner", "kind", "title", "abstract", "prospect", "ipc", "industry", "strategic_industry", "deal_wish"),
    *("fee_wan_cny", "price_band", "maturity", "self_rating", "language", "fictional"),
}
DEMAND_FIELDS = {
    *("title", "problem", "industry", "ipc", "deal_forms", "territories", "budget", "language", "fictional", "expects"),
}
KIND_OF_TYPE = {
    "1": {"发明专利", "invention"},
    "2": {"实用新型", "utility_model"},
    "3": {"外观设计", "design"},
    "8": {"发明专利", "invention"},
    "9": {"实用新型", "utility_model"},
}
TERM_YEARS = {"1": 20, "2": 10, "3": 15, "8": 20, "9": 10}  # PL 42
FIRST_FREE_SERIAL = 9_900_001


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def listings() -> list[dict[str, Any]]:
    return rows("listings.jsonl")


@pytest.fixture(scope="module")
def demands() -> list[dict[str, Any]]:
    return rows("demands.jsonl")


def check_digit(digits: str) -> str:
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    weighted = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return "0123456789X"[weighted % 11]


@pytest.mark.parametrize("number", ["201710117081.7", "202010087202.X", "201880082782.4", "201880076498.6"])
def test_the_check_digit_of_this_test_is_that_of_real_numbers(number: str) -> None:
    assert check_digit(number[:12]) == number[-1]


def test_enough_rows_in_both_languages(listings: list[dict[str, Any]], demands: list[dict[str, Any]]) -> None:
    by_language = Counter(row["language"] for row in listings)
    assert set(by_language) == {"zh", "en"}
    assert len(listings) >= 64
    assert abs(by_language["zh"] - by_language["en"]) <= len(listings) // 10
    assert len(demands) >= 24
    assert Counter(row["language"] for row in demands) == {"zh": len(demands) // 2, "en": len(demands) // 2}


def test_the_readme_counts_what_is_there(listings: list[dict[str, Any]], demands: list[dict[str, Any]]) -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert f"| `listings.jsonl` | {len(listings)} |" in readme
    assert f"| `demands.jsonl` | {len(demands)} |" in readme


def test_every_row_is_marked_as_fictional(listings: list[dict[str, Any]], demands: list[dict[str, Any]]) -> None:
    assert all(row["fictional"] is True for row in [*listings, *demands])
    assert all("虚构" in row["owner"] or "fictional" in row["owner"] for row in listings)


def test_fields_are_those_of_the_import_and_of_demands(
    listings: list[dict[str, Any]], demands: list[dict[str, Any]]
) -> None:
    assert all(set(row) == LISTING_FIELDS for row in listings)
    assert all(set(row) == DEMAND_FIELDS for row in demands)


def test_numbers_are_well_formed_never_issued_and_unique(listings: list[dict[str, Any]]) -> None:
    for row in listings:
        number = re.fullmatch(r"CN(\d{4})([12389])(\d{7})\.([\dX])", row["number"])
        assert number is not None, row["number"]
        year, right_type, serial, check = number.groups()
        assert check_digit(f"{year}{right_type}{serial}") == check, row["number"]
        assert int(serial) >= FIRST_FREE_SERIAL
        assert row["kind"] in KIND_OF_TYPE[right_type], row["number"]
        assert 2015 < int(year) <= 2025
        assert int(year) + TERM_YEARS[right_type] >= 2028, f"{row['number']} would lapse before long"
    assert len({row["number"] for row in listings}) == len(listings)
    assert len({row["title"] for row in listings}) == len(listings)


def test_all_ipc_sections_kinds_and_trades_are_there_in_both_languages(listings: list[dict[str, Any]]) -> None:
    for language in ("zh", "en"):
        mine = [row for row in listings if row["language"] == language]
        sections = Counter(symbol[0] for row in mine for symbol in row["ipc"])
        assert set(sections) == set("ABCDEFGH")
        assert min(sections.values()) >= 3
        assert {row["number"][6] for row in mine} >= {"1", "2", "3"}
        assert len({trade for row in mine for trade in row["industry"]}) >= 12


def test_ipc_symbols_are_well_formed_and_designs_have_none(listings: list[dict[str, Any]]) -> None:
    for row in listings:
        is_design = row["number"][6] == "3"
        assert bool(row["ipc"]) is not is_design, row["number"]
        assert all(re.fullmatch(r"[A-H]\d{2}[A-Z]\d{1,4}/\d{2,6}", symbol) for symbol in row["ipc"])


def test_texts_say_something_with_numbers(listings: list[dict[str, Any]]) -> None:
    for row in listings:
        sentences = re.split(r"[。]|\.\s|\.$", row["abstract"].strip())
        assert 2 <= len([sentence for sentence in sentences if sentence]) <= 5, row["title"]
        assert re.search(r"\d", row["abstract"]), row["title"]
        assert row["prospect"]
        assert row["deal_wish"]
        assert float(row["fee_wan_cny"]) > 0
        assert bool(re.search("[\u4e00-\u9fff]", row["title"])) is (row["language"] == "zh")


def test_demands_expect_listings_of_their_own_language(
    listings: list[dict[str, Any]], demands: list[dict[str, Any]]
) -> None:
    language_of = {row["number"]: row["language"] for row in listings}
    assert sum(not row["expects"] for row in demands) == 2
    for row in demands:
        assert len(row["expects"]) <= 3
        assert all(language_of[number] == row["language"] for number in row["expects"])
        assert row["budget"]["currency"] == "CNY"
        assert isinstance(row["budget"]["minor_units"], int)


def test_no_listing_is_expected_by_two_demands(demands: list[dict[str, Any]]) -> None:
    expected = Counter(number for row in demands for number in row["expects"])
    assert max(expected.values()) == 1
