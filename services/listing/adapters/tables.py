"""The tables of this service."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Table, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kit.db import COLUMN_TYPES, service_metadata
from services.kit.search import table as search_tables
from services.listing.adapters.documents import DECLARATION


class Base(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


class OrganisationRecord(Base):
    """Read model: names of organisations, from the gateway's facts."""

    __tablename__ = "organisations"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    aggregate_version: Mapped[int]


class RightRecord(Base):
    __tablename__ = "rights"
    __table_args__ = (
        UniqueConstraint("organisation_id", "office", "number"),
        # A right past its term is looked for every second.
        Index("ix_rights_ends_by", "ends_by", postgresql_where=text("ends_by IS NOT NULL")),
    )

    right_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    office: Mapped[str]
    number: Mapped[str]
    number_as_given: Mapped[str]
    number_form: Mapped[str]
    number_kind: Mapped[str | None]
    number_year: Mapped[int | None]
    claims_grant: Mapped[bool]
    kind: Mapped[str]
    title: Mapped[str]
    abstract: Mapped[str]
    owner_name: Mapped[str]
    ipc: Mapped[list[str]]
    status: Mapped[str]
    status_as_given: Mapped[str]
    filed_at: Mapped[datetime | None]
    granted_at: Mapped[datetime | None]
    ends_by: Mapped[datetime | None]
    language: Mapped[str]
    assignment_deal_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    version: Mapped[int]


class StatusEventRecord(Base):
    __tablename__ = "status_events"

    status_event_id: Mapped[UUID] = mapped_column(primary_key=True)
    right_id: Mapped[UUID] = mapped_column(ForeignKey("rights.right_id"), index=True)
    category: Mapped[str]
    status: Mapped[str | None]
    as_given: Mapped[str]
    occurred_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class EncumbranceRecord(Base):
    __tablename__ = "encumbrances"
    __table_args__ = (
        # A contract burdens a right once, however often it is heard of.
        Index("uq_encumbrances_right_id_deal_id", "right_id", "deal_id", unique=True),
    )

    encumbrance_id: Mapped[UUID] = mapped_column(primary_key=True)
    right_id: Mapped[UUID] = mapped_column(ForeignKey("rights.right_id"))
    kind: Mapped[str]
    holder: Mapped[str]
    holder_consents: Mapped[bool]
    licence_form: Mapped[str | None]
    territories: Mapped[list[str]]
    field_of_use: Mapped[str]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    deal_id: Mapped[UUID | None]


class ListingRecord(Base):
    __tablename__ = "listings"
    __table_args__ = (
        Index(
            "uq_listings_open_right_id",
            "right_id",
            unique=True,
            postgresql_where=text("status IN ('published', 'under_offer')"),
        ),
        Index("ix_listings_organisation_id_listing_id", "organisation_id", "listing_id"),
        Index("ix_listings_status_listing_id", "status", "listing_id"),
        CheckConstraint("price_minimum >= 0 AND price_maximum >= 0", name="price"),
    )

    listing_id: Mapped[UUID] = mapped_column(primary_key=True)
    right_id: Mapped[UUID] = mapped_column(ForeignKey("rights.right_id"), index=True)
    organisation_id: Mapped[UUID]
    organisation_name: Mapped[str]
    status: Mapped[str]
    summary: Mapped[str]
    prospects: Mapped[str]
    deal_forms: Mapped[list[str]]
    price_form: Mapped[str]
    price_minimum: Mapped[int | None]
    price_maximum: Mapped[int | None]
    price_currency: Mapped[str | None]
    royalty_basis_points: Mapped[int | None]
    maturity: Mapped[str | None]
    industries: Mapped[list[str]]
    territories: Mapped[list[str]]
    region: Mapped[str]
    private_details: Mapped[str]
    published_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str]
    deal_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    version: Mapped[int]


class ImportRecord(Base):
    __tablename__ = "imports"
    __table_args__ = (
        Index("ix_imports_organisation_id_import_id", "organisation_id", "import_id"),
        Index("ix_imports_waiting", "stepped_at", postgresql_where=text("state IN ('queued', 'running')")),
    )

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    organisation_name: Mapped[str]
    requested_by: Mapped[UUID]
    publish: Mapped[bool]
    state: Mapped[str]
    rows: Mapped[int]
    done: Mapped[int]
    accepted: Mapped[int]
    rejected: Mapped[int]
    published: Mapped[int]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    stepped_at: Mapped[datetime]  # imports take turns, chunk by chunk, by who has waited longest
    version: Mapped[int]


class ImportRowRecord(Base):
    """Rows not yet worked through; a chunk removes those it takes."""

    __tablename__ = "import_rows"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.import_id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[bytes] = mapped_column(LargeBinary)


class FindingRecord(Base):
    __tablename__ = "import_findings"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.import_id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    severity: Mapped[str]
    problem: Mapped[str]
    pointer: Mapped[str]
    code: Mapped[str]
    position: Mapped[int | None]
    params: Mapped[dict[str, Any]]
    rule: Mapped[str | None]
    article: Mapped[str | None]


search_tables.declare(Base.metadata, DECLARATION)
INDEXED = Base.metadata.tables[f"search_{DECLARATION.name}"]


def _table(record: type[Base]) -> Table:
    table = record.__table__
    assert isinstance(table, Table)
    return table


# For thousands of rows at a time: the mapper's bookkeeping costs more than the rows.
RIGHTS = _table(RightRecord)
STATUS_EVENTS = _table(StatusEventRecord)
LISTINGS = _table(ListingRecord)
IMPORT_ROWS = _table(ImportRowRecord)
FINDINGS = _table(FindingRecord)
