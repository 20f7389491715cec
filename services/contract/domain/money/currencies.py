"""ISO 4217: how many digits of a currency are minor units, and amounts as people and banks write them."""

from decimal import Decimal, InvalidOperation

# Those that differ from two (ISO 4217:2015, list one). A code not named here has two.
_DIGITS = {
    **dict.fromkeys(("CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF"), 0),
    **dict.fromkeys(("XOF", "XPF", "BIF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
LARGEST = 10**15


def digits(currency: str) -> int:
    return _DIGITS.get(currency, 2)


def written(minor_units: int, currency: str) -> str:
    """80000000 CNY → "800000.00"."""
    return f"{Decimal(minor_units).scaleb(-digits(currency)):.{digits(currency)}f}"


def minor_units(text: str | Decimal, currency: str) -> int:
    """The inverse of `written`. Raises ValueError where it is no amount, too large, or finer than the currency."""
    try:
        amount = Decimal(text).scaleb(digits(currency))
    except InvalidOperation as error:
        raise ValueError(f"no amount: {text}") from error
    if not amount.is_finite() or abs(amount) > LARGEST or amount != amount.to_integral_value():
        raise ValueError(f"no amount in {currency}: {text}")
    return int(amount)
