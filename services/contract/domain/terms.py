"""Structured terms of an offer (DESIGN.md §7), and what makes a set of them sound by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.contract.domain.evidence import utc_text
from services.kit.problems import FieldError


class DealForm(StrEnum):
    ORDINARY_LICENCE = "ordinary_licence"
    SOLE_LICENCE = "sole_licence"
    EXCLUSIVE_LICENCE = "exclusive_licence"
    ASSIGNMENT = "assignment"
    OPEN_LICENCE = "open_licence"
    EQUITY = "equity"


# The right itself changes hands: by sale, or as a contribution to a company's capital 作价入股.
TRANSFERS = frozenset({DealForm.ASSIGNMENT, DealForm.EQUITY})


@dataclass(frozen=True)
class Money:
    """An amount in minor units of an ISO 4217 currency."""

    minor_units: int
    currency: str


@dataclass(frozen=True)
class Scope:
    """Where, for what and when a right is used. Times are half-open: `ends_at` is the first moment outside.

    No territories: wherever the right reaches (WIPO ST.3 codes otherwise). No field: every field of use.
    No start: since ever. No end: to the end of the right.
    """

    territories: frozenset[str] = frozenset()
    field_of_use: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def overlaps(self, other: "Scope") -> bool:
        """Whether some use falls under both (G2)."""
        return self._meets_elsewhere_than_in_field(other) and self._shares_field(other)

    def differs_in_field_alone(self, other: "Scope") -> bool:
        """Whether only the wording of the field of use keeps the two apart. Words can hide a common use."""
        return self._meets_elsewhere_than_in_field(other) and not self._shares_field(other)

    def _meets_elsewhere_than_in_field(self, other: "Scope") -> bool:
        territory = not self.territories or not other.territories or bool(self.territories & other.territories)
        return territory and _starts_before(self, other) and _starts_before(other, self)

    def _shares_field(self, other: "Scope") -> bool:
        mine, theirs = _plain(self.field_of_use), _plain(other.field_of_use)
        return not mine or not theirs or mine == theirs


def _starts_before(one: Scope, other: Scope) -> bool:
    """Whether `one` starts before `other` ends."""
    return one.starts_at is None or other.ends_at is None or one.starts_at < other.ends_at


def _plain(field: str) -> str:
    return " ".join(field.casefold().split())


@dataclass(frozen=True)
class Terms:
    """What is offered. `form` None says nothing about exclusivity. A royalty of 250 basis points is 2.5 %."""

    form: DealForm | None = None
    territories: tuple[str, ...] = ()
    field_of_use: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    sublicensing_allowed: bool = False
    fixed_fee: Money | None = None
    royalty_basis_points: int = 0
    minimum_annual_royalty: Money | None = None
    other_terms: str = ""

    @property
    def meaning(self) -> DealForm:
        """The form in law: unclear means ordinary (G1, TI 25)."""
        return self.form or DealForm.ORDINARY_LICENCE

    def scope(self, effective_at: datetime) -> Scope:
        """The use agreed on, starting at `effective_at` where no start is named."""
        return Scope(frozenset(self.territories), self.field_of_use, self.starts_at or effective_at, self.ends_at)

    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON: what is hashed, stored and shown."""
        return {
            "form": self.form,
            "territories": list(self.territories),
            "field_of_use": self.field_of_use,
            "starts_at": _text(self.starts_at),
            "ends_at": _text(self.ends_at),
            "sublicensing_allowed": self.sublicensing_allowed,
            "fixed_fee": _amount(self.fixed_fee),
            "royalty_basis_points": self.royalty_basis_points,
            "minimum_annual_royalty": _amount(self.minimum_annual_royalty),
            "other_terms": self.other_terms,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Terms":
        """The inverse of `as_data`. Raises KeyError or ValueError for anything else."""
        return cls(
            form=DealForm(data["form"]) if data["form"] else None,
            territories=tuple(data["territories"]),
            field_of_use=data["field_of_use"],
            starts_at=_moment(data["starts_at"]),
            ends_at=_moment(data["ends_at"]),
            sublicensing_allowed=data["sublicensing_allowed"],
            fixed_fee=_money(data["fixed_fee"]),
            royalty_basis_points=data["royalty_basis_points"],
            minimum_annual_royalty=_money(data["minimum_annual_royalty"]),
            other_terms=data["other_terms"],
        )


def _text(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _amount(money: Money | None) -> dict[str, Any] | None:
    return {"minor_units": money.minor_units, "currency": money.currency} if money else None


def _money(data: dict[str, Any] | None) -> Money | None:
    return Money(data["minor_units"], data["currency"]) if data else None


def faults(terms: Terms, at: datetime) -> Iterator[FieldError]:
    """What is wrong with terms whatever the right, by JSON pointer into the offer's body."""
    if terms.form is DealForm.OPEN_LICENCE:
        # An open licence is declared to everyone and taken by notice (PL 50-51): there is nothing to negotiate.
        yield FieldError("/terms/form", "open-licence-not-negotiated")
    if terms.ends_at is not None and terms.ends_at <= at:
        yield FieldError("/terms/ends_at", "not-future")
    if terms.starts_at and terms.ends_at and terms.ends_at <= terms.starts_at:
        yield FieldError("/terms/ends_at", "ends-before-start")
    if terms.meaning in TRANSFERS:
        limited = {"territories": terms.territories, "field_of_use": terms.field_of_use, "ends_at": terms.ends_at}
        for name, value in limited.items():
            if value:
                yield FieldError(f"/terms/{name}", "transfer-is-whole")
    yield from _money_faults(terms)


def _money_faults(terms: Terms) -> Iterator[FieldError]:
    minimum, fee = terms.minimum_annual_royalty, terms.fixed_fee
    if minimum and not terms.royalty_basis_points:
        yield FieldError("/terms/minimum_annual_royalty", "minimum-without-royalty")
    if minimum and fee and minimum.currency != fee.currency:
        yield FieldError("/terms/minimum_annual_royalty/currency", "two-currencies")
