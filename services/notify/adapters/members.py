"""Read model of organisations and their members."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.read_model import upsert_newer
from services.notify.adapters import notices
from services.notify.adapters.tables import (
    DeliveryRow,
    MemberRow,
    NotificationRow,
    OrganisationRow,
    PreferencesRow,
    SecretLinkRow,
)


@dataclass(frozen=True)
class MemberFact:
    """A member as an event tells of it. `joined_at` is set by the event of joining alone."""

    user_id: UUID
    organisation_id: UUID
    role: str
    language: str
    version: int
    name: str
    email: str
    joined_at: datetime | None = None
    has_left: bool = False


async def organisations_known(session: AsyncSession, rows: Sequence[tuple[UUID, str, int]]) -> None:
    """`rows` are (organisation id, name, version)."""
    await upsert_newer(
        session,
        OrganisationRow,
        [{"organisation_id": key, "name": name, "aggregate_version": version} for key, name, version in rows],
        key=("organisation_id",),
    )


async def members_joined(session: AsyncSession, facts: Sequence[MemberFact]) -> list[UUID]:
    """Returns those that were written: who joined and is no older news."""
    await notices.lock_for_members(session, {str(fact.organisation_id) for fact in facts})
    rows = [_row(fact) | {"joined_at": fact.joined_at} for fact in facts]
    return await upsert_newer(session, MemberRow, rows, key=("user_id",))


async def members_changed(session: AsyncSession, facts: Sequence[MemberFact]) -> None:
    """Changes of role or language, and departures; when a member joined stays as it was."""
    await notices.lock_for_members(session, {str(fact.organisation_id) for fact in facts})
    await upsert_newer(session, MemberRow, [_row(fact) for fact in facts], key=("user_id",))
    if left := [fact.user_id for fact in facts if fact.has_left]:
        # Nobody else may read them, so nobody needs them.
        for table in (NotificationRow, DeliveryRow, PreferencesRow, SecretLinkRow):
            await session.execute(delete(table).where(table.user_id.in_(left)))


async def names_of(session: AsyncSession, organisations: Collection[str]) -> dict[str, str]:
    """Names by organisation id, as far as they are known here."""
    if not organisations:
        return {}
    wanted = OrganisationRow.organisation_id.in_([UUID(each) for each in organisations if each])
    rows = await session.execute(select(OrganisationRow.organisation_id, OrganisationRow.name).where(wanted))
    return {str(key): name for key, name in rows}


def _row(fact: MemberFact) -> dict[str, object]:
    return {
        "user_id": fact.user_id,
        "organisation_id": fact.organisation_id,
        "role": fact.role,
        "language": fact.language,
        "name": None if fact.has_left else fact.name,
        "email": None if fact.has_left else fact.email,
        "has_left": fact.has_left,
        "aggregate_version": fact.version,
    }
