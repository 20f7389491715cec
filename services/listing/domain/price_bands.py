"""What of asking prices can be compared, and the bands to look through a catalogue by."""

from services.kit.bands import bands_of
from services.listing.domain.prices import AskingPrice, Money
from services.listing.domain.vocabulary import PriceForm

# Those whose price is no amount.
OTHER_BANDS = (PriceForm.FREE, PriceForm.NEGOTIABLE, PriceForm.ROYALTY)


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
        least, most = amounts
        found += bands_of(least.currency, least.minor_units, most.minor_units)
    return found
