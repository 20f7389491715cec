"""What matching knows of a demand and of a listing. Territories are WIPO ST.3 codes, IPC symbols canonical."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class RightStatus(StrEnum):
    UNSPECIFIED = "unspecified"
    PENDING = "pending"
    GRANTED = "granted"
    GRACE = "grace"
    RECOVERABLE = "recoverable"
    TERMINATED = "terminated"
    INVALIDATED = "invalidated"
    WITHDRAWN_OR_REJECTED = "withdrawn_or_rejected"
    UNMAPPED = "unmapped"


class ListingStatus(StrEnum):
    UNSPECIFIED = "unspecified"
    DRAFT = "draft"
    PUBLISHED = "published"
    UNDER_OFFER = "under_offer"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class DealForm(StrEnum):
    ORDINARY_LICENCE = "ordinary_licence"
    SOLE_LICENCE = "sole_licence"
    EXCLUSIVE_LICENCE = "exclusive_licence"
    ASSIGNMENT = "assignment"
    OPEN_LICENCE = "open_licence"
    EQUITY = "equity"


class Maturity(StrEnum):
    """In the order of ripeness."""

    UNSPECIFIED = "unspecified"
    CONCEPT = "concept"
    PROTOTYPE = "prototype"
    PILOT = "pilot"
    MASS_PRODUCTION = "mass_production"
    SOLD = "sold"

    @property
    def rank(self) -> int:
        return list(Maturity).index(self)


class PriceForm(StrEnum):
    UNSPECIFIED = "unspecified"
    FIXED = "fixed"
    NEGOTIABLE = "negotiable"
    RANGE = "range"
    ROYALTY = "royalty"
    FREE = "free"


class EncumbranceKind(StrEnum):
    UNSPECIFIED = "unspecified"
    PLEDGE = "pledge"
    PRESERVATION = "preservation"
    LICENCE = "licence"
    CO_OWNERSHIP = "co_ownership"
    OPEN_LICENCE = "open_licence"


@dataclass(frozen=True)
class Money:
    """An amount in minor units of an ISO 4217 currency."""

    minor_units: int
    currency: str


@dataclass(frozen=True)
class AskingPrice:
    form: PriceForm = PriceForm.UNSPECIFIED
    minimum: Money | None = None
    maximum: Money | None = None


@dataclass(frozen=True)
class Encumbrance:
    """A burden on a right. No territories: wherever the right reaches; no field: every field; no end: as long as the
    right.
    """

    kind: EncumbranceKind
    holder: str = ""
    holder_consents: bool = False
    licence_form: DealForm | None = None
    territories: tuple[str, ...] = ()
    field_of_use: str = ""
    ends_at: datetime | None = None


@dataclass(frozen=True)
class RightFacts:
    office: str = ""
    number: str = ""
    status: RightStatus = RightStatus.UNSPECIFIED
    expires_at: datetime | None = None
    encumbrances: tuple[Encumbrance, ...] = ()


@dataclass(frozen=True)
class DemandFacts:
    """`text` is the problem in the demander's words. No deal forms or territories: any."""

    demand_id: UUID
    organisation_id: UUID
    title: str
    text: str = ""
    language: str = ""
    industry: str = ""
    ipc: tuple[str, ...] = ()
    deal_forms: tuple[DealForm, ...] = ()
    territories: tuple[str, ...] = ()
    budget: Money | None = None


@dataclass(frozen=True)
class ListingFacts:
    """`text` joins summary, abstract and prospects. No territories: wherever the right reaches."""

    listing_id: UUID
    organisation_id: UUID
    title: str
    text: str = ""
    language: str = ""
    status: ListingStatus = ListingStatus.PUBLISHED
    ipc: tuple[str, ...] = ()
    deal_forms: tuple[DealForm, ...] = ()
    price: AskingPrice = AskingPrice()
    maturity: Maturity = Maturity.UNSPECIFIED
    industries: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    right: RightFacts = field(default_factory=RightFacts)

    @property
    def reach(self) -> frozenset[str]:
        """Where it is offered; empty where that cannot be told (a regional or international application)."""
        if self.territories:
            return frozenset(self.territories)
        return frozenset() if self.right.office in _NOT_ONE_COUNTRY else frozenset({self.right.office})


# Offices whose code names no single country: unknown, PCT, European, Eurasian, ARIPO, OAPI, Gulf.
_NOT_ONE_COUNTRY = frozenset({"", "WO", "EP", "EA", "AP", "OA", "GC"})
