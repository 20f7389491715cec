"""What callers are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.kit.messages import Catalogue
from services.kit.problems import FieldError
from services.listing.adapters.tables import FindingRecord
from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.imports.progress import Import, ImportState, Severity
from services.listing.domain.listings import Listing
from services.listing.domain.register import Category, StatusEvent
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import (
    DealForm,
    EncumbranceKind,
    Language,
    ListingStatus,
    Maturity,
    PriceForm,
    RightKind,
    RightStatus,
)


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class TextView(BaseModel):
    en: str
    zh: str


class RemarkView(BaseModel):
    """What the holder should know of a field, in both languages. `position` counts characters from 0."""

    pointer: str
    code: str
    position: int | None
    text: TextView

    @classmethod
    def of(cls, fault: FieldError, catalogue: Catalogue) -> Self:
        return cls(
            pointer=fault.pointer,
            code=fault.code,
            position=fault.position,
            text=text_of(catalogue, f"field.{fault.code}", fault.params),
        )


def text_of(catalogue: Catalogue, key: str, params: dict[str, object]) -> TextView:
    return TextView(en=catalogue.text(key, "en", **params), zh=catalogue.text(key, "zh", **params))


class EncumbranceView(View):
    encumbrance_id: UUID
    kind: EncumbranceKind
    holder: str
    holder_consents: bool
    licence_form: DealForm | None
    territories: list[str]
    field_of_use: str
    starts_at: datetime | None
    ends_at: datetime | None
    deal_id: UUID | None

    @classmethod
    def of(cls, burden: Encumbrance) -> Self:
        return cls.model_validate(burden)


class RightView(BaseModel):
    """`number` is canonical, `number_as_given` what the holder wrote. `expires_at` is the end of the term, null where
    the filing date is not known; `ends_by` when it has surely ended, from what is known. `status_as_given` are the
    register's own words.
    """

    right_id: UUID
    organisation_id: UUID
    kind: RightKind
    office: str
    number: str
    number_as_given: str
    title: str
    abstract: str
    owner_name: str
    ipc: list[str]
    status: RightStatus
    status_as_given: str
    filed_at: datetime | None
    granted_at: datetime | None
    expires_at: datetime | None
    ends_by: datetime | None
    encumbrances: list[EncumbranceView]
    assignment_deal_id: UUID | None
    language: Language
    warnings: list[RemarkView]
    created_at: datetime
    version: int

    @classmethod
    def of(cls, right: Right, catalogue: Catalogue) -> Self:
        return cls(
            right_id=right.right_id,
            organisation_id=right.organisation_id,
            kind=right.kind,
            office=right.number.office,
            number=right.number.canonical,
            number_as_given=right.number.raw,
            title=right.title,
            abstract=right.abstract,
            owner_name=right.owner_name,
            ipc=list(right.ipc),
            status=right.status,
            status_as_given=right.status_as_given,
            filed_at=right.filed_at,
            granted_at=right.granted_at,
            expires_at=right.expires_at,
            ends_by=right.ends_by,
            encumbrances=[EncumbranceView.of(burden) for burden in right.encumbrances],
            assignment_deal_id=right.assignment_deal_id,
            language=right.language,
            warnings=[RemarkView.of(fault, catalogue) for fault in right.warnings()],
            created_at=right.created_at,
            version=right.version,
        )


class StatusEventView(View):
    """`status` is what the event made of the right, null where it changed nothing; `occurred_at` is null where nobody
    told the day. `by_hall`: entered by the hall itself, not by the holder or an operator.
    """

    status_event_id: UUID
    category: Category
    status: RightStatus | None
    as_given: str
    occurred_at: datetime | None
    recorded_at: datetime
    by_hall: bool

    @classmethod
    def of(cls, event: StatusEvent) -> Self:
        return cls.model_validate(event)


class ListingFigures(BaseModel):
    states: dict[ListingStatus, int]


class StatusLog(BaseModel):
    """The register's log of a right, in the order of what happened, and what it comes to."""

    status: RightStatus
    status_as_given: str
    items: list[StatusEventView]
    next: None = None


class EncumbranceList(BaseModel):
    items: list[EncumbranceView]
    next: None = None


class MoneyView(View):
    minor_units: int
    currency: str


class PriceView(View):
    form: PriceForm
    minimum: MoneyView | None
    maximum: MoneyView | None
    royalty_basis_points: int | None


class ListingView(BaseModel):
    """`private_details` and `withdrawal_reason` are shown to the own organisation alone, null to others."""

    listing_id: UUID
    right_id: UUID
    organisation_id: UUID
    organisation_name: str
    right: RightView
    status: ListingStatus
    summary: str
    prospects: str
    deal_forms: list[DealForm]
    price: PriceView
    maturity: Maturity | None
    industries: list[str]
    territories: list[str]
    region: str
    private_details: str | None
    withdrawal_reason: str | None
    published_at: datetime | None
    created_at: datetime
    version: int

    @classmethod
    def of(cls, listing: Listing, right: Right, catalogue: Catalogue, *, own: bool) -> Self:
        terms = listing.terms
        return cls(
            listing_id=listing.listing_id,
            right_id=listing.right_id,
            organisation_id=listing.organisation_id,
            organisation_name=listing.organisation_name,
            right=RightView.of(right, catalogue),
            status=listing.status,
            summary=terms.summary,
            prospects=terms.prospects,
            deal_forms=list(terms.deal_forms),
            price=PriceView.model_validate(terms.price),
            maturity=terms.maturity,
            industries=list(terms.industries),
            territories=list(terms.territories),
            region=terms.region,
            private_details=terms.private_details if own else None,
            withdrawal_reason=listing.withdrawal_reason if own else None,
            published_at=listing.published_at,
            created_at=listing.created_at,
            version=listing.version,
        )


class ImportView(View):
    """`done` of `rows` are worked through: `accepted` became rights, `rejected` did not. `published` listings."""

    import_id: UUID
    organisation_id: UUID
    state: ImportState
    publish: bool
    rows: int
    done: int
    accepted: int
    rejected: int
    published: int
    percent: int
    created_at: datetime
    finished_at: datetime | None
    version: int

    @classmethod
    def of(cls, this: Import) -> Self:
        return cls.model_validate(this)


class FindingView(BaseModel):
    """What was found in a row. `row` is its line in the sheet, from 1; `pointer` the field; `position` the character in
    it, from 0. An `error` kept the row out, a `warning` did not.
    """

    row: int
    severity: Severity
    problem: str
    pointer: str
    code: str
    position: int | None
    text: TextView
    rule: str | None
    article: str | None

    @classmethod
    def of(cls, record: FindingRecord, catalogue: Catalogue) -> Self:
        # A guard rail's remark carries the problem's own text.
        key = f"{record.problem}.detail" if record.rule else f"field.{record.code}"
        return cls(
            row=record.row,
            severity=Severity(record.severity),
            problem=record.problem,
            pointer=record.pointer,
            code=record.code,
            position=record.position,
            text=text_of(catalogue, key, record.params),
            rule=record.rule,
            article=record.article,
        )


def log_of(right: Right, events: Sequence[StatusEvent]) -> StatusLog:
    return StatusLog(
        status=right.status,
        status_as_given=right.status_as_given,
        items=[StatusEventView.of(event) for event in events],
    )
