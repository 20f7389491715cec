from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Table, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from services.kit.db import COLUMN_TYPES, service_metadata


class Base(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


class OrganisationRow(Base):
    """Read model: names by id."""

    __tablename__ = "organisations"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    aggregate_version: Mapped[int]


class MemberRow(Base):
    """Read model: who is to be told. A row stays when its member leaves, so that a late event cannot bring it back."""

    __tablename__ = "members"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    role: Mapped[str]
    language: Mapped[str]
    joined_at: Mapped[datetime | None]  # unknown where a change was heard of before the joining
    has_left: Mapped[bool]
    aggregate_version: Mapped[int]


class NoticeRow(Base):
    """One cause to tell one organisation; a group stays open, and counts on, until its window is over."""

    __tablename__ = "notices"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    kind: Mapped[str]
    cause: Mapped[str]
    is_open: Mapped[bool]
    roles: Mapped[list[str]]
    params: Mapped[dict[str, Any]]
    count: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "uq_notices_cause",
            "organisation_id",
            "kind",
            "cause",
            unique=True,
            postgresql_where=text("is_open"),
        ),
        Index("ix_notices_organisation_id_last_at", "organisation_id", "last_at"),
    )


class NotificationRow(Base):
    """A notice as one person has it. Unread while fewer events were seen than the notice counts."""

    __tablename__ = "notifications"

    notification_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    user_id: Mapped[UUID]
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.notice_id"))
    seen: Mapped[int] = mapped_column(server_default=text("0"))
    read_at: Mapped[datetime | None]

    notice: Mapped[NoticeRow] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("user_id", "notice_id"),)


NOTICES = cast("Table", NoticeRow.__table__)
NOTIFICATIONS = cast("Table", NotificationRow.__table__)
