"""Keeps the index of listings true: with every fact that is told, and filled from the tables."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.search.builder import Chunk
from services.kit.search.writer import IndexWriter
from services.listing.adapters.catalogue import with_rights
from services.listing.adapters.documents import DECLARATION, document_of
from services.listing.adapters.tables import INDEXED, ListingRecord
from services.listing.domain.facts import ListingFact
from services.listing.domain.listings import OPEN

_writer = IndexWriter(DECLARATION)


async def show(session: AsyncSession, facts: Sequence[ListingFact]) -> None:
    """What is told of listings can be found, or no longer, with the same transaction."""
    latest = {fact.listing.listing_id: fact for fact in facts}
    shown = [document_of(fact.listing, fact.right) for fact in latest.values() if fact.listing.is_open]
    gone = {each: fact.listing.version for each, fact in latest.items() if not fact.listing.is_open}
    await _writer.upsert(session, shown)
    await _writer.remove(session, gone)


class ListingSource:
    """What the service holds: open listings, and those that are still indexed but no longer open."""

    async def count(self, session: AsyncSession) -> int:
        statement = select(func.count()).select_from(ListingRecord).where(ListingRecord.status.in_(OPEN))
        return int(await session.scalar(statement) or 0)

    async def chunk(self, session: AsyncSession, after: UUID, limit: int) -> Chunk:
        statement = (
            select(ListingRecord)
            .where(ListingRecord.listing_id > after, or_(ListingRecord.status.in_(OPEN), _is_indexed()))
            .order_by(ListingRecord.listing_id)
            .limit(limit)
        )
        listed = await with_rights(session, list(await session.scalars(statement)))
        return Chunk(
            [document_of(listing, right) for listing, right in listed if listing.is_open],
            {listing.listing_id: listing.version for listing, _ in listed if not listing.is_open},
        )


def _is_indexed() -> ColumnElement[bool]:
    return (
        select(INDEXED.c.id).where(INDEXED.c.id == ListingRecord.listing_id, INDEXED.c.document.is_not(None)).exists()
    )
