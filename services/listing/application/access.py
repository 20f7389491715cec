"""Whose is what. What is another organisation's is answered as if it were not there."""

from uuid import UUID

from services.kit.auth import OrganisationKind, Principal
from services.listing.application.ports import Store
from services.listing.domain.errors import ListingNotFound, RightNotFound
from services.listing.domain.listings import Listing
from services.listing.domain.rights import Right

# Operators run the hall; they own nothing in it.
HOLDERS = (OrganisationKind.UNIVERSITY, OrganisationKind.COMPANY, OrganisationKind.BROKER)


def owns(caller: Principal | None, organisation_id: UUID) -> bool:
    return caller is not None and caller.organisation_id == organisation_id


def oversees(caller: Principal | None, organisation_id: UUID) -> bool:
    return caller is not None and (caller.is_operator or caller.organisation_id == organisation_id)


async def right_for(store: Store, caller: Principal, right_id: UUID, *, operator_too: bool = True) -> Right:
    """The right, locked. Raises RightNotFound for another organisation's."""
    right = await store.rights.lock(right_id)
    allowed = oversees if operator_too else owns
    if right is None or not allowed(caller, right.organisation_id):
        raise RightNotFound(right_id=right_id)
    return right


async def listing_for(
    store: Store, caller: Principal, listing_id: UUID, *, operator_too: bool = False
) -> tuple[Listing, Right]:
    """The listing and its right, both locked, the right first. Raises ListingNotFound for another organisation's."""
    found = await store.listings.find(listing_id)
    allowed = oversees if operator_too else owns
    if found is None or not allowed(caller, found.organisation_id):
        raise ListingNotFound(listing_id=listing_id)
    right = await store.rights.lock(found.right_id)
    listing = await store.listings.lock(listing_id)
    assert right is not None
    assert listing is not None
    return listing, right
