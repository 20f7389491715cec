"""Secret links of persons: whoever has one sees the calendar or feed. Only a hash of each is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.adapters import preferences
from services.notify.adapters.preferences import Person
from services.notify.adapters.tables import SecretLinkRow
from services.notify.domain.errors import LinkNotFound

_TOKEN_BYTES = 24


class Purpose(StrEnum):
    CALENDAR = "calendar"
    FEED = "feed"


@dataclass(frozen=True)
class NewLink:
    token: str
    created_at: datetime


async def give(session: AsyncSession, user_id: UUID, purpose: Purpose, now: datetime) -> NewLink:
    """A new link; the one before is good no more."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    values = {"token_hash": _hash(token), "created_at": now}
    statement = insert(SecretLinkRow).values(user_id=user_id, purpose=purpose, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["user_id", "purpose"], set_=values))
    return NewLink(token, now)


async def take_back(session: AsyncSession, user_id: UUID, purpose: Purpose) -> None:
    await session.execute(
        delete(SecretLinkRow).where(SecretLinkRow.user_id == user_id, SecretLinkRow.purpose == purpose)
    )


async def given_at(session: AsyncSession, user_id: UUID, purpose: Purpose) -> datetime | None:
    row = await session.get(SecretLinkRow, (user_id, purpose))
    return row.created_at if row else None


async def whose(session: AsyncSession, token: str, purpose: Purpose, default_zone: str) -> Person:
    """Raises LinkNotFound, also where the person has left."""
    statement = select(SecretLinkRow.user_id).where(
        SecretLinkRow.token_hash == _hash(token), SecretLinkRow.purpose == purpose
    )
    user_id = (await session.execute(statement)).scalar_one_or_none()
    found = await preferences.people(session, [user_id] if user_id else [], default_zone)
    if user_id is None or user_id not in found:
        raise LinkNotFound
    return found[user_id]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
