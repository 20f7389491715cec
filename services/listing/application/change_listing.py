"""What a holder does with a listing."""

from datetime import datetime

from services.kit.auth import Principal
from services.listing.application.ports import Store
from services.listing.domain import listings
from services.listing.domain.errors import AlreadyListed
from services.listing.domain.facts import ListingChanged, ListingPublished, ListingWithdrawn
from services.listing.domain.listings import Listing, ListingTerms
from services.listing.domain.rights import Right


async def draft_listing(store: Store, caller: Principal, right: Right, terms: ListingTerms, now: datetime) -> Listing:
    """Raises InvalidListing."""
    listing = listings.draft(right, caller.organisation_name, terms, now)
    await store.listings.add([listing])
    return listing


async def edit_listing(store: Store, listing: Listing, right: Right, terms: ListingTerms, now: datetime) -> Listing:
    """Raises InvalidListing, NotPossibleNow or a Refusal."""
    edited = listing.edited(terms, right, now)
    await store.listings.save(edited)
    if edited.is_open:
        await store.announce([ListingChanged(edited, right)])
    return edited


async def publish_listing(store: Store, listing: Listing, right: Right, now: datetime) -> Listing:
    """Raises NotPossibleNow, AlreadyListed or a Refusal. The right is locked, so two at once cannot both succeed."""
    published = listing.published(right, now)
    for other in await store.listings.lock_open(right.right_id):
        raise AlreadyListed(listing_id=other.listing_id)
    await store.listings.save(published)
    await store.announce([ListingPublished(published, right)])
    return published


async def withdraw_listing(store: Store, listing: Listing, right: Right, reason: str) -> Listing:
    """Raises NotPossibleNow. A draft that nobody saw goes without a word."""
    withdrawn = listing.withdrawn(reason)
    await store.listings.save(withdrawn)
    if listing.is_open:
        await store.announce([ListingWithdrawn(withdrawn, right)])
    return withdrawn
