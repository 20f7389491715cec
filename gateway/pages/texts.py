"""Words, numbers, money and dates of a page, in the reader's language.

Words are in messages/*.toml, one file per area of the pages, each with one table named after its file: what is under
[home] in home.toml is `t("home.…")`. A text that depends on a count has the forms `one` and `other` (Unicode's plural
rules), and is read by `n`.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)
from markupsafe import Markup, escape

from services.kit.messages import Catalogue

MESSAGES = Path(__file__).parent / "messages"
# As a path, as a BCP 47 tag for `lang`, and as Babel knows it.
TAGS = {"zh": "zh-CN", "en": "en"}
_LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LONG_AMOUNT = 10_000
_COUNTRY = re.compile("[A-Z]{2}")


def load_messages(folder: Path = MESSAGES) -> Catalogue:
    """Raises ValueError where a text lacks a language, or a file holds another's table."""
    files = sorted(folder.glob("*.toml"))
    for file in files:
        if alien := set(tomllib.loads(file.read_text(encoding="utf-8"))) - {file.stem}:
            raise ValueError(f"{file}: tables of this file begin with {file.stem}, not {', '.join(sorted(alien))}")
    return Catalogue.load(*files)


class Language:
    """One of the two, with everything a template says in it."""

    def __init__(self, code: str, catalogue: Catalogue, time_zone: ZoneInfo) -> None:
        self.code = code
        self.tag = TAGS[code]
        self.other = next(other for other in TAGS if other != code)
        self._catalogue = catalogue
        self._locale = Locale.parse(_LOCALES[code])
        self.time_zone = time_zone

    def t(self, key: str, **params: object) -> Markup:
        """The text of `key`. Parameters are escaped unless they are Markup. Raises KeyError for an unknown key."""
        text = escape(self._catalogue.raw(key)[self.code])
        return text.format(**params) if params else text

    def n(self, key: str, count: int, **params: object) -> Markup:
        """The text of `key` for so many; `{count}` in it is the number as people write it."""
        form = self._locale.plural_form(count)
        chosen = f"{key}.{form}" if f"{key}.{form}" in self._catalogue else f"{key}.other"
        return self.t(chosen, count=self.number(count), **params)

    def has(self, key: str) -> bool:
        return key in self._catalogue

    def word(self, kind: str, value: str) -> Markup:
        """The name of a value of the API, such as `word("deal_form", "sole_licence")`; as it is where it has none."""
        key = f"words.{kind}.{value}"
        return self.t(key) if key in self._catalogue else escape(value)

    def listed(self, texts: Sequence[str]) -> Markup:
        return self.t("words.comma").join(texts)

    def number(self, value: int) -> str:
        return format_decimal(value, locale=self._locale)

    def percent(self, basis_points: int) -> str:
        return format_percent(Decimal(basis_points) / 10_000, locale=self._locale, format="#,##0.##%")

    def money(self, amount: Mapping[str, Any], *, short: bool = False) -> str:
        """`short` is for cards: ¥80万, CN¥800K."""
        currency = amount["currency"]
        value = Decimal(amount["minor_units"]).scaleb(-get_currency_precision(currency))
        if short and value >= _LONG_AMOUNT:
            return format_compact_currency(value, currency, locale=self._locale, fraction_digits=1)
        pattern = "¤#,##0" if value == value.to_integral_value() else None
        return format_currency(value, currency, pattern, locale=self._locale, currency_digits=pattern is None)

    def price(self, price: Mapping[str, Any], *, short: bool = False) -> Markup:
        """An asking price as the API gives it."""
        parts: dict[str, object] = {
            name: self.money(price[name], short=short) for name in ("minimum", "maximum") if price.get(name)
        }
        if price.get("royalty_basis_points"):
            parts["rate"] = self.percent(price["royalty_basis_points"])
        form = price["form"]
        with_minimum = f"words.price.{form}_from"
        key = with_minimum if "minimum" in parts and with_minimum in self._catalogue else f"words.price.{form}"
        return self.t(key, **parts)

    def day(self, moment: str | datetime | None) -> str:
        return format_date(self._local(moment).date(), "long", locale=self._locale) if moment else ""

    def time(self, moment: str | datetime | None) -> str:
        if not moment:
            return ""
        return format_datetime(
            self._local(moment), "d MMM y, HH:mm" if self.code == "en" else "y年M月d日 HH:mm", locale=self._locale
        )

    def iso(self, moment: str | datetime) -> str:
        """For the `datetime` of a <time>."""
        return self._local(moment).isoformat(timespec="seconds")

    def said(self, text: str) -> Markup:
        """What somebody wrote, marked with its language where that is not the page's."""
        tag = tag_of(text)
        return escape(text) if not text or tag == self.tag else Markup('<span lang="{}">{}</span>').format(tag, text)

    def territories(self, codes: Sequence[str]) -> Markup:
        """Names of countries (WIPO ST.3 codes are those of ISO 3166, and a few of offices)."""
        return self.listed([self._locale.territories.get(code, code) for code in codes])

    def law(self, article: str | None) -> Markup:
        """An article as the API cites it (`CC 444`), in the words lawyers look it up by; as it is where unknown."""
        short, _, number = (article or "").partition(" ")
        key = f"words.law.{short}"
        return self.t(key, article=number) if number and key in self._catalogue else escape(article or "")

    def _local(self, moment: str | datetime) -> datetime:
        parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return parsed.astimezone(self.time_zone)


@cache
def _territory_codes() -> dict[str, str]:
    """Codes by the names of countries in both languages."""
    names = [(name, code) for locale in _LOCALES.values() for code, name in Locale.parse(locale).territories.items()]
    return {name.casefold(): code for name, code in names if _COUNTRY.fullmatch(code)}


def territory_code(text: str) -> str | None:
    """The code of a country that is called so in either language, or of one given by its code; None for neither."""
    given = text.strip().casefold()
    found = _territory_codes().get(given)
    return found or (given.upper() if given.isascii() and _COUNTRY.fullmatch(given.upper()) else None)


def tag_of(text: str) -> str:
    """The language of a text as people here write: any ideograph makes it Chinese."""
    return TAGS["zh"] if _IDEOGRAPH.search(text) else TAGS["en"]


def paragraphs(text: str) -> Markup:
    """A text of several lines, each a paragraph."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)
