from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Double, ForeignKey, Index, Table, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kit.db import COLUMN_TYPES, service_metadata
from services.kit.search import table as search_tables
from services.matching.adapters.board_documents import DECLARATION


class Base(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES | {float: Double(), dict[str, Any] | None: JSONB(none_as_null=True)}


class ListingRow(Base):
    """Read model of listings; `bar` says why one is never matched."""

    __tablename__ = "listings"

    listing_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    organisation_name: Mapped[str]
    right_id: Mapped[UUID] = mapped_column(index=True)
    status: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    language: Mapped[str]
    ipc: Mapped[list[str]]
    deal_forms: Mapped[list[str]]
    price: Mapped[dict[str, Any]]
    maturity: Mapped[str]
    industries: Mapped[list[str]]
    territories: Mapped[list[str]]
    right: Mapped[dict[str, Any]]  # as it was when the listing last changed
    terms: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")))
    document: Mapped[str]  # its terms counted, as JSON: counting anew for each demand would take most of a search
    bar: Mapped[dict[str, Any] | None]
    aggregate_version: Mapped[int]

    __table_args__ = (
        # Without the pending list, which every search would have to read through while an import fills it.
        Index("ix_listings_terms", "terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )


class DueRow(Base):
    """Listings to be matched, and when. Apart from the listings, since updating one writes all its terms anew."""

    __tablename__ = "listings_due"

    listing_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(index=True)


class RightRow(Base):
    """Rights whose status or burdens changed since they were listed: newer than what the listing says of them."""

    __tablename__ = "rights"

    right_id: Mapped[UUID] = mapped_column(primary_key=True)
    right: Mapped[dict[str, Any]]
    aggregate_version: Mapped[int]


class DemandRow(Base):
    __tablename__ = "demands"

    demand_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    organisation_name: Mapped[str]
    title: Mapped[str]
    problem: Mapped[str]
    industry: Mapped[str]
    ipc: Mapped[list[str]]
    deal_forms: Mapped[list[str]]
    territories: Mapped[list[str]]
    budget: Mapped[dict[str, Any] | None]
    language: Mapped[str]
    status: Mapped[str]
    close_reason: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    version: Mapped[int]
    match_due_at: Mapped[datetime | None]
    # Defaults, since older processes write demands while a newer one migrates.
    visibility: Mapped[str] = mapped_column(server_default="private")
    budget_public: Mapped[bool] = mapped_column(server_default=sql("false"))
    region: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        Index("ix_demands_organisation_id_demand_id", "organisation_id", "demand_id"),
        Index("ix_demands_match_due_at", "match_due_at", postgresql_where=sql("match_due_at IS NOT NULL")),
    )


class KeyTermRow(Base):
    """The most telling terms of open demands: what new listings find them by. Weights of one demand sum to 1."""

    __tablename__ = "key_terms"

    term: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(
        ForeignKey("demands.demand_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    weight: Mapped[float]


class CorpusRow(Base):
    """One row: what the statistics were measured on."""

    __tablename__ = "corpus"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    listings: Mapped[int]  # all of them, when it was measured
    documents: Mapped[int]  # those measured
    mean_lengths: Mapped[dict[str, Any]]
    measured_at: Mapped[datetime]


class TermRow(Base):
    """In how many of the measured listings a term occurs; terms of a single one are left out."""

    __tablename__ = "terms"

    term: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    documents: Mapped[int]


class MatchRow(Base):
    __tablename__ = "matches"

    match_id: Mapped[UUID] = mapped_column(primary_key=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demands.demand_id"))
    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listings.listing_id"), index=True)
    demand_organisation_id: Mapped[UUID] = mapped_column(index=True)
    listing_organisation_id: Mapped[UUID] = mapped_column(index=True)
    score: Mapped[float]
    reasons: Mapped[list[dict[str, Any]]]
    standing: Mapped[str]
    bar: Mapped[dict[str, Any] | None]
    judgements: Mapped[list[dict[str, Any]]]
    found_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]

    __table_args__ = (
        UniqueConstraint("demand_id", "listing_id"),
        Index("ix_matches_demand_id_score", "demand_id", "score"),
    )


search_tables.declare(Base.metadata, DECLARATION)

INDEXED = Base.metadata.tables[f"search_{DECLARATION.name}"]
LISTINGS = cast("Table", ListingRow.__table__)
DUE = cast("Table", DueRow.__table__)
RIGHTS = cast("Table", RightRow.__table__)
DEMANDS = cast("Table", DemandRow.__table__)
KEY_TERMS = cast("Table", KeyTermRow.__table__)
TERMS = cast("Table", TermRow.__table__)
MATCHES = cast("Table", MatchRow.__table__)
