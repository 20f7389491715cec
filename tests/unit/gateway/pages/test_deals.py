"""Terms between a form and the API, what changed from round to round, and the chain that a page proves anew."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.pages.forms import Form
from gateway.pages.texts import Language, load_messages, territory_code
from gateway.pages.views.deal_course import course, first_broken, sha256
from gateway.pages.views.deal_terms import as_read, body, compared, filled

EN = Language("en", load_messages(), ZoneInfo("Asia/Shanghai"))
ZH = Language("zh", load_messages(), ZoneInfo("Asia/Shanghai"))
TERMS: dict[str, Any] = {
    "form": "ordinary_licence",
    "territories": ["CN", "JP"],
    "field_of_use": "running shoes",
    "starts_at": "2027-01-01T00:00:00+08:00",
    "ends_at": "2029-12-31T16:00:00Z",
    "sublicensing_allowed": True,
    "fixed_fee": {"minor_units": 80_000_050, "currency": "CNY"},
    "royalty_basis_points": 250,
    "minimum_annual_royalty": {"minor_units": 1_000_000, "currency": "CNY"},
    "other_terms": "Two visits.",
}
NOTHING: dict[str, Any] = dict.fromkeys(TERMS) | {
    "territories": [],
    "field_of_use": "",
    "sublicensing_allowed": False,
    "royalty_basis_points": 0,
    "other_terms": "",
}


@pytest.mark.parametrize("language", [EN, ZH])
@pytest.mark.parametrize("terms", [TERMS, NOTHING])
def test_a_form_filled_with_terms_gives_them_back_unchanged(language: Language, terms: dict[str, Any]) -> None:
    form = filled(language, terms)
    assert body(language, form, terms) == {"terms": terms | {"form": terms["form"]}, "expires_at": None}
    assert not form.errors


def test_the_last_day_chosen_is_within() -> None:
    form = Form.of(**{"terms.starts_at": "2027-01-01", "terms.ends_at": "2029-12-31", "expires_at": "2026-12-24"})
    offer = body(EN, form, None)
    assert offer["terms"]["starts_at"] == "2027-01-01T00:00:00+08:00"
    assert offer["terms"]["ends_at"] == "2030-01-01T00:00:00+08:00"
    assert offer["expires_at"] == "2026-12-25T00:00:00+08:00"
    shown = {term.name: str(term.value) for term in as_read(EN, TERMS | offer["terms"])}
    assert shown["ends_at"] == "31 December 2029"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("terms.royalty", "a bit"),
        ("terms.royalty", "100.01"),
        ("terms.royalty", "-1"),
        ("terms.royalty", "2.555"),
        ("terms.royalty", "NaN"),
        ("terms.fixed_fee", "many"),
        ("terms.territories", "China, Atlantis"),
        ("terms.starts_at", "2027-02-30"),
        ("terms.ends_at", "9999-12-31"),
    ],
)
def test_what_only_the_page_can_see_is_put_at_its_field(field: str, given: str) -> None:
    form = Form.of(**{field: given})
    body(EN, form, None)
    assert list(form.errors) == [field]


@pytest.mark.parametrize(
    ("text", "code"),
    [("中国", "CN"), ("china", "CN"), ("CN", "CN"), (" jp ", "JP"), ("日本", "JP"), ("EP", "EP"), ("Nowhere", None)],
)
def test_countries_by_name_or_code(text: str, code: str | None) -> None:
    assert territory_code(text) == code


def test_only_what_changed_is_marked() -> None:
    after = TERMS | {"fixed_fee": {"minor_units": 50_000_000, "currency": "CNY"}, "minimum_annual_royalty": None}
    changed = {term.name: (str(term.value), str(term.before)) for term in as_read(EN, after, TERMS) if term.before}
    assert changed == {
        "fixed_fee": ("CN¥500,000", "CN¥800,000.50"),
        "minimum_annual_royalty": ("None", "CN¥10,000"),
    }
    assert all(term.before is None for term in as_read(EN, TERMS, TERMS))


def test_a_text_is_compared_word_by_word_and_escaped() -> None:
    assert compared("Two visits.", "Three visits.") == "<del>Two</del><ins>Three</ins> visits."
    assert compared("提供两次指导", "提供三次指导") == "提供<del>两</del><ins>三</ins>次指导"
    assert compared("a", "a <b>") == "a<ins> &lt;b&gt;</ins>"


def entries(*events: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number, event in enumerate(events, start=1):
        entry = {
            "deal_id": "d",
            "sequence": number,
            "at": f"2026-11-0{number}T00:00:00Z",
            "event": event,
            "actor": {"user_id": "u"},
            "data": {"词": "条"},
            "previous_hash": made[-1]["hash"] if made else "0" * 64,
        }
        made.append({**entry, "hash": sha256(entry)})
    return made


def test_a_chain_is_whole_until_something_is_changed_left_out_or_moved() -> None:
    chain = entries("opened", "offer_made", "offer_accepted")
    assert first_broken(chain) is None
    assert first_broken([]) is None
    assert first_broken([chain[0], {**chain[1], "data": {}}, chain[2]]) == 2
    assert first_broken([chain[0], chain[2]]) == 2
    assert first_broken(chain[1:]) == 1


@pytest.mark.parametrize(
    ("state", "events", "expected"),
    [
        ("inquiry", ["opened"], ["now", *["ahead"] * 8]),
        ("counter", ["opened", "offer_made", "offer_made"], ["done", "now", *["ahead"] * 7]),
        ("signed", ["opened", "contract_signed"], ["done", "now", *["ahead"] * 4]),
        ("disputed", ["opened", "contract_signed", "payment_held"], ["done", "done", "now", *["ahead"] * 3]),
        ("active", ["opened", "contract_signed", "deal_activated"], ["done", "done", "now"]),
        ("rejected", ["opened", "offer_made", "closed"], ["done", "done", "ended"]),
        ("terminated", ["opened", "contract_signed", "deal_ended"], ["done", "done", "ended"]),
    ],
)
def test_the_course_of_a_deal(state: str, events: list[str], expected: list[str]) -> None:
    assert [step.how for step in course(state, entries(*events))] == expected
