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
class Paper:
    """The PDF that the parties sign, before any signature is on it. Its `sha256` and `size` are of its bytes."""

    sha256: str
    size: int
    template: str


@dataclass(frozen=True)
class Signature:
    """`document_sha256` is the hash of the terms signed (Deal.document), `pdf_sha256` that of the paper they are on."""

    organisation_id: UUID
    user_id: UUID
    signatory: str
    signed_at: datetime
    document_sha256: str
    pdf_sha256: str | None = None  # none on signatures made before documents were papers


@dataclass(frozen=True)
class Seal:
    """A party's cryptographic signature, now in the file. `pdf_sha256` and `pdf_size` are of the file with it."""

    organisation_id: UUID
    pdf_sha256: str
    pdf_size: int
    certificate_sha256: str
    signer: str
    stamped_at: datetime
    stamped_by: str


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
    paper: Paper


@dataclass(frozen=True)
class Signed(Happening):
    event: ClassVar[str] = "contract_signed"

    offer: Offer
    document_sha256: str


@dataclass(frozen=True)
class SignatureApplied(Happening):
    """A signature act has become a signature in the file. Nobody acts: the hall carries out what was decided."""

    event: ClassVar[str] = "signature_applied"

    seal: Seal


@dataclass(frozen=True)
class DocumentSealed(Happening):
    """The file carries every signature: it is final."""

    event: ClassVar[str] = "document_sealed"

    seal: Seal
    document_sha256: str


@dataclass(frozen=True)
class Closed(Happening):
    event: ClassVar[str] = "closed"

    closing: Closing
    state: DealState
