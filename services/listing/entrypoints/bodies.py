"""What callers send. Unknown fields are refused; each fault is located."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.limits import Limit
from services.listing.domain.listings import ListingTerms
from services.listing.domain.prices import AskingPrice, Money
from services.listing.domain.register import Category
from services.listing.domain.rights import RightDraft
from services.listing.domain.vocabulary import (
    DealForm,
    EncumbranceKind,
    Language,
    Maturity,
    PriceForm,
    RightKind,
    RightStatus,
)


def _in_utc(moment: datetime) -> datetime:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


# A day alone is its midnight, UTC.
Moment = Annotated[datetime, AfterValidator(_in_utc)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=Limit.TITLE)]
Summary = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=Limit.SUMMARY)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=Limit.REASON)]
Text = Annotated[str, Field(max_length=Limit.ABSTRACT)]
Name = Annotated[str, Field(max_length=Limit.NAME)]
Holder = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=Limit.NAME)]
Symbols = Annotated[list[Annotated[str, Field(max_length=Limit.NUMBER)]], Field(max_length=Limit.SYMBOLS)]
Territories = Annotated[list[Annotated[str, Field(max_length=2)]], Field(max_length=Limit.TERRITORIES)]
Industries = Annotated[list[Holder], Field(max_length=Limit.INDUSTRIES)]
DealForms = Annotated[list[DealForm], Field(min_length=1, max_length=len(DealForm))]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RegisterRight(Body):
    """`number` in any way of writing. Without `status` or the register's words nothing but the filing is taken as
    known of an application.
    """

    number: Annotated[str, Field(min_length=1, max_length=Limit.NUMBER, examples=["CN202310375785.X"])]
    title: Title
    abstract: Text
    kind: RightKind | None = None
    owner_name: Name = ""
    ipc: Symbols = Field(default=[], examples=[["H01M 10/0525"]])
    filed_at: Moment | None = None
    granted_at: Moment | None = None
    status: RightStatus | None = None
    status_as_given: Name = Field(default="", examples=["专利权维持"])
    language: Language | None = None

    def draft(self) -> RightDraft:
        return RightDraft(**dict(self))


class ChangeRight(Body):
    """Only what is to change."""

    title: Title = ""
    abstract: Text = ""
    owner_name: Name = ""
    ipc: Symbols = []
    filed_at: Moment | None = None
    granted_at: Moment | None = None
    language: Language = Language.CHINESE

    def changes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class RecordStatusEvent(Body):
    """An entry of the register. `category` is a letter of WIPO ST.27; `as_given` the register's own words."""

    category: Category
    status: RightStatus | None = None
    as_given: Name = ""
    occurred_at: Moment


class RecordEncumbrance(Body):
    """`holder`: pledgee, licensee, court or co-owner. `territories`: WIPO ST.3, none for everywhere."""

    kind: EncumbranceKind
    holder: Holder
    holder_consents: bool = False
    licence_form: DealForm | None = None
    territories: Territories = []
    field_of_use: Name = ""
    starts_at: Moment | None = None
    ends_at: Moment | None = None

    def encumbrance(self) -> Encumbrance:
        return Encumbrance(**{**dict(self), "territories": tuple(self.territories)})


class MoneyBody(Body):
    """Minor units of an ISO 4217 currency: 80000000 CNY is 800,000.00 yuan."""

    minor_units: StrictInt
    currency: str = Field(default="CNY", min_length=3, max_length=3)

    def money(self) -> Money:
        return Money(self.minor_units, self.currency)


class PriceBody(Body):
    """fixed: minimum. range: both. royalty: the rate in basis points, and an entry fee as minimum if there is one.
    negotiable: a floor as minimum if there is one. free: nothing.
    """

    form: PriceForm
    minimum: MoneyBody | None = None
    maximum: MoneyBody | None = None
    royalty_basis_points: StrictInt | None = None

    def price(self) -> AskingPrice:
        return AskingPrice(
            self.form,
            self.minimum.money() if self.minimum else None,
            self.maximum.money() if self.maximum else None,
            self.royalty_basis_points,
        )


class TermsBody(Body):
    """What the holder writes. `private_details` are seen by the own organisation alone."""

    summary: Summary
    prospects: Text = ""
    deal_forms: DealForms
    price: PriceBody
    maturity: Maturity | None = None
    industries: Industries = []
    territories: Territories = []
    region: Name = ""
    private_details: Text = ""

    def terms(self) -> ListingTerms:
        return ListingTerms(**_of_terms({name: getattr(self, name) for name in TermsBody.model_fields}))


class DraftListing(TermsBody):
    right_id: UUID


class ChangeListing(Body):
    """Only what is to change."""

    summary: Summary = ""
    prospects: Text = ""
    deal_forms: DealForms = []
    price: PriceBody = PriceBody(form=PriceForm.NEGOTIABLE)
    maturity: Maturity | None = None
    industries: Industries = []
    territories: Territories = []
    region: Name = ""
    private_details: Text = ""

    def applied_to(self, terms: ListingTerms) -> ListingTerms:
        return replace(terms, **_of_terms({name: getattr(self, name) for name in self.model_fields_set}))


def _of_terms(values: dict[str, Any]) -> dict[str, Any]:
    """Values as ListingTerms holds them: lists as tuples without repeats, the price as a price."""
    held = dict(values)
    for name, value in values.items():
        if isinstance(value, list):
            held[name] = tuple(dict.fromkeys(value))
        elif isinstance(value, PriceBody):
            held[name] = value.price()
    return held


class Withdraw(Body):
    reason: Reason
