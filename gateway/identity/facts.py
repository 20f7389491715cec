"""Accounts as the other services hear of them. Every fact raises the version of its organisation."""

from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.gateway.v1 import events_pb2 as pb

from gateway.domain.errors import OrganisationNotFound
from gateway.tables import Member, Organisation
from services.kit.outbox import publish
from services.kit.protos import text_to_enum


async def locked(session: AsyncSession, organisation_id: UUID) -> Organisation:
    """The organisation, held until the end of the transaction: changes of its members wait for each other.

    Raises OrganisationNotFound.
    """
    organisation = await session.get(Organisation, organisation_id, with_for_update=True)
    if organisation is None:
        raise OrganisationNotFound(organisation_id=organisation_id)
    return organisation


async def announce(session: AsyncSession, organisation: Organisation, fact: Message) -> None:
    """`organisation` is new or `locked`, so versions rise without gaps or doubles."""
    organisation.version += 1
    await publish(session, fact, aggregate_id=organisation.organisation_id, version=organisation.version)


def organisation_message(organisation: Organisation) -> pb.Organisation:
    return pb.Organisation(
        organisation_id=str(organisation.organisation_id),
        name=organisation.name,
        kind=text_to_enum(pb.OrganisationKind, organisation.kind),
        unified_social_credit_code=organisation.unified_social_credit_code or "",
    )


def member_message(member: Member) -> pb.Member:
    return pb.Member(
        user_id=str(member.user_id),
        organisation_id=str(member.organisation_id),
        name=member.name,
        email=member.email,
        role=text_to_enum(pb.MemberRole, member.role),
        language=member.language,
    )


async def member_of(session: AsyncSession, organisation_id: UUID, user_id: UUID) -> Member | None:
    statement = select(Member).where(Member.organisation_id == organisation_id, Member.user_id == user_id)
    return (await session.execute(statement)).scalar_one_or_none()
