"""Bodies of the API, in and out."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticKnownError

from services.contract.domain.states import Action, By, DealState, ReasonCode
from services.contract.domain.terms import DealForm, Money, Terms
from services.kit.auth import OrganisationKind
from services.kit.web.route import ProblemBody

NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no NUL in a text


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise PydanticKnownError("datetime_parsing", {"error": "outside the calendar"}) from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Message = Annotated[str, StringConstraints(max_length=4_000, pattern=NO_NUL)]
Territory = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MoneyBody(In):
    """An amount in minor units of an ISO 4217 currency: 80000000 CNY is 800,000.00 yuan."""

    minor_units: int = Field(ge=0, le=10**15, strict=True, examples=[80_000_000])
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["CNY"])

    @classmethod
    def of(cls, money: Money | None) -> "MoneyBody | None":
        return cls(minor_units=money.minor_units, currency=money.currency) if money else None

    def money(self) -> Money:
        return Money(self.minor_units, self.currency)


class TermsBody(In):
    """Structured terms. No form: unclear, which the law reads as an ordinary licence (G1).

    No territories: wherever the right reaches. No field of use: every field. No start: from signature on. No end: to
    the end of the right.
    """

    form: DealForm | None = None
    territories: list[Territory] = Field([], max_length=250, description="WIPO ST.3 codes", examples=[["CN"]])
    field_of_use: str = Field("", max_length=500, pattern=NO_NUL)
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    sublicensing_allowed: bool = Field(False, strict=True)
    fixed_fee: MoneyBody | None = None
    royalty_basis_points: int = Field(0, ge=0, le=10_000, strict=True, description="250 is 2.5 %")
    minimum_annual_royalty: MoneyBody | None = None
    other_terms: str = Field("", max_length=10_000, pattern=NO_NUL)

    @classmethod
    def of(cls, terms: Terms) -> "TermsBody":
        return cls(
            form=terms.form,
            territories=list(terms.territories),
            field_of_use=terms.field_of_use,
            starts_at=terms.starts_at,
            ends_at=terms.ends_at,
            sublicensing_allowed=terms.sublicensing_allowed,
            fixed_fee=MoneyBody.of(terms.fixed_fee),
            royalty_basis_points=terms.royalty_basis_points,
            minimum_annual_royalty=MoneyBody.of(terms.minimum_annual_royalty),
            other_terms=terms.other_terms,
        )

    def terms(self) -> Terms:
        return Terms(
            form=self.form,
            territories=tuple(sorted(set(self.territories))),
            field_of_use=self.field_of_use.strip(),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            sublicensing_allowed=self.sublicensing_allowed,
            fixed_fee=self.fixed_fee.money() if self.fixed_fee else None,
            royalty_basis_points=self.royalty_basis_points,
            minimum_annual_royalty=self.minimum_annual_royalty.money() if self.minimum_annual_royalty else None,
            other_terms=self.other_terms,
        )


class OpenDeal(In):
    listing_id: UUID
    message: Message
    demand_id: UUID | None = Field(None, description="The own demand that led here.")
    broker_organisation_id: UUID | None = Field(None, description="A broker who may see the deal.")


class MakeOffer(In):
    terms: TermsBody
    expires_at: Moment | None = Field(None, description="At most 180 days ahead; 14 days by default.")


class LeaveDeal(In):
    reason_code: ReasonCode
    note: Annotated[str, StringConstraints(max_length=2_000, pattern=NO_NUL)] = Field(
        "", description="Needed where the reason is `other`."
    )


class Nothing(In):
    """An empty object."""


class Party(BaseModel):
    """`name` and `kind` are null until the organisation has been heard of."""

    organisation_id: UUID
    name: str | None
    kind: OrganisationKind | None


class OfferView(BaseModel):
    offer_id: UUID
    round: int
    from_organisation_id: UUID
    made_at: datetime
    expires_at: datetime
    terms: TermsBody
    form_in_law: DealForm = Field(description="Unclear means ordinary (G1, TI 25).")


class SignatureView(BaseModel):
    organisation_id: UUID
    user_id: UUID
    signatory: str
    signed_at: datetime
    document_sha256: str
    pdf_sha256: str | None


class Pdf(BaseModel):
    """The document as a PDF. `sha256` is of the bytes the parties sign; a signature is added to them, never within.

    `signatures` counts those in the file by now. `sealed_sha256` is that of the final file, with both.
    """

    sha256: str
    size: int
    template: str
    url: str
    signatures: int
    sealed_sha256: str | None
    sealed_at: datetime | None


class Document(BaseModel):
    """What is signed: `sha256` is over the canonical JSON (sorted keys, no spaces, UTF-8) of `content`."""

    sha256: str
    content: dict[str, Any]
    pdf: Pdf | None = Field(description="None where the terms were agreed before documents were PDFs.")


class ClosingView(BaseModel):
    reason_code: str = Field(description="A reason code, or `offer_expired` where nobody answered in time.")
    note: str
    closed_by_organisation_id: UUID | None
    closed_at: datetime


class Note(BaseModel):
    """What a guard rail wants read before acting."""

    code: str
    rule: str
    article: str
    text: str


class ActionView(BaseModel):
    """What can happen in this state, by whom, and what would stop the reader: the very answer to trying."""

    action: Action
    by: By
    allowed: bool
    blocked_by: ProblemBody | None
    notes: list[Note]


class RecordalView(BaseModel):
    due_at: datetime | None = Field(description="End of the term for filing; null where the law sets none.")
    rule: str | None
    article: str | None
    filing_number: str
    filed_on: date | None
    filed_late: bool
    receipt_number: str
    recorded_on: date | None
    refusal: str


class DealSummary(BaseModel):
    deal_id: UUID
    state: DealState
    version: int
    listing_id: UUID
    right_id: UUID
    number: str
    title: str
    licensor: Party
    licensee: Party
    broker: Party | None
    opened_at: datetime
    updated_at: datetime
    awaits: str | None = Field(description="Whose step is next: licensor or licensee; null where nobody's is.")


class DealView(DealSummary):
    demand_id: UUID | None
    message: str
    my_side: str = Field(description="licensor, licensee or broker")
    open_offer_id: UUID | None = Field(description="The offer that waits for its answer.")
    offers: list[OfferView]
    document: Document | None = Field(description="From acceptance on.")
    signatures: list[SignatureView]
    closing: ClosingView | None
    invoice_id: UUID | None = Field(description="What is due at signing; see /api/v1/invoices.")
    recordal: RecordalView | None = Field(description="From the last signature on.")
    actions: list[ActionView]


class HistoryEntry(BaseModel):
    """One link: `hash` is SHA-256 over the canonical JSON of every other field here, so `previous_hash` chains them."""

    deal_id: UUID
    sequence: int
    at: str = Field(description="As hashed.", json_schema_extra={"format": "date-time"})
    event: str
    actor: dict[str, Any]
    data: dict[str, Any]
    previous_hash: str
    hash: str
