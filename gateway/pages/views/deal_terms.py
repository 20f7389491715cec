"""Terms of an offer between a form and the API, and what changed from one round to the next."""

import difflib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_decimal, get_currency_precision
from markupsafe import Markup, escape

from gateway.pages.api import Json
from gateway.pages.forms import Form
from gateway.pages.texts import Language, territory_code

FORMS = ("ordinary_licence", "sole_licence", "exclusive_licence", "assignment", "equity")
CURRENCIES = ("CNY", "USD", "EUR", "JPY", "GBP", "HKD")
# Where a fault of the API belongs whose place in the body is not the field's name.
PLACES = {
    "/terms/fixed_fee/minor_units": "terms.fixed_fee",
    "/terms/fixed_fee/currency": "currency",
    "/terms/minimum_annual_royalty/minor_units": "terms.minimum_annual_royalty",
    "/terms/minimum_annual_royalty/currency": "currency",
    "/terms/royalty_basis_points": "terms.royalty",
}
_NAMES = (
    "form",
    "fixed_fee",
    "royalty_basis_points",
    "minimum_annual_royalty",
    "territories",
    "field_of_use",
    "starts_at",
    "ends_at",
    "sublicensing_allowed",
    "other_terms",
)
# Of these nothing is said where there is nothing.
_WHERE_GIVEN = frozenset({"royalty_basis_points", "minimum_annual_royalty", "other_terms"})
_WHOLE = 10_000  # basis points
_BETWEEN = re.compile(r"[,，、;；\n]+")
_TOKENS = re.compile(r"[\w.,%-]+|\s+|.", re.ASCII | re.DOTALL)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Term:
    """One term as people read it. `before` is what it was a round ago, None where it is as it was."""

    name: str
    value: Markup
    before: Markup | None = None


def as_read(language: Language, terms: Json, before: Json | None = None) -> list[Term]:
    """All that is worth saying of terms, each with what it was in `before`."""
    read = []
    for name in _NAMES:
        was = before[name] if before else terms[name]
        if name in _WHERE_GIVEN and not terms[name] and not was:
            continue
        value = _words(language, name, terms[name])
        if was == terms[name]:
            read.append(Term(name, value))
        elif name == "other_terms" and was and terms[name]:
            read.append(Term(name, compared(was, terms[name]), Markup("")))
        else:
            read.append(Term(name, value, _words(language, name, was)))
    return read


def compared(before: str, after: str) -> Markup:
    """A text with what was struck out and what was put in, word by word and ideograph by ideograph."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    parts = []
    for kind, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[start:end]), "".join(new[new_start:new_end])
        if kind == "equal":
            parts.append(escape(come))
            continue
        parts += [Markup("<del>{}</del>").format(gone)] if gone else []
        parts += [Markup("<ins>{}</ins>").format(come)] if come else []
    return Markup("").join(parts)


def _words(language: Language, name: str, value: Any) -> Markup:
    if not value:
        return language.t(f"deal.terms.{name}_none")
    match name:
        case "form":
            said = language.word("deal_form", value)
        case "territories":
            said = language.territories(value)
        case "starts_at":
            said = escape(language.day(value))
        case "ends_at":
            said = escape(language.day(_last_moment(value)))
        case "sublicensing_allowed":
            said = language.t("deal.terms.allowed")
        case "royalty_basis_points":
            said = escape(language.percent(value))
        case "fixed_fee" | "minimum_annual_royalty":
            said = escape(language.money(value))
        case _:
            said = language.said(value)
    return said


def filled(language: Language, terms: Json) -> Form:
    """A form to counter with: what is on the table, to be changed where one wants it otherwise."""
    money = terms["fixed_fee"] or terms["minimum_annual_royalty"]
    values = {
        "terms.form": terms["form"] or "",
        "terms.territories": str(language.territories(terms["territories"])),
        "terms.field_of_use": terms["field_of_use"],
        "terms.starts_at": _day(language, terms["starts_at"]),
        "terms.ends_at": _day(language, terms["ends_at"] and _last_moment(terms["ends_at"])),
        "terms.fixed_fee": _figures(terms["fixed_fee"]),
        "terms.royalty": _percent(terms["royalty_basis_points"]),
        "terms.minimum_annual_royalty": _figures(terms["minimum_annual_royalty"]),
        "terms.other_terms": terms["other_terms"],
        "currency": money["currency"] if money else CURRENCIES[0],
    }
    if terms["sublicensing_allowed"]:
        values["terms.sublicensing_allowed"] = "yes"
    return Form.of(**values)


def from_listing(listing: Json) -> Form:
    """A form for the first offer: what the listing asks for."""
    price = listing["price"]
    amount = price.get("minimum")
    forms = [form for form in listing["deal_forms"] if form in FORMS]
    return Form.of(
        **{
            "terms.form": forms[0] if len(forms) == 1 else "",
            "terms.fixed_fee": _figures(amount),
            "terms.royalty": _percent(price.get("royalty_basis_points") or 0),
            "currency": amount["currency"] if amount else CURRENCIES[0],
        }
    )


def body(language: Language, form: Form, held: Json | None) -> Json:
    """The offer as the API takes it; what only the page can see to be wrong is put into the form.

    `held` are the terms on the table: where a day was left as it was, so is its exact moment.
    """
    currency = form.text("currency") or CURRENCIES[0]
    no_amount = language.t("forms.not_an_amount")
    terms = {
        "form": form.optional("terms.form"),
        "territories": _territories(language, form),
        "field_of_use": form.text("terms.field_of_use"),
        "starts_at": _moment(language, form, "terms.starts_at", held and held["starts_at"]),
        "ends_at": _moment(language, form, "terms.ends_at", held and held["ends_at"], last=True),
        "sublicensing_allowed": form.flag("terms.sublicensing_allowed"),
        "fixed_fee": form.amount("terms.fixed_fee", currency, no_amount),
        "royalty_basis_points": _basis_points(language, form),
        "minimum_annual_royalty": form.amount("terms.minimum_annual_royalty", currency, no_amount),
        "other_terms": form.text("terms.other_terms"),
    }
    return {"terms": terms, "expires_at": _moment(language, form, "expires_at", None, last=True)}


def _territories(language: Language, form: Form) -> list[str]:
    """Codes from names of countries in either language, or from codes."""
    given = [part.strip() for part in _BETWEEN.split(form.text("terms.territories")) if part.strip()]
    codes = [territory_code(part) for part in given]
    unknown = [part for part, code in zip(given, codes, strict=True) if code is None]
    if unknown:
        form.errors["terms.territories"] = language.t("deal.form.no_country", names=language.listed(unknown))
    return [code for code in codes if code]


def _moment(language: Language, form: Form, name: str, held: str | None, *, last: bool = False) -> str | None:
    """The beginning of the day that was chosen; of a `last` day its end, which is the first moment outside."""
    chosen = form.text(name)
    if not chosen:
        return None
    if held and chosen == _day(language, _last_moment(held) if last else held):
        return held
    try:
        day = date.fromisoformat(chosen) + timedelta(days=1 if last else 0)
    except (ValueError, OverflowError):
        form.errors[name] = language.t("forms.not_a_day")
        return None
    return datetime.combine(day, time.min, language.time_zone).isoformat()


def _basis_points(language: Language, form: Form) -> int:
    given = form.text("terms.royalty").rstrip("%％ ").replace("，", ".").replace("．", ".")
    if not given:
        return 0
    try:
        points = Decimal(given) * 100
    except InvalidOperation:
        points = Decimal(-1)
    if not (0 <= points <= _WHOLE and points == points.to_integral_value()):
        form.errors["terms.royalty"] = language.t("deal.form.no_rate")
        return 0
    return int(points)


def _last_moment(end: str) -> str:
    """An end is the first moment outside; people say the last day inside."""
    return (datetime.fromisoformat(end).astimezone(UTC) - _INSTANT).isoformat()


def _day(language: Language, moment: str | None) -> str:
    return datetime.fromisoformat(moment).astimezone(language.time_zone).date().isoformat() if moment else ""


def _figures(amount: Json | None) -> str:
    if not amount:
        return ""
    value = Decimal(amount["minor_units"]).scaleb(-get_currency_precision(amount["currency"]))
    return str(format_decimal(value, locale="en"))


def _percent(basis_points: int) -> str:
    return f"{Decimal(basis_points) / 100:f}" if basis_points else ""
