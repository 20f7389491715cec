"""What became true here, in this service's own terms. adapters/facts.py says it to the others."""

from dataclasses import dataclass
from uuid import UUID

from services.listing.domain.listings import Listing
from services.listing.domain.rights import Right


@dataclass(frozen=True)
class RightFact:
    right: Right


class RightRegistered(RightFact):
    pass


class RightStatusChanged(RightFact):
    pass


class RightEncumbrancesChanged(RightFact):
    pass


@dataclass(frozen=True)
class ListingFact:
    listing: Listing
    right: Right


class ListingPublished(ListingFact):
    pass


class ListingChanged(ListingFact):
    pass


class ListingWithdrawn(ListingFact):
    pass


@dataclass(frozen=True)
class ImportFinished:
    import_id: UUID
    organisation_id: UUID
    requested_by: UUID
    rows: int
    accepted: int
    rejected: int
    version: int


Fact = RightFact | ListingFact | ImportFinished
