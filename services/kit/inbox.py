"""The way in: what a service does with the facts it hears, each once whatever is redelivered."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeVar, cast

from google.protobuf.message import Message
from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from services.kit import telemetry
from services.kit.envelope import Event, type_name
from services.kit.tables import inbox
from services.kit.topics import topic_of

__all__ = ["Event", "Handlers", "Poison", "remember", "remember_once"]

M = TypeVar("M", bound=Message)
OneHandler = Callable[[AsyncSession, Event[M]], Awaitable[None]]
BatchHandler = Callable[[AsyncSession, Sequence[Event[M]]], Awaitable[None]]


class Poison(Exception):
    """Raised by a handler: no further try can help, so the message goes to the dead letters at once."""


async def remember(session: AsyncSession, events: Sequence[Event[Any]]) -> list[Event[Any]]:
    """Record events as processed and return those not seen before, in order. One statement for a batch."""
    rows = select(
        func.unnest(literal([event.source for event in events], ARRAY(Text()))),
        func.unnest(literal([event.id for event in events], ARRAY(Text()))),
    )
    statement = (
        insert(inbox)
        .from_select([inbox.c.source, inbox.c.event_id], rows)
        .on_conflict_do_nothing()
        .returning(inbox.c.source, inbox.c.event_id)
    )
    rows_added = (await session.execute(statement)).all()
    if len(rows_added) == len(events):
        return list(events)
    new = {(source, identity) for source, identity in rows_added}
    fresh = []
    for event in events:
        if (event.source, event.id) in new:
            new.discard((event.source, event.id))  # the same event twice in one batch counts once
            fresh.append(event)
    return fresh


async def remember_once(session: AsyncSession, source: str, event_id: str) -> bool:
    """Record one event as processed; False if it was before. By the unique key, never by looking first."""
    statement = insert(inbox).values(source=source, event_id=event_id).on_conflict_do_nothing()
    result = await session.execute(statement)
    return bool(result.rowcount)  # type: ignore[attr-defined]  # an INSERT gives a CursorResult


class Handlers:
    """What a service does on each message type, by class. A type may have several, run in order of registration."""

    def __init__(self) -> None:
        self._batch: dict[str, list[BatchHandler[Any]]] = defaultdict(list)

    @property
    def topics(self) -> list[str]:
        return sorted({topic_of(event_type) for event_type in self._batch})

    def handles(self, event_type: str) -> bool:
        return event_type in self._batch

    def on(self, *types: type[M]) -> Callable[[OneHandler[M]], OneHandler[M]]:
        """Register a handler of single events, called in the publisher's trace."""

        def register(handler: OneHandler[M]) -> OneHandler[M]:
            async def each(session: AsyncSession, events: Sequence[Event[M]]) -> None:
                for event in events:
                    with telemetry.continued(event.type, event.traceparent):
                        await handler(session, event)

            self._register(types, each)
            return handler

        return register

    def on_batch(self, *types: type[M]) -> Callable[[BatchHandler[M]], BatchHandler[M]]:
        """Register a handler of runs of events: all of one type, in order, at least one."""

        def register(handler: BatchHandler[M]) -> BatchHandler[M]:
            async def together(session: AsyncSession, events: Sequence[Event[M]]) -> None:
                with telemetry.linked(events[0].type, [event.traceparent for event in events]):
                    await handler(session, events)

            self._register(types, together)
            return handler

        return register

    def _register(self, types: Sequence[type[Message]], handler: BatchHandler[Any]) -> None:
        for message_type in types:
            self._batch[type_name(message_type)].append(handler)

    async def handle(self, session: AsyncSession, events: Sequence[Event[Any]]) -> None:
        """Handle events in order: consecutive ones of the same type are handed over together."""
        for event_type, run in _runs(events):
            for handler in self._batch[event_type]:
                await handler(session, run)


def _runs(events: Sequence[Event[Any]]) -> Iterator[tuple[str, list[Event[Any]]]]:
    for event_type, run in groupby(events, key=lambda event: event.type):
        yield cast("str", event_type), list(run)
