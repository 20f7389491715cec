from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from services.listing.adapters.rows import (
    encumbrance_of,
    encumbrance_row,
    event_of,
    event_row,
    right_of,
    right_row,
)
from services.listing.adapters.tables import (
    RIGHTS,
    STATUS_EVENTS,
    EncumbranceRecord,
    ListingRecord,
    RightRecord,
    StatusEventRecord,
)
from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.listings import OPEN
from services.listing.domain.register import StatusEvent
from services.listing.domain.rights import Registration, Right


class SqlRights:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, registrations: Sequence[Registration]) -> set[UUID]:
        if not registrations:
            return set()
        statement = (
            postgresql.insert(RIGHTS)
            .on_conflict_do_nothing(index_elements=["organisation_id", "office", "number"])
            .returning(RIGHTS.c.right_id)
        )
        rows = [right_row(registration.right) for registration in registrations]
        added = set((await self._session.execute(statement, rows)).scalars())
        events = [
            event_row(registration.right.right_id, event)
            for registration in registrations
            if registration.right.right_id in added
            for event in registration.events
        ]
        if events:
            await self._session.execute(insert(STATUS_EVENTS), events)
        return added

    async def registered(self, organisation_id: UUID, numbers: Collection[str]) -> dict[str, UUID]:
        statement = select(RightRecord.number, RightRecord.right_id).where(
            RightRecord.organisation_id == organisation_id, RightRecord.number.in_(numbers)
        )
        return {row.number: row.right_id for row in await self._session.execute(statement)}

    async def find(self, right_id: UUID) -> Right | None:
        record = await self._session.get(RightRecord, right_id)
        return await self._loaded(record)

    async def lock(self, right_id: UUID) -> Right | None:
        # populate_existing: what was read before the lock may be stale by now.
        statement = select(RightRecord).where(RightRecord.right_id == right_id).with_for_update()
        record = await self._session.scalar(statement, execution_options={"populate_existing": True})
        return await self._loaded(record)

    async def lock_next_ended(self, now: datetime) -> Right | None:
        offered = select(ListingRecord.listing_id).where(
            ListingRecord.right_id == RightRecord.right_id, ListingRecord.status.in_(OPEN)
        )
        statement = (
            select(RightRecord)
            .where(RightRecord.ends_by < now, offered.exists())
            .order_by(RightRecord.ends_by)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return await self._loaded(await self._session.scalar(statement))

    async def save(self, right: Right) -> None:
        await self._session.execute(
            update(RightRecord).where(RightRecord.right_id == right.right_id).values(right_row(right))
        )

    async def events(self, right_id: UUID) -> list[StatusEvent]:
        statement = select(StatusEventRecord).where(StatusEventRecord.right_id == right_id)
        return [event_of(record) for record in await self._session.scalars(statement)]

    async def add_event(self, right_id: UUID, event: StatusEvent) -> None:
        await self._session.execute(insert(StatusEventRecord).values(event_row(right_id, event)))

    async def add_encumbrance(self, right_id: UUID, encumbrance: Encumbrance) -> None:
        await self._session.execute(insert(EncumbranceRecord).values(encumbrance_row(right_id, encumbrance)))

    async def remove_encumbrance(self, encumbrance_id: UUID) -> None:
        await self._session.execute(delete(EncumbranceRecord).where(EncumbranceRecord.encumbrance_id == encumbrance_id))

    async def _loaded(self, record: RightRecord | None) -> Right | None:
        return None if record is None else (await whole_rights(self._session, [record]))[record.right_id]


async def whole_rights(session: AsyncSession, records: Sequence[RightRecord]) -> dict[UUID, Right]:
    """Rights with their encumbrances, by id."""
    statement = (
        select(EncumbranceRecord)
        .where(EncumbranceRecord.right_id.in_([record.right_id for record in records]))
        .order_by(EncumbranceRecord.encumbrance_id)
    )
    burdens: defaultdict[UUID, list[Encumbrance]] = defaultdict(list)
    for burden in await session.scalars(statement):
        burdens[burden.right_id].append(encumbrance_of(burden))
    return {record.right_id: right_of(record, burdens[record.right_id]) for record in records}
