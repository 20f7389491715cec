"""People join, change and leave an organisation.

Its row is held meanwhile, so that two changes at once cannot leave it without an administrator.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.gateway.v1.events_pb2 import MemberChanged, MemberJoined, MemberLeft

from gateway.domain.errors import (
    AdministratorsOnly,
    EmailTaken,
    LastAdministrator,
    MemberNotFound,
    OrganisationNotFound,
    WrongPassword,
)
from gateway.domain.passwords import check_password
from gateway.identity import audit
from gateway.identity.facts import announce, locked, member_message, member_of
from gateway.identity.passwords import Passwords
from gateway.identity.sessions import end_sessions_of
from gateway.identity.unique import unique
from gateway.tables import Member, Organisation
from services.kit.auth import Principal, Role
from services.kit.ids import new_id
from services.kit.problems import FieldError
from services.kit.web import check_match


@dataclass(frozen=True)
class NewMember:
    name: str
    email: str  # lower case
    password: str
    role: Role
    language: str


@dataclass(frozen=True)
class MemberChange:
    """What is None stays. `current_password` is asked of those who change their own password."""

    name: str | None = None
    role: Role | None = None
    language: str | None = None
    password: str | None = None
    current_password: str | None = None


def administers(caller: Principal, organisation_id: UUID) -> None:
    """Raises OrganisationNotFound for another organisation, AdministratorsOnly for a lesser role."""
    if organisation_id != caller.organisation_id:
        raise OrganisationNotFound(organisation_id=organisation_id)
    if caller.role is not Role.ADMIN:
        raise AdministratorsOnly


def see_members(organisation_id: UUID, *, caller: Principal) -> Select[Member]:
    """The members of one's own organisation. Raises OrganisationNotFound."""
    if organisation_id != caller.organisation_id:
        raise OrganisationNotFound(organisation_id=organisation_id)
    return select(Member).where(Member.organisation_id == organisation_id)


async def add_member(
    session: AsyncSession, passwords: Passwords, organisation_id: UUID, new: NewMember, *, actor: Principal
) -> Member:
    """Raises AdministratorsOnly, OrganisationNotFound, WeakPassword or EmailTaken."""
    administers(actor, organisation_id)
    organisation = await locked(session, organisation_id)
    return await join(session, passwords, organisation, new, actor=actor, pointer="")


async def join(
    session: AsyncSession,
    passwords: Passwords,
    organisation: Organisation,
    new: NewMember,
    *,
    actor: Principal | None,
    pointer: str,
) -> Member:
    """`pointer` is where the member stands in the caller's input."""
    check_password(new.password, email=new.email, pointer=f"{pointer}/password")
    member = Member(
        user_id=new_id(),
        organisation_id=organisation.organisation_id,
        name=new.name,
        email=new.email,
        password_hash=await passwords.hash(new.password),
        role=new.role,
        language=new.language,
        version=1,
    )
    taken = EmailTaken(email=new.email, errors=[FieldError(f"{pointer}/email", "taken")])
    async with unique(session, "uq_members_email", taken):
        session.add(member)
    await announce(session, organisation, MemberJoined(member=member_message(member)))
    audit.record(
        session,
        "member_joined",
        organisation_id=organisation.organisation_id,
        actor=actor,
        subject_id=member.user_id,
        role=member.role,
    )
    return member


async def change_member(
    session: AsyncSession,
    passwords: Passwords,
    organisation_id: UUID,
    user_id: UUID,
    change: MemberChange,
    *,
    held_version: int | None,
    actor: Principal,
) -> Member:
    """Administrators change anybody of theirs; others their own name, language and password.

    Raises AdministratorsOnly, MemberNotFound, WrongPassword, WeakPassword, LastAdministrator or VersionMismatch.
    """
    own = user_id == actor.user_id and organisation_id == actor.organisation_id
    if not own or change.role is not None:
        administers(actor, organisation_id)
    organisation = await locked(session, organisation_id)
    member = await _member(session, organisation_id, user_id)
    check_match(held_version, member.version)
    if change.role is not None and change.role is not Role.ADMIN:
        await _spare_last_administrator(session, member)
    if change.password is not None:
        await _change_password(session, passwords, member, change, own=own)
    member.name = change.name or member.name
    member.language = change.language or member.language
    member.role = change.role or member.role
    member.version += 1
    await announce(session, organisation, MemberChanged(member=member_message(member)))
    audit.record(
        session,
        "member_changed",
        organisation_id=organisation_id,
        actor=actor,
        subject_id=user_id,
        name=change.name is not None,
        language=change.language,
        role=change.role,
        password=change.password is not None,
    )
    return member


async def remove_member(session: AsyncSession, organisation_id: UUID, user_id: UUID, *, actor: Principal) -> None:
    """Their sessions end with them. Raises AdministratorsOnly, MemberNotFound or LastAdministrator."""
    administers(actor, organisation_id)
    organisation = await locked(session, organisation_id)
    member = await _member(session, organisation_id, user_id)
    await _spare_last_administrator(session, member)
    await session.delete(member)
    await announce(session, organisation, MemberLeft(member=member_message(member)))
    audit.record(session, "member_left", organisation_id=organisation_id, actor=actor, subject_id=user_id)


async def _member(session: AsyncSession, organisation_id: UUID, user_id: UUID) -> Member:
    member = await member_of(session, organisation_id, user_id)
    if member is None:
        raise MemberNotFound(user_id=user_id)
    return member


async def _spare_last_administrator(session: AsyncSession, member: Member) -> None:
    if member.role != Role.ADMIN:
        return
    others = select(func.count()).where(
        Member.organisation_id == member.organisation_id, Member.role == Role.ADMIN, Member.user_id != member.user_id
    )
    if (await session.execute(others)).scalar_one() == 0:
        raise LastAdministrator


async def _change_password(
    session: AsyncSession, passwords: Passwords, member: Member, change: MemberChange, *, own: bool
) -> None:
    assert change.password is not None
    if own and not await passwords.matches(change.current_password or "", member.password_hash):
        raise WrongPassword(errors=[FieldError("/current_password", "current-password")])
    check_password(change.password, email=member.email)
    member.password_hash = await passwords.hash(change.password)
    await end_sessions_of(session, member.user_id, because="password_changed")
