"""Bands of amounts of money, to look through offers by. A band is of one currency: CNY and USD never share one."""

# Upper ends in units of the currency, each without the end itself, and the band's name.
_ENDS = ((100_000, "to-100k"), (500_000, "100k-500k"), (1_000_000, "500k-1m"), (5_000_000, "1m-5m"))
BANDS = (*(name for _, name in _ENDS), "from-5m")
PATTERN = f"[A-Z]{{3}}-({'|'.join(BANDS)})"

# ISO 4217: minor units are hundredths, but for these.
_DIGITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
)
_DIGITS |= dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def bands_of(currency: str, least: int, most: int) -> list[str]:
    """Each band that amounts of so many minor units reach into: `CNY-100k-500k`."""
    first, last = (_place(minor_units, currency) for minor_units in (least, most))
    return [f"{currency}-{BANDS[place]}" for place in range(first, last + 1)]


def _place(minor_units: int, currency: str) -> int:
    units = minor_units / 10 ** _DIGITS.get(currency, 2)
    return next((place for place, (end, _) in enumerate(_ENDS) if units < end), len(_ENDS))


def split(band: str) -> tuple[str | None, str]:
    """Currency and name of a band; what is none has no currency."""
    currency, _, name = band.partition("-")
    return (currency, name) if name in BANDS else (None, band)
