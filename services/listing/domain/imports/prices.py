"""Prices in sheets: amounts in 万元 (10,000 yuan), and bands of them."""

import re
from decimal import Decimal

from services.kit.problems import FieldError
from services.listing.domain.imports.wording import NEGOTIABLE_BAND
from services.listing.domain.prices import MOST_MINOR_UNITS, AskingPrice, Money
from services.listing.domain.vocabulary import PriceForm

FEN_PER_WAN = 1_000_000  # 10,000 yuan of 100 fen
_BAND = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)-(\d{1,6}(?:\.\d{1,6})?)万元?")
_FLOOR = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)万元?以上")
_NEGOTIABLE = AskingPrice(PriceForm.NEGOTIABLE)


class NoAmount(ValueError):
    """Not an amount of whole fen within reason."""


def fee(value: object) -> Money | None:
    """An amount in 万元, as text or number. None for a blank. Raises NoAmount."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise NoAmount
    try:
        fen = Decimal(value.strip() if isinstance(value, str) else value) * FEN_PER_WAN
    except ArithmeticError as error:
        raise NoAmount from error
    if not fen.is_finite() or not 0 <= fen <= MOST_MINOR_UNITS or fen != fen.to_integral_value():
        raise NoAmount
    return Money(int(fen))


def asking_price(exact: Money | None, band: str) -> tuple[AskingPrice, list[FieldError]]:
    """The price that a fee and a band make together, and what is odd about them. The exact fee wins."""
    banded, oddities = _of_band(band)
    if exact is None:
        return banded, oddities
    below = banded.minimum is not None and exact.minor_units < banded.minimum.minor_units
    above = banded.maximum is not None and exact.minor_units > banded.maximum.minor_units
    if below or above:
        oddities.append(FieldError("/fee_wan_cny", "fee-outside-band", params={"band": band}))
    if exact.minor_units == 0:
        return AskingPrice(PriceForm.FREE), oddities
    return AskingPrice(PriceForm.FIXED, minimum=exact), oddities


def _of_band(band: str) -> tuple[AskingPrice, list[FieldError]]:
    plain = band.strip()
    if plain in ("", NEGOTIABLE_BAND):
        return _NEGOTIABLE, []
    if found := _BAND.fullmatch(plain):
        low, high = (Money(int(Decimal(part) * FEN_PER_WAN)) for part in found.groups())
        if low.minor_units <= high.minor_units:
            return AskingPrice(PriceForm.RANGE, minimum=low, maximum=high), []
    if found := _FLOOR.fullmatch(plain):
        # Open above, so it is no range: negotiable from a floor.
        return AskingPrice(PriceForm.NEGOTIABLE, minimum=Money(int(Decimal(found[1]) * FEN_PER_WAN))), []
    return _NEGOTIABLE, [FieldError("/price_band", "price-band-unknown", params={"given": band[:50]})]
