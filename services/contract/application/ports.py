"""What the use cases need of the world."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.contract.domain.deal import Deal, Standing
from services.contract.domain.happenings import Paper, Seal
from services.contract.domain.money.invoice import Tariff

# Read after the locks are held: what happens to a deal is dated in the order in which it happens.
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Listing:
    """A listing as this service last heard of it. `open` while it may be inquired about."""

    listing_id: UUID
    right_id: UUID
    organisation_id: UUID
    number: str
    title: str
    open: bool


@dataclass(frozen=True)
class Sealing:
    """A signature act that waits to be carried out: by whom, for which organisation, on which file."""

    position: int
    deal_id: UUID
    organisation_id: UUID
    organisation_name: str
    signatory: str
    side: str
    signed_at: datetime
    file: bytes


class Papers(Protocol):
    """The documents of deals, within one transaction."""

    async def of(self, deal: Deal, standing: Standing) -> Paper:
        """The paper of a deal whose terms are agreed: made when first asked for, the same ever after."""
        ...


class Seals(Protocol):
    """Signatures on files, within one transaction."""

    async def keep(self, sealing: Sealing, file: bytes, seal: Seal, *, final: bool) -> bool:
        """Keep the file, and forget the act that waited. False where it was kept before, or the act is void."""
        ...


class DealBook(Protocol):
    """Deals and what is known around them, within one transaction. `tariff` is what the hall asks for its part."""

    tariff: Tariff

    async def listing(self, listing_id: UUID) -> Listing | None: ...

    async def is_broker(self, organisation_id: UUID) -> bool: ...

    async def demand_owner(self, demand_id: UUID) -> UUID | None:
        """The organisation that posted a demand; None where it has not been heard of."""
        ...

    async def deal(self, deal_id: UUID, *, seen_by: UUID) -> Deal:
        """A deal as one who takes part in it sees it. Raises DealNotFound for anyone else."""
        ...

    async def deal_to_change(self, deal_id: UUID, *, seen_by: UUID | None, lock_right: bool = False) -> Deal:
        """The deal, its row locked to the end of the transaction. `seen_by` None is the hall itself.

        `lock_right` locks the right first, always in this order: grants on it are then decided one at a time.
        """
        ...

    async def standing(self, deal: Deal) -> Standing:
        """The right as it stands now, and what others have agreed or run on it."""
        ...

    async def save(self, deal: Deal) -> None:
        """Write what happened: state, history, money, timers and published facts, all in this transaction."""
        ...
