"""What the use cases need of the outside, in their own words."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.facts import Fact
from services.listing.domain.imports.progress import Finding, Import
from services.listing.domain.listings import Listing
from services.listing.domain.register import StatusEvent
from services.listing.domain.rights import Registration, Right


class Rights(Protocol):
    async def add(self, registrations: Sequence[Registration]) -> set[UUID]:
        """Add those whose number the organisation has not registered. Returns their ids."""
        ...

    async def registered(self, organisation_id: UUID, numbers: Collection[str]) -> dict[str, UUID]:
        """Ids by canonical number, of those that the organisation has registered."""
        ...

    async def find(self, right_id: UUID) -> Right | None: ...

    async def lock(self, right_id: UUID) -> Right | None:
        """The right, which nobody else changes until the transaction ends. Always locked before its listings."""
        ...

    async def save(self, right: Right) -> None: ...

    async def events(self, right_id: UUID) -> list[StatusEvent]: ...

    async def add_event(self, right_id: UUID, event: StatusEvent) -> None: ...

    async def add_encumbrance(self, right_id: UUID, encumbrance: Encumbrance) -> None: ...

    async def remove_encumbrance(self, encumbrance_id: UUID) -> None: ...

    async def lock_next_ended(self, now: datetime) -> Right | None:
        """A right whose term is over while a listing of it is still open."""
        ...


class Listings(Protocol):
    async def add(self, listings: Sequence[Listing]) -> None: ...

    async def find(self, listing_id: UUID) -> Listing | None: ...

    async def lock(self, listing_id: UUID) -> Listing | None: ...

    async def lock_open(self, right_id: UUID) -> list[Listing]:
        """The published or reserved listing of a right, if there is one."""
        ...

    async def save(self, listing: Listing) -> None: ...


class Imports(Protocol):
    async def add(self, this: Import) -> None: ...

    async def save(self, this: Import) -> None: ...

    async def add_rows(self, import_id: UUID, rows: Sequence[tuple[int, bytes]]) -> None: ...

    async def next_waiting(self) -> UUID | None:
        """The import that has waited longest for its next chunk."""
        ...

    async def lock(self, import_id: UUID) -> Import | None: ...

    async def take_rows(self, import_id: UUID, limit: int) -> list[tuple[int, bytes]]:
        """Remove the next rows and return them in order; they come back if the transaction does not commit."""
        ...

    async def add_findings(self, import_id: UUID, findings: Sequence[Finding]) -> None: ...


class Store(Protocol):
    """All of it, in one transaction that the edge commits."""

    @property
    def rights(self) -> Rights: ...

    @property
    def listings(self) -> Listings: ...

    @property
    def imports(self) -> Imports: ...

    async def organisation_name(self, organisation_id: UUID) -> str | None: ...

    async def announce(self, facts: Sequence[Fact]) -> None:
        """Publish facts with this transaction, in this order."""
        ...

    async def wake_worker(self) -> None: ...
