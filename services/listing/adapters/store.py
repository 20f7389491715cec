"""The ports of the use cases, on one database transaction."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import outbox
from services.listing.adapters.facts import published
from services.listing.adapters.imports import SqlImports
from services.listing.adapters.listings import SqlListings
from services.listing.adapters.rights import SqlRights
from services.listing.adapters.search import show
from services.listing.adapters.tables import OrganisationRecord
from services.listing.domain.facts import Fact, ListingFact


class SqlStore:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.rights = SqlRights(session)
        self.listings = SqlListings(session)
        self.imports = SqlImports(session)

    async def organisation_name(self, organisation_id: UUID) -> str | None:
        statement = select(OrganisationRecord.name).where(OrganisationRecord.organisation_id == organisation_id)
        return await self._session.scalar(statement)

    async def announce(self, facts: Sequence[Fact]) -> None:
        await outbox.publish_all(self._session, [published(fact) for fact in facts])
        # Here, so that no use case can forget it: the public finds what the public is told.
        await show(self._session, [fact for fact in facts if isinstance(fact, ListingFact)])

    async def wake_worker(self) -> None:
        await outbox.wake(self._session)
