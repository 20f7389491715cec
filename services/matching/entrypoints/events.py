"""What matching hears of listings and rights. It only takes in; the worker's jobs do the matching (jobs.py)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from zayton.listing.v1.events_pb2 import (
    ListingChanged,
    ListingPublished,
    ListingWithdrawn,
    RightEncumbrancesChanged,
    RightStatusChanged,
)

from services.kit.clock import utcnow
from services.kit.inbox import Event, Handlers
from services.matching.adapters.heard import listings_heard, rights_heard

handlers = Handlers()


@handlers.on_batch(ListingPublished, ListingChanged, ListingWithdrawn)
async def take_in_listings(session: AsyncSession, events: Sequence[Event[Any]]) -> None:
    await listings_heard(session, [(event.data.listing, event.version) for event in events], utcnow())


@handlers.on_batch(RightStatusChanged, RightEncumbrancesChanged)
async def take_in_rights(session: AsyncSession, events: Sequence[Event[Any]]) -> None:
    await rights_heard(session, [(event.data.right, event.version) for event in events], utcnow())
