"""What notify hears: who the members are, everything the catalogues have an entry for, and what is on the market."""

from collections.abc import Iterable, Sequence
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
from zayton.listing.v1.events_pb2 import ListingChanged, ListingPublished, ListingWithdrawn

from services.kit.inbox import Event, Handlers
from services.kit.protos import enum_to_text
from services.kit.topics import message_class
from services.notify.adapters import deadlines, feeds, members
from services.notify.adapters.catalogue import happening
from services.notify.adapters.deadlines import moment
from services.notify.adapters.members import MemberFact
from services.notify.adapters.telling import Teller
from services.notify.domain.deadlines import DeadlineRules


def handlers_for(teller: Teller, dates: DeadlineRules) -> Handlers:
    handlers = Handlers()
    rules = teller.rules

    @handlers.on_batch(*_classes(rules.by_event))
    async def tell(session: AsyncSession, events: Sequence[Event[Message]]) -> None:
        await teller.tell(session, rules.notices([happening(event) for event in events]))

    @handlers.on_batch(*_classes(dates.event_types))
    async def keep_dates(session: AsyncSession, events: Sequence[Event[Message]]) -> None:
        await deadlines.record(session, dates.deadlines([moment(event) for event in events]), teller.clock())

    @handlers.on_batch(ListingPublished, ListingChanged, ListingWithdrawn)
    async def show(session: AsyncSession, events: Sequence[Event[Any]]) -> None:
        await feeds.listings_changed(session, events)

    @handlers.on_batch(OrganisationRegistered)
    async def know(session: AsyncSession, events: Sequence[Event[OrganisationRegistered]]) -> None:
        rows = [(UUID(event.subject), event.data.organisation.name, event.version) for event in events]
        await members.organisations_known(session, rows)

    @handlers.on_batch(MemberJoined)
    async def join(session: AsyncSession, events: Sequence[Event[MemberJoined]]) -> None:
        joined = await members.members_joined(session, [_fact(event, joined=True) for event in events])
        if joined:
            await teller.tell_new_members(session, joined)

    @handlers.on_batch(MemberChanged)
    async def change(session: AsyncSession, events: Sequence[Event[MemberChanged]]) -> None:
        await members.members_changed(session, [_fact(event) for event in events])

    @handlers.on_batch(MemberLeft)
    async def leave(session: AsyncSession, events: Sequence[Event[MemberLeft]]) -> None:
        await members.members_changed(session, [_fact(event, left=True) for event in events])

    return handlers


def _classes(names: Iterable[str]) -> list[type[Message]]:
    return [found for name in sorted(names) if (found := message_class(name)) is not None]


def _fact(event: Event[Any], *, joined: bool = False, left: bool = False) -> MemberFact:
    member = event.data.member
    return MemberFact(
        user_id=UUID(member.user_id),
        organisation_id=UUID(member.organisation_id),
        role=enum_to_text(MemberRole, member.role),
        language=member.language,
        version=event.version,
        name=member.name,
        email=member.email,
        joined_at=event.time if joined else None,
        has_left=left,
    )
