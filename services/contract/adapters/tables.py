from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kit.db import COLUMN_TYPES, service_metadata


class Base(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


class OrganisationRow(Base):
    """Read model: names and kinds by id."""

    __tablename__ = "organisations"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    code: Mapped[str] = mapped_column(server_default="")  # unified social credit code, where one was given
    aggregate_version: Mapped[int]


class DemandRow(Base):
    """Read model: whose demand it is."""

    __tablename__ = "demands"

    demand_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    aggregate_version: Mapped[int]


class ListingRow(Base):
    """Read model: what may be inquired about."""

    __tablename__ = "listings"

    listing_id: Mapped[UUID] = mapped_column(primary_key=True)
    right_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    number: Mapped[str]
    title: Mapped[str]
    status: Mapped[str]
    aggregate_version: Mapped[int]


class RightRow(Base):
    """Read model: what the guard rails look at. Its row is the lock on what is granted on the right."""

    __tablename__ = "rights"

    right_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    kind: Mapped[str]
    number: Mapped[str]
    title: Mapped[str]
    owner_name: Mapped[str]
    status: Mapped[str]
    expires_at: Mapped[datetime | None]
    encumbrances: Mapped[list[dict[str, Any]]]
    aggregate_version: Mapped[int]


class DealRow(Base):
    __tablename__ = "deals"

    deal_id: Mapped[UUID] = mapped_column(primary_key=True)
    listing_id: Mapped[UUID]
    right_id: Mapped[UUID]
    number: Mapped[str]
    title: Mapped[str]
    licensor_organisation_id: Mapped[UUID] = mapped_column(index=True)
    licensee_organisation_id: Mapped[UUID] = mapped_column(index=True)
    broker_organisation_id: Mapped[UUID | None] = mapped_column(index=True)
    demand_id: Mapped[UUID | None]
    message: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    closing: Mapped[dict[str, Any] | None]


class OfferRow(Base):
    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("deal_id", "round"),)

    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id))
    round: Mapped[int]
    from_organisation_id: Mapped[UUID]
    made_by: Mapped[UUID]
    terms: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignatureRow(Base):
    """Append-only, by trigger."""

    __tablename__ = "signatures"

    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    signatory: Mapped[str]
    signed_at: Mapped[datetime]
    document_sha256: Mapped[str]
    pdf_sha256: Mapped[str | None]


class GrantRow(Base):
    """What a deal has agreed (reserved until signed or left) or runs on a right."""

    __tablename__ = "grants"

    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id), primary_key=True)
    right_id: Mapped[UUID] = mapped_column(index=True)
    licensee_organisation_id: Mapped[UUID]
    form: Mapped[str]
    territories: Mapped[list[str]]
    field_of_use: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    running: Mapped[bool]


class HistoryRow(Base):
    """Append-only, by trigger; each row carries the hash of the one before (domain/evidence.py)."""

    __tablename__ = "history"

    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event: Mapped[str]
    actor: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class MessageRow(Base):
    """What those in a deal wrote to each other. Ids are in the order of writing."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_deal_id_message_id", "deal_id", "message_id"),)

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id))
    organisation_id: Mapped[UUID]
    user_id: Mapped[UUID]
    author: Mapped[str]
    text: Mapped[str]
    sent_at: Mapped[datetime]


class PaperRow(Base):
    """The document as agreed, before any signature. Append-only, by trigger."""

    __tablename__ = "papers"

    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id), primary_key=True)
    template: Mapped[str]
    facts: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True)
    made_at: Mapped[datetime]


class SealRow(Base):
    """The document with one more signature on it, carried out from a row of `signatures`. Append-only, by trigger."""

    __tablename__ = "seals"

    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True)
    certificate_sha256: Mapped[str]
    sealed_at: Mapped[datetime]
    final: Mapped[bool]


class SealingRow(Base):
    """A signature act that waits to be carried out on the file: written with the act, gone with its seal."""

    __tablename__ = "sealings"

    position: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    deal_id: Mapped[UUID] = mapped_column(ForeignKey(DealRow.deal_id), index=True)
    organisation_id: Mapped[UUID]
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str] = mapped_column(server_default="")
    again_at: Mapped[datetime]


class CertificateRow(Base):
    """Certificates and their keys, encrypted. The newest that is not withdrawn is used; none is ever changed."""

    __tablename__ = "certificates"

    certificate_id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    organisation_id: Mapped[UUID | None]
    certificates: Mapped[str]  # PEM, its own first, then those above it
    private_key: Mapped[str]  # encrypted PEM
    brought: Mapped[bool]  # by the organisation itself
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_certificates_holder", "purpose", "organisation_id", "made_at"),)
