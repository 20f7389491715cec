"""Sessions: opened by a sign-in, kept going by refresh tokens that are good once, over when one comes twice."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.errors import RefreshTokenReused, SessionEnded
from gateway.identity import audit
from gateway.tables import Member, Organisation, RefreshToken, Session
from services.kit.auth import OrganisationKind, Principal, Role
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.problems import Problem
from services.kit.retention import forget

_KEPT_AFTER_END = timedelta(days=7)


@dataclass(frozen=True)
class Opened:
    session_id: UUID
    refresh_token: str
    member: Member
    organisation: Organisation

    @property
    def principal(self) -> Principal:
        return principal_of(self.member, self.organisation)


@dataclass(frozen=True)
class Refused:
    """Told as a value, not raised: ending the session of a reused token must be committed first."""

    problem: Problem


async def account(session: AsyncSession, email: str) -> Member | None:
    return (await session.execute(select(Member).where(Member.email == email))).scalar_one_or_none()


async def open_session(session: AsyncSession, member: Member, life: timedelta) -> Opened:
    opened = Session(session_id=new_id(), user_id=member.user_id, expires_at=utcnow() + life)
    session.add(opened)
    await session.flush()
    organisation = await session.get_one(Organisation, member.organisation_id)
    audit.record(
        session,
        "signed_in",
        organisation_id=member.organisation_id,
        actor=principal_of(member, organisation),
        subject_id=opened.session_id,
    )
    return Opened(opened.session_id, _new_token(session, opened.session_id), member, organisation)


async def refresh_session(session: AsyncSession, refresh_token: str) -> Opened | Refused:
    """A new refresh token for an unused one. The same token twice ends the session, for thief and owner alike."""
    now, digest = utcnow(), _digest(refresh_token)
    use = (
        update(RefreshToken)
        .where(RefreshToken.token_hash == digest, RefreshToken.used_at.is_(None))
        .values(used_at=now)
        .returning(RefreshToken.session_id)
    )
    session_id = (await session.execute(use)).scalar_one_or_none()
    if session_id is None:
        return await _refuse_used_or_unknown(session, digest)
    running = await session.get_one(Session, session_id, with_for_update=True)
    if running.ended_at is not None or running.expires_at <= now:
        return Refused(SessionEnded())
    member = await session.get_one(Member, running.user_id)
    organisation = await session.get_one(Organisation, member.organisation_id)
    return Opened(session_id, _new_token(session, session_id), member, organisation)


async def end_session(session: AsyncSession, session_id: UUID, *, actor: Principal) -> bool:
    """False where it was over already, or is not the actor's."""
    ended = await _end(
        session, Session.session_id == session_id, Session.user_id == actor.user_id, because="signed_out"
    )
    if ended:
        audit.record(session, "signed_out", organisation_id=actor.organisation_id, actor=actor, subject_id=session_id)
    return bool(ended)


async def end_sessions_of(session: AsyncSession, user_id: UUID, *, because: str) -> None:
    await _end(session, Session.user_id == user_id, because=because)


async def forget_old_sessions(database: Database) -> int:
    """With their refresh tokens, which go with them. Returns how many sessions that were."""
    limit = utcnow() - _KEPT_AFTER_END
    return await forget(database, Session, (Session.expires_at < limit) | (Session.ended_at < limit))


def principal_of(member: Member, organisation: Organisation) -> Principal:
    return Principal(
        user_id=member.user_id,
        organisation_id=organisation.organisation_id,
        organisation_kind=OrganisationKind(organisation.kind),
        organisation_name=organisation.name,
        role=Role(member.role),
        name=member.name,
        language=member.language,
    )


async def _refuse_used_or_unknown(session: AsyncSession, digest: bytes) -> Refused:
    token = await session.get(RefreshToken, digest)
    if token is None:
        return Refused(SessionEnded())
    (user_id,) = await _end(session, Session.session_id == token.session_id, because="refresh_token_reused") or (None,)
    if user_id is not None:
        member = await session.get_one(Member, user_id)
        audit.record(
            session,
            "refresh_token_reused",
            organisation_id=member.organisation_id,
            actor=None,
            subject_id=token.session_id,
            user_id=str(user_id),
        )
    return Refused(RefreshTokenReused())


async def _end(session: AsyncSession, *which: ColumnElement[bool], because: str) -> list[UUID]:
    """The users whose running sessions were ended."""
    statement = (
        update(Session)
        .where(Session.ended_at.is_(None), *which)
        .values(ended_at=utcnow(), ended_because=because)
        .returning(Session.user_id)
    )
    return list((await session.execute(statement)).scalars())


def _new_token(session: AsyncSession, session_id: UUID) -> str:
    token = f"zr_{secrets.token_urlsafe(32)}"
    session.add(RefreshToken(token_hash=_digest(token), session_id=session_id))
    return token


def _digest(token: str) -> bytes:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(token.encode()).digest()
