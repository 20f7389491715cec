"""A listing speaks of its right, so it follows when the right changes."""

from datetime import datetime

from services.listing.application.ports import Store
from services.listing.domain import guard_rails
from services.listing.domain.facts import Fact, ListingChanged, ListingWithdrawn, RightFact
from services.listing.domain.rights import Right


async def announce_change(store: Store, fact: RightFact, now: datetime) -> None:
    """Tell of a change of a right, and what it means for its open listing."""
    await store.announce([fact, *await follow(store, fact.right, now)])


async def follow(store: Store, right: Right, now: datetime) -> list[Fact]:
    """A listing that may no longer stand is withdrawn; another carries the right's new state."""
    facts: list[Fact] = []
    for listing in await store.listings.lock_open(right.right_id):
        refusal = next(guard_rails.refusals(right, listing.terms.proposal(), now), None)
        if refusal is None:
            changed = listing.touched()
            facts.append(ListingChanged(changed, right))
        else:
            changed = listing.lapsed(refusal.slug)
            facts.append(ListingWithdrawn(changed, right))
        await store.listings.save(changed)
    return facts
