from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.listing.adapters.rows import listing_of, listing_row
from services.listing.adapters.tables import LISTINGS, ListingRecord
from services.listing.domain.listings import OPEN, Listing


class SqlListings:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, listings: Sequence[Listing]) -> None:
        if listings:
            await self._session.execute(insert(LISTINGS), [listing_row(listing) for listing in listings])

    async def find(self, listing_id: UUID) -> Listing | None:
        record = await self._session.get(ListingRecord, listing_id)
        return None if record is None else listing_of(record)

    async def lock(self, listing_id: UUID) -> Listing | None:
        # populate_existing: what was read before the lock may be stale by now.
        statement = select(ListingRecord).where(ListingRecord.listing_id == listing_id).with_for_update()
        record = await self._session.scalar(statement, execution_options={"populate_existing": True})
        return None if record is None else listing_of(record)

    async def lock_open(self, right_id: UUID) -> list[Listing]:
        statement = (
            select(ListingRecord)
            .where(ListingRecord.right_id == right_id, ListingRecord.status.in_(OPEN))
            .order_by(ListingRecord.listing_id)
            .with_for_update()
        )
        records = await self._session.scalars(statement, execution_options={"populate_existing": True})
        return [listing_of(record) for record in records]

    async def save(self, listing: Listing) -> None:
        await self._session.execute(
            update(ListingRecord).where(ListingRecord.listing_id == listing.listing_id).values(listing_row(listing))
        )
