"""Bands of asking prices, to look through a catalogue by. A band is of one currency: CNY and USD never share one."""

from services.listing.domain.prices import AskingPrice, Money
from services.listing.domain.vocabulary import PriceForm

# Upper ends in units of the currency, each without the end itself, and the band's name.
_BANDS = ((100_000, "to-100k"), (500_000, "100k-500k"), (1_000_000, "500k-1m"), (5_000_000, "1m-5m"))
_TOP = "from-5m"
AMOUNT_BANDS = (*(name for _, name in _BANDS), _TOP)
# Those whose price is no amount.
OTHER_BANDS = (PriceForm.FREE, PriceForm.NEGOTIABLE, PriceForm.ROYALTY)

# ISO 4217: minor units are hundredths, but for these.
_DIGITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
)
_DIGITS |= dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def asked(price: AskingPrice) -> tuple[Money, Money] | None:
    """The least and the most that is asked; None where no amount is (royalties, to be negotiated, free).

    What is negotiable from a floor asks for its floor. An entry fee is not what royalties come to.
    """
    if price.form is PriceForm.ROYALTY or price.minimum is None:
        return None
    return price.minimum, price.maximum or price.minimum


def bands(price: AskingPrice) -> list[str]:
    """Each band that a price reaches into: `CNY-100k-500k`, or the form of one that is no amount."""
    found: list[str] = [price.form] if price.form in OTHER_BANDS else []
    amounts = asked(price)
    if amounts is not None:
        least, most = (_place(money) for money in amounts)
        found += [f"{amounts[0].currency}-{AMOUNT_BANDS[place]}" for place in range(least, most + 1)]
    return found


def _place(money: Money) -> int:
    units = money.minor_units / 10 ** _DIGITS.get(money.currency, 2)
    return next((place for place, (end, _) in enumerate(_BANDS) if units < end), len(_BANDS))


def split(band: str) -> tuple[str | None, str]:
    """Currency and name of a band; no currency where its price is no amount."""
    currency, _, name = band.partition("-")
    return (currency, name) if name in AMOUNT_BANDS else (None, band)
