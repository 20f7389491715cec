"""Amounts in words and figures. Whole numbers of minor units in, text out: no float on the way."""

from typing import Any

from services.kit.messages import Catalogue


def money(amount: dict[str, Any], text: Catalogue) -> dict[str, str]:
    """{"minor_units": 80000000, "currency": "CNY"} → CNY 800,000.00（人民币捌拾万元整） and its English."""
    from babel.numbers import get_currency_name, get_currency_precision

    code, units = amount["currency"], amount["minor_units"]
    figures = _figures(units, get_currency_precision(code))
    if code == "CNY":
        return {
            "zh": text.text("value.money-in-words", "zh", code=code, amount=figures, words=_in_words(units)),
            "en": text.text("value.money-in-words", "en", code=code, amount=figures),
        }
    return {
        language: text.text(
            "value.money", language, code=code, amount=figures, name=get_currency_name(code, locale=language)
        )
        for language in ("zh", "en")
    }


def percent(basis_points: int) -> str:
    """250 → 2.5"""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def _figures(units: int, digits: int) -> str:
    whole, rest = divmod(units, 10**digits)
    return f"{whole:,}.{rest:0{digits}d}" if digits else f"{whole:,}"


def _in_words(fen: int) -> str:
    """As cheques and contracts write a sum: 捌拾万元整."""
    from cn2an import an2cn

    yuan, rest = divmod(fen, 100)
    return str(an2cn(f"{yuan}.{rest:02d}", "rmb"))
