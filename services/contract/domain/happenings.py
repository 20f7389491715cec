"""What happens to a deal: inner facts, each of which becomes one line of history and one published event."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.contract.domain.states import Action, DealState
from services.contract.domain.terms import Terms


@dataclass(frozen=True)
class Actor:
    """Who acts, for which organisation."""

    user_id: UUID
    organisation_id: UUID
    name: str


@dataclass(frozen=True)
class Offer:
    offer_id: UUID
    round: int
    from_organisation_id: UUID
    made_by: UUID
    terms: Terms
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Signature:
    """`document_sha256` is the hash of the document signed (Deal.document)."""

    organisation_id: UUID
    user_id: UUID
    signatory: str
    signed_at: datetime
    document_sha256: str


@dataclass(frozen=True)
class Closing:
    """`reason_code` is a ReasonCode, or `offer_expired` where a timer closed the deal (then nobody did)."""

    reason_code: str
    note: str
    closed_by: UUID | None
    closed_at: datetime


@dataclass(frozen=True)
class Happening:
    """`event` is its name in the history; `actor` is None where a timer acts."""

    event: ClassVar[str]

    at: datetime
    action: Action
    actor: Actor | None


@dataclass(frozen=True)
class Opened(Happening):
    event: ClassVar[str] = "opened"

    message: str


@dataclass(frozen=True)
class Offered(Happening):
    event: ClassVar[str] = "offer_made"

    offer: Offer
    guards: tuple[str, ...]


@dataclass(frozen=True)
class Accepted(Happening):
    event: ClassVar[str] = "offer_accepted"

    offer: Offer
    guards: tuple[str, ...]
    document_sha256: str


@dataclass(frozen=True)
class PartySigned(Happening):
    event: ClassVar[str] = "party_signed"

    signature: Signature
    guards: tuple[str, ...]


@dataclass(frozen=True)
class Signed(Happening):
    event: ClassVar[str] = "contract_signed"

    offer: Offer
    document_sha256: str


@dataclass(frozen=True)
class Closed(Happening):
    event: ClassVar[str] = "closed"

    closing: Closing
    state: DealState
