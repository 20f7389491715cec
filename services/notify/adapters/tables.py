from datetime import datetime, time
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Table, UniqueConstraint, text
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
    name: Mapped[str | None]  # this and the address are forgotten when a member leaves
    email: Mapped[str | None]
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
    closes_at: Mapped[datetime | None]  # of a group: nothing is added to it after that

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


class PreferencesRow(Base):
    """What a person decided differently from the defaults. `choices`: {kind: {"in_app": bool, "email": text}}."""

    __tablename__ = "preferences"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    language: Mapped[str | None]
    time_zone: Mapped[str | None]
    email_enabled: Mapped[bool]
    quiet_start: Mapped[time | None]
    quiet_end: Mapped[time | None]
    digest_hour: Mapped[int]
    digest_weekday: Mapped[int]
    choices: Mapped[dict[str, Any]]


class EndpointRow(Base):
    """Where an organisation wants to be called. Secrets are encrypted; the one before is good until `previous_until`.

    `failing_since`: nothing has got through since then.
    """

    __tablename__ = "webhook_endpoints"

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    version: Mapped[int]
    url: Mapped[str]
    description: Mapped[str]
    kinds: Mapped[list[str]]  # empty: all
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None]  # gone, failing; None where a person turned it off
    failing_since: Mapped[datetime | None]
    secret: Mapped[str]
    previous_secret: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DeliveryRow(Base):
    """A message to one person (an e-mail, of one or more notices) or one endpoint (a webhook call of one notice).

    `state`: waiting, sending, delivered, failed, cancelled. `due_at`: when to look at it next; of one being sent, when
    its sender is taken for dead. An e-mail not yet begun still collects notices: a person has one per cadence.
    """

    __tablename__ = "deliveries"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    channel: Mapped[str]
    organisation_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    cadence: Mapped[str | None]  # of an e-mail: now, daily, weekly
    endpoint_id: Mapped[UUID | None] = mapped_column(ForeignKey("webhook_endpoints.endpoint_id", ondelete="CASCADE"))
    notice_id: Mapped[UUID | None]  # of a webhook call; None of a test
    kind: Mapped[str | None]
    state: Mapped[str]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))  # in all
    tries: Mapped[int] = mapped_column(server_default=text("0"))  # since it was last asked for; a replay begins anew
    body: Mapped[str | None]  # fixed by the first try of a webhook call, so that every try is the same
    created_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]  # the first try
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("(channel = 'email') = (user_id IS NOT NULL)", name="email_has_person"),
        CheckConstraint("(channel = 'webhook') = (endpoint_id IS NOT NULL)", name="webhook_has_endpoint"),
        Index(
            "uq_deliveries_collecting",
            "user_id",
            "cadence",
            unique=True,
            postgresql_where=text("channel = 'email' AND state = 'waiting' AND begun_at IS NULL"),
        ),
        Index("uq_deliveries_endpoint_notice", "endpoint_id", "notice_id", unique=True),
        Index(
            "ix_deliveries_due",
            "channel",
            "due_at",
            postgresql_where=text("state = 'waiting' OR state = 'sending'"),
        ),
        Index("ix_deliveries_endpoint_position", "endpoint_id", "position"),
        Index("ix_deliveries_user_id_begun_at", "user_id", "begun_at"),
        Index("ix_deliveries_finished_at", "finished_at"),
    )


class DeliveryItemRow(Base):
    """A notice in an e-mail; unique per person, so that nobody is written to twice of one thing."""

    __tablename__ = "delivery_items"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.notice_id", ondelete="CASCADE"), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.delivery_id", ondelete="CASCADE"), index=True)


class AttemptRow(Base):
    """One try. `status` and `answer` are what the receiver said, `error` a slug of what went wrong."""

    __tablename__ = "delivery_attempts"

    delivery_id: Mapped[UUID] = mapped_column(
        ForeignKey("deliveries.delivery_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    took_ms: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None]
    answer: Mapped[str | None]


class DeadlineRow(Base):
    """A date in calendars. A cleared one stays without organisations, so that a late event cannot bring it back."""

    __tablename__ = "deadlines"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime | None]
    organisations: Mapped[list[str]]
    params: Mapped[dict[str, Any]]
    aggregate_version: Mapped[int]
    changed_at: Mapped[datetime]

    __table_args__ = (Index("ix_deadlines_organisations", "organisations", postgresql_using="gin"),)


class PublicListingRow(Base):
    """Read model: what the public feed shows of a listing. `published_at` is None where it is not on the market."""

    __tablename__ = "public_listings"

    listing_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_name: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str]
    number: Mapped[str]
    ipc: Mapped[list[str]]
    language: Mapped[str]
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    aggregate_version: Mapped[int]


class SecretLinkRow(Base):
    """A link that needs no sign-in, for programs that cannot: a calendar or a feed. Only its hash is kept."""

    __tablename__ = "secret_links"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


def _table(row: type[Base]) -> Table:
    return cast("Table", row.__table__)


NOTICES = _table(NoticeRow)
NOTIFICATIONS = _table(NotificationRow)
DELIVERIES = _table(DeliveryRow)
ITEMS = _table(DeliveryItemRow)
