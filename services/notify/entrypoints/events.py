"""What notify hears: who the members are, and everything the catalogue has an entry for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.gateway.v1.events_pb2 import (
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MemberRole,
    OrganisationRegistered,
)

from services.kit.inbox import Event, Handlers
from services.kit.protos import enum_to_text
from services.kit.topics import message_class
from services.notify.adapters import members, notices
from services.notify.adapters.catalogue import happening
from services.notify.adapters.members import MemberFact
from services.notify.domain import Rules


def handlers_for(rules: Rules) -> Handlers:
    handlers = Handlers()
    causes = [found for name in rules.by_event if (found := message_class(name)) is not None]

    @handlers.on_batch(*causes)
    async def tell(session: AsyncSession, events: Sequence[Event[Message]]) -> None:
        await notices.record(session, rules.notices([happening(event) for event in events]))

    @handlers.on_batch(OrganisationRegistered)
    async def know(session: AsyncSession, events: Sequence[Event[OrganisationRegistered]]) -> None:
        rows = [(UUID(event.subject), event.data.organisation.name, event.version) for event in events]
        await members.organisations_known(session, rows)

    @handlers.on_batch(MemberJoined)
    async def join(session: AsyncSession, events: Sequence[Event[MemberJoined]]) -> None:
        await members.members_joined(session, [_fact(event, joined=True) for event in events])

    @handlers.on_batch(MemberChanged)
    async def change(session: AsyncSession, events: Sequence[Event[MemberChanged]]) -> None:
        await members.members_changed(session, [_fact(event) for event in events])

    @handlers.on_batch(MemberLeft)
    async def leave(session: AsyncSession, events: Sequence[Event[MemberLeft]]) -> None:
        await members.members_changed(session, [_fact(event, left=True) for event in events])

    return handlers


def _fact(event: Event[Any], *, joined: bool = False, left: bool = False) -> MemberFact:
    member = event.data.member
    return MemberFact(
        user_id=UUID(member.user_id),
        organisation_id=UUID(member.organisation_id),
        role=enum_to_text(MemberRole, member.role),
        language=member.language,
        version=event.version,
        joined_at=event.time if joined else None,
        has_left=left,
    )
