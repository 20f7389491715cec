import pytest

from services.kit.bands import split
from services.listing.domain.price_bands import asked, bands
from services.listing.domain.prices import AskingPrice, Money
from services.listing.domain.vocabulary import PriceForm


def price(form: PriceForm, *amounts: int, currency: str = "CNY", rate: int | None = None) -> AskingPrice:
    least, most = (*(Money(amount, currency) for amount in amounts), None, None)[:2]
    return AskingPrice(form, least, most, rate)


@pytest.mark.parametrize(
    ("asking", "expected"),
    [
        (price(PriceForm.FIXED, 99_999_99), ["CNY-to-100k"]),
        (price(PriceForm.FIXED, 100_000_00), ["CNY-100k-500k"]),
        (price(PriceForm.FIXED, 100_000_00, currency="USD"), ["USD-100k-500k"]),
        (price(PriceForm.FIXED, 5_000_000_00), ["CNY-from-5m"]),
        (price(PriceForm.FIXED, 100_000, currency="JPY"), ["JPY-100k-500k"]),
        (price(PriceForm.FIXED, 100_000_000, currency="KWD"), ["KWD-100k-500k"]),
        (price(PriceForm.RANGE, 400_000_00, 1_000_000_00), ["CNY-100k-500k", "CNY-500k-1m", "CNY-1m-5m"]),
        (price(PriceForm.NEGOTIABLE), ["negotiable"]),
        (price(PriceForm.NEGOTIABLE, 200_000_00), ["negotiable", "CNY-100k-500k"]),
        (price(PriceForm.ROYALTY, 200_000_00, rate=300), ["royalty"]),
        (price(PriceForm.FREE), ["free"]),
    ],
)
def test_a_price_is_in_each_band_it_reaches_into(asking: AskingPrice, expected: list[str]) -> None:
    assert bands(asking) == expected


def test_a_bands_currency_and_name() -> None:
    assert [split(band) for band in ("USD-to-100k", "negotiable")] == [("USD", "to-100k"), (None, "negotiable")]


def test_an_entry_fee_is_not_what_is_asked() -> None:
    assert asked(price(PriceForm.ROYALTY, 200_000_00, rate=300)) is None
    assert asked(price(PriceForm.RANGE, 1, 2)) == (Money(1), Money(2))
