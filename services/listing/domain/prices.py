"""Asking prices (DOMAIN.md §4). Money is an integer of minor units with its currency, never a float."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.kit.problems import FieldError
from services.listing.domain.vocabulary import PriceForm

_CURRENCY = re.compile(r"[A-Z]{3}")
MOST_MINOR_UNITS = 10**15  # ten trillion yuan: more is a slip of the keyboard
MOST_BASIS_POINTS = 10_000


@dataclass(frozen=True)
class Money:
    minor_units: int
    currency: str = "CNY"


@dataclass(frozen=True)
class AskingPrice:
    """FIXED sets minimum alone, RANGE both, ROYALTY the rate (minimum is its entry fee), NEGOTIABLE at most a floor."""

    form: PriceForm
    minimum: Money | None = None
    maximum: Money | None = None
    royalty_basis_points: int | None = None

    def faults(self) -> Iterator[FieldError]:
        """What is wrong with it, by JSON pointer within the price."""
        needed, optional = PARTS[self.form]
        for name in ("minimum", "maximum", "royalty_basis_points"):
            value = getattr(self, name)
            if value is None and name in needed:
                yield FieldError(f"/{name}", "price-part-needed", params={"form": self.form})
            if value is not None and name not in needed | optional:
                yield FieldError(f"/{name}", "price-part-alien", params={"form": self.form})
        for name, money in (("minimum", self.minimum), ("maximum", self.maximum)):
            if money is not None:
                yield from _money_faults(f"/{name}", money)
        if self.minimum and self.maximum:
            if self.minimum.currency != self.maximum.currency:
                yield FieldError("/maximum/currency", "price-currencies")
            elif self.minimum.minor_units > self.maximum.minor_units:
                yield FieldError("/maximum/minor_units", "price-order")
        rate = self.royalty_basis_points
        if rate is not None and not 1 <= rate <= MOST_BASIS_POINTS:
            yield FieldError("/royalty_basis_points", "royalty-rate")


# Parts that a form needs, and those it may have.
PARTS: dict[PriceForm, tuple[frozenset[str], frozenset[str]]] = {
    PriceForm.FIXED: (frozenset({"minimum"}), frozenset()),
    PriceForm.NEGOTIABLE: (frozenset(), frozenset({"minimum"})),
    PriceForm.RANGE: (frozenset({"minimum", "maximum"}), frozenset()),
    PriceForm.ROYALTY: (frozenset({"royalty_basis_points"}), frozenset({"minimum"})),
    PriceForm.FREE: (frozenset(), frozenset()),
}
# An open licence declares its fee and standard (G7): these forms do.
DECLARED_FEES = frozenset({PriceForm.FIXED, PriceForm.ROYALTY, PriceForm.FREE})


def _money_faults(pointer: str, money: Money) -> Iterator[FieldError]:
    if not 0 <= money.minor_units <= MOST_MINOR_UNITS:
        yield FieldError(f"{pointer}/minor_units", "amount", params={"most": MOST_MINOR_UNITS})
    if not _CURRENCY.fullmatch(money.currency):
        yield FieldError(f"{pointer}/currency", "currency")
