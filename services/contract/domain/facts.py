"""What the guard rails look at: the right, its burdens, and the licences that run on it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.contract.domain.terms import DealForm, Scope, Terms


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


class RightKind(StrEnum):
    UNSPECIFIED = "unspecified"
    INVENTION = "invention"
    UTILITY_MODEL = "utility_model"
    DESIGN = "design"
    TRADEMARK = "trademark"
    COPYRIGHT = "copyright"
    SOFTWARE = "software"
    IC_LAYOUT = "ic_layout"
    PLANT_VARIETY = "plant_variety"


class EncumbranceKind(StrEnum):
    UNSPECIFIED = "unspecified"
    PLEDGE = "pledge"
    PRESERVATION = "preservation"
    LICENCE = "licence"
    CO_OWNERSHIP = "co_ownership"
    OPEN_LICENCE = "open_licence"


@dataclass(frozen=True)
class Encumbrance:
    """A burden from the register. `holder` is the pledgee, court, licensee or co-owner, by name."""

    kind: EncumbranceKind
    holder: str
    holder_consents: bool = False
    licence_form: DealForm = DealForm.ORDINARY_LICENCE
    scope: Scope = field(default_factory=Scope)
    deal_id: UUID | None = None


@dataclass(frozen=True)
class RightFacts:
    """The right as this service last heard of it."""

    right_id: UUID
    organisation_id: UUID
    kind: RightKind
    number: str
    title: str
    owner_name: str
    status: RightStatus
    expires_at: datetime | None = None
    encumbrances: tuple[Encumbrance, ...] = ()


@dataclass(frozen=True)
class Grant:
    """A use of the right that is agreed (accepted, not yet signed) or running, by a deal or by the register."""

    holder: str
    form: DealForm
    scope: Scope
    running: bool = True
    deal_id: UUID | None = None
    licensee_id: UUID | None = None


@dataclass(frozen=True)
class Case:
    """One set of terms between two parties, to be judged at one moment. `grants` excludes the deal's own."""

    terms: Terms
    right: RightFacts
    grants: tuple[Grant, ...]
    licensee_id: UUID
    licensor_names: frozenset[str]
    at: datetime

    @property
    def scope(self) -> Scope:
        return self.terms.scope(self.at)


def grants_on(right: RightFacts, own: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """The hall's own grants and the register's licences, each once: the register repeats what the hall has signed."""
    known = {grant.deal_id for grant in own if grant.deal_id}
    registered = tuple(
        Grant(each.holder, each.licence_form, each.scope, deal_id=each.deal_id)
        for each in right.encumbrances
        if each.kind is EncumbranceKind.LICENCE and each.deal_id not in known
    )
    return own + registered
