"""What was filled in, and each fault of the API at its field."""

import pytest
from starlette.datastructures import FormData

from gateway.pages.api import ApiProblem
from gateway.pages.forms import Form
from gateway.pages.views.demands import first_sentence


def problem(*errors: tuple[str, str], slug: str = "invalid-input") -> ApiProblem:
    faults = [{"pointer": pointer, "code": "x", "detail": detail} for pointer, detail in errors]
    return ApiProblem(422, {"type": f"https://zayton.org/problems/{slug}", "title": "No", "errors": faults})


@pytest.mark.parametrize(
    ("pointer", "field"),
    [("/admin/email", "admin.email"), ("/ipc/0", "ipc"), ("/title", "title"), ("?price_to", "price_to"), ("", "")],
)
def test_fault_finds_its_field(pointer: str, field: str) -> None:
    form = Form()
    form.refuse(problem((pointer, "wrong")))
    assert form.errors == {field: "wrong"}


def test_fault_of_a_part_is_shown_at_the_field_that_asks_for_the_whole() -> None:
    form = Form()
    form.refuse(problem(("/budget/minor_units", "too much")), {"/budget/minor_units": "budget"})
    assert form.errors == {"budget": "too much"}


def test_first_of_several_faults_of_a_field_is_shown() -> None:
    form = Form()
    form.refuse(problem(("/ipc/0", "first"), ("/ipc/1", "second")))
    assert form.errors == {"ipc": "first"}


def test_key_stays_after_a_refusal_and_is_new_once_it_was_used_up() -> None:
    form = Form(FormData([("once", "one")]))
    form.refuse(problem())
    assert form.once == "one"
    used = Form(FormData([("once", "one")]))
    used.refuse(problem(slug="idempotency-key-reused"))
    assert used.once not in {"", "one"}


def test_each_new_form_has_a_key_of_its_own() -> None:
    first, second = Form(), Form()
    assert first.once == first.once != second.once


@pytest.mark.parametrize(
    ("given", "currency", "units"),
    [
        ("800000", "CNY", 80_000_000),
        ("800,000.5", "CNY", 80_000_050),
        ("８００，０００", "CNY", 80_000_000),
        (" 1 200 ", "CNY", 120_000),
        ("500", "JPY", 500),
    ],
)
def test_amount_is_read_as_people_write_it(given: str, currency: str, units: int) -> None:
    form = Form.of(budget=given)
    assert form.amount("budget", currency, "wrong") == {"minor_units": units, "currency": currency}
    assert not form.failed


@pytest.mark.parametrize("given", ["0", "-5", "ten", "1.005", "1e99", "NaN", "Infinity", "99999999999999999", "1.2.3"])
def test_amount_that_is_none_is_told_at_its_field(given: str) -> None:
    form = Form.of(budget=given)
    assert form.amount("budget", "CNY", "wrong") is None
    assert form.errors == {"budget": "wrong"}


def test_no_amount_is_no_fault() -> None:
    form = Form.of(budget=" ")
    assert form.amount("budget", "CNY", "wrong") is None
    assert not form.failed


def test_spaces_of_a_password_belong_to_it() -> None:
    assert Form.of(password=" a b ").secret("password") == " a b "
    assert Form.of(name=" a b ").text("name") == "a b"


@pytest.mark.parametrize(
    ("paragraph", "heading"),
    [
        ("鞋底易磨损。希望寿命翻倍。", "鞋底易磨损"),
        ("We need 3.5 mm soles that last. Price matters.", "We need 3.5 mm soles that last"),
        ("short", "short"),
        ("字" * 80, "字" * 60 + "…"),
        ("word " * 20, "word " * 11 + "word…"),
    ],
)
def test_heading_is_the_first_sentence(paragraph: str, heading: str) -> None:
    assert first_sentence(paragraph) == heading
