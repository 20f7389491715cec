"""Organisations come to the hall: on their own, by an operator, or (the first operator) with the hall itself."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.gateway.v1.events_pb2 import OrganisationRegistered

from gateway.domain import registration_code
from gateway.domain.errors import OperatorsOnly, OrganisationNotFound, RegistrationCodeTaken
from gateway.identity import audit
from gateway.identity.facts import announce, organisation_message
from gateway.identity.members import NewMember, join
from gateway.identity.passwords import Passwords
from gateway.identity.unique import unique
from gateway.tables import Member, Organisation
from services.kit.auth import OrganisationKind, Principal, Role
from services.kit.ids import new_id
from services.kit.problems import FieldError


@dataclass(frozen=True)
class NewOrganisation:
    name: str
    kind: OrganisationKind
    unified_social_credit_code: str | None
    admin: NewMember


async def register_organisation(
    session: AsyncSession, passwords: Passwords, new: NewOrganisation, *, actor: Principal | None
) -> tuple[Organisation, Member]:
    """Raises OperatorsOnly, InvalidRegistrationCode, RegistrationCodeTaken, WeakPassword or EmailTaken."""
    if new.kind is OrganisationKind.OPERATOR and not (actor and actor.is_operator and actor.role is Role.ADMIN):
        raise OperatorsOnly
    return await _register(session, passwords, new, actor=actor)


async def seed_operator(
    session: AsyncSession,
    passwords: Passwords,
    *,
    name: str,
    email: str,
    password: str,
    language: str = "zh",
    organisation: str | None = None,
) -> Organisation | None:
    """The first operator. The organisation is called as its first member is where it has no name of its own.

    None where there is an operator. Raises WeakPassword or EmailTaken.
    """
    # One at a time: two starts at once make one operator.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("gateway first operator", 0))))
    if await _first_operator(session) is not None:
        return None
    admin = NewMember(name=name, email=email, password=password, role=Role.ADMIN, language=language)
    made, _ = await _register(
        session, passwords, NewOrganisation(organisation or name, OrganisationKind.OPERATOR, None, admin), actor=None
    )
    return made


async def add_operator(
    session: AsyncSession, passwords: Passwords, *, name: str, email: str, password: str, language: str = "zh"
) -> Organisation | None:
    """Another administrator of the first operator. None where there is no operator.

    Raises WeakPassword or EmailTaken.
    """
    organisation = await _first_operator(session)
    if organisation is not None:
        admin = NewMember(name=name, email=email, password=password, role=Role.ADMIN, language=language)
        await join(session, passwords, organisation, admin, actor=None, pointer="")
    return organisation


async def see_organisation(session: AsyncSession, organisation_id: UUID, caller: Principal) -> Organisation:
    """One's own; operators see all. Raises OrganisationNotFound, also for what is there but not the caller's to see."""
    if organisation_id == caller.organisation_id or caller.is_operator:
        organisation = await session.get(Organisation, organisation_id)
        if organisation is not None:
            return organisation
    raise OrganisationNotFound(organisation_id=organisation_id)


def see_organisations() -> Select[tuple[Organisation]]:
    """All of them: for operators."""
    return select(Organisation)


async def _first_operator(session: AsyncSession) -> Organisation | None:
    statement = (
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.OPERATOR)
        .order_by(Organisation.organisation_id)
        .limit(1)
        .with_for_update()
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def _register(
    session: AsyncSession, passwords: Passwords, new: NewOrganisation, *, actor: Principal | None
) -> tuple[Organisation, Member]:
    code = new.unified_social_credit_code
    organisation = Organisation(
        organisation_id=new_id(),
        name=new.name,
        kind=new.kind,
        unified_social_credit_code=registration_code.parse(code) if code else None,
        version=0,
    )
    taken = RegistrationCodeTaken(errors=[FieldError("/unified_social_credit_code", "taken")])
    async with unique(session, "uq_organisations_unified_social_credit_code", taken):
        session.add(organisation)
    await announce(session, organisation, OrganisationRegistered(organisation=organisation_message(organisation)))
    audit.record(
        session,
        "organisation_registered",
        organisation_id=organisation.organisation_id,
        actor=actor,
        name=organisation.name,
        kind=organisation.kind,
    )
    member = await join(session, passwords, organisation, new.admin, actor=actor, pointer="/admin")
    return organisation, member
