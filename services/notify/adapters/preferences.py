"""Preferences in PostgreSQL. Who never decided anything has no row, and version 0."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.outbox import wake
from services.notify.adapters.tables import DeliveryRow, MemberRow, PreferencesRow
from services.notify.domain.preferences import DEFAULT_DIGEST, Preferences
from services.notify.domain.timing import DigestTime, QuietHours

DEFAULTS: dict[str, Any] = {
    "version": 0,
    "language": None,
    "time_zone": None,
    "email_enabled": True,
    "quiet_start": None,
    "quiet_end": None,
    "digest_hour": DEFAULT_DIGEST.hour,
    "digest_weekday": DEFAULT_DIGEST.weekday,
    "choices": {},
}


@dataclass(frozen=True)
class Person:
    """Somebody to be told, with what they decided. `name` and `email` are None where no event told of them yet."""

    user_id: UUID
    organisation_id: UUID
    name: str | None
    email: str | None
    preferences: Preferences


async def people(session: AsyncSession, user_ids: Collection[UUID], default_zone: str) -> dict[UUID, Person]:
    """Members by id; who has left is not among them."""
    statement = (
        select(MemberRow, PreferencesRow)
        .outerjoin(PreferencesRow, PreferencesRow.user_id == MemberRow.user_id)
        .where(MemberRow.user_id.in_(user_ids), ~MemberRow.has_left)
    )
    return {
        member.user_id: Person(
            user_id=member.user_id,
            organisation_id=member.organisation_id,
            name=member.name,
            email=member.email,
            preferences=preferences_of(row, member.language, default_zone),
        )
        for member, row in (await session.execute(statement))
    }


async def held(session: AsyncSession, user_id: UUID) -> PreferencesRow:
    """The person's row, made where there is none, and locked until the end of the transaction."""
    await session.execute(insert(PreferencesRow).values(user_id=user_id, **DEFAULTS).on_conflict_do_nothing())
    statement = select(PreferencesRow).where(PreferencesRow.user_id == user_id).with_for_update()
    return (await session.execute(statement)).scalar_one()


async def row_of(session: AsyncSession, user_id: UUID) -> PreferencesRow:
    """The person's row, or what stands for one that is not there."""
    return await session.get(PreferencesRow, user_id) or PreferencesRow(user_id=user_id, **DEFAULTS)


async def changed(session: AsyncSession, row: PreferencesRow, now: datetime) -> None:
    """Count the change, and let the worker plan the person's waiting mails anew."""
    row.version += 1
    await session.flush()
    await session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.user_id == row.user_id, DeliveryRow.state == "waiting", DeliveryRow.begun_at.is_(None))
        .values(due_at=func.least(DeliveryRow.due_at, now))
        .execution_options(synchronize_session=False)
    )
    await wake(session)


async def language_of(session: AsyncSession, user_id: UUID) -> str | None:
    """What a person reads in: as decided here, else as the account says."""
    statement = (
        select(func.coalesce(PreferencesRow.language, MemberRow.language))
        .select_from(MemberRow)
        .outerjoin(PreferencesRow, PreferencesRow.user_id == MemberRow.user_id)
        .where(MemberRow.user_id == user_id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


def preferences_of(row: PreferencesRow | None, language: str, default_zone: str) -> Preferences:
    if row is None:
        return Preferences(time_zone=default_zone, language=language)
    choices: Mapping[str, Mapping[str, Any]] = row.choices
    start, end = row.quiet_start, row.quiet_end
    quiet = None if start is None or end is None else QuietHours(start, end)
    return Preferences(
        time_zone=row.time_zone or default_zone,
        language=row.language or language,
        email_enabled=row.email_enabled,
        quiet=quiet,
        digest=DigestTime(row.digest_hour, row.digest_weekday),
        choices=choices,
    )
