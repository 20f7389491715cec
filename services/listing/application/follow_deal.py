"""What deals do to listings and rights. Deals are the contract service's; only what they mean here is decided here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.kit.ids import new_id
from services.listing.application.follow_right import announce_change, follow
from services.listing.application.ports import Store
from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.facts import ListingChanged, RightEncumbrancesChanged
from services.listing.domain.listings import Action, Listing
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import ONE_TAKER_FORMS, TRANSFERS, DealForm, EncumbranceKind


@dataclass(frozen=True)
class SignedTerms:
    form: DealForm
    territories: tuple[str, ...]
    field_of_use: str
    starts_at: datetime | None
    ends_at: datetime | None


async def offer_accepted(store: Store, listing_id: UUID, deal_id: UUID, form: DealForm) -> None:
    """A listing that one party alone can have is held for it. It stays open where several can be served."""
    if form not in ONE_TAKER_FORMS:
        return
    found = await _locked(store, listing_id)
    if found is None or not found[0].may(Action.RESERVE):
        return  # withdrawn or reserved meanwhile: the deal goes on, its guard rails are the contract service's
    listing, right = found
    await _changed(store, listing.reserved(deal_id), right)


async def deal_closed(store: Store, listing_id: UUID, deal_id: UUID, now: datetime) -> None:
    """The deal came to nothing: the listing it held is free again, if its right may still be offered."""
    found = await _locked(store, listing_id)
    if found is None or found[0].deal_id != deal_id or not found[0].may(Action.RELEASE):
        return
    listing, right = found
    await store.listings.save(listing.released())
    await store.announce(await follow(store, right, now))


async def contract_signed(
    store: Store, listing_id: UUID, deal_id: UUID, *, licensee: UUID, terms: SignedTerms, now: datetime
) -> None:
    """A licence burdens the right from now on. What one party alone can have is no longer listed.

    Ownership passes on registration, not on signature (PL 10): until then the right is marked as signed away.
    """
    found = await _locked(store, listing_id)
    if found is None:
        return
    listing, right = found
    if terms.form in ONE_TAKER_FORMS and listing.may(Action.CLOSE):
        await _changed(store, listing.closed(deal_id), right)
    if terms.form in TRANSFERS:
        changed = right.changed(assignment_deal_id=deal_id)
    else:
        burden = await _licence(store, deal_id, licensee, terms)
        await store.rights.add_encumbrance(right.right_id, burden)
        changed = right.changed(encumbrances=(*right.encumbrances, burden))
    await store.rights.save(changed)
    await announce_change(store, RightEncumbrancesChanged(changed), now)


async def transfer_recorded(store: Store, listing_id: UUID, deal_id: UUID, *, new_owner: UUID, now: datetime) -> None:
    """The register shows the assignment: the right is its new owner's from now on (PL 10)."""
    found = await _locked(store, listing_id)
    if found is None or found[1].assignment_deal_id != deal_id:
        return
    right = found[1]
    if await store.rights.registered(new_owner, [right.number.canonical]):
        return  # it has registered the right itself; which of the two stands is for people to say
    name = await store.organisation_name(new_owner) or str(new_owner)
    passed = right.changed(organisation_id=new_owner, owner_name=name, assignment_deal_id=None)
    await store.rights.save(passed)
    await announce_change(store, RightEncumbrancesChanged(passed), now)


async def contract_ended(store: Store, listing_id: UUID, deal_id: UUID, now: datetime) -> None:
    """What the contract had put on the right is lifted. A transfer that was registered is not undone by it."""
    found = await _locked(store, listing_id)
    if found is None:
        return
    right = found[1]
    burdens = [each for each in right.encumbrances if each.deal_id == deal_id]
    if not burdens and right.assignment_deal_id != deal_id:
        return
    for burden in burdens:
        await store.rights.remove_encumbrance(burden.encumbrance_id)
    left = tuple(each for each in right.encumbrances if each.deal_id != deal_id)
    assigned = None if right.assignment_deal_id == deal_id else right.assignment_deal_id
    changed = right.changed(encumbrances=left, assignment_deal_id=assigned)
    await store.rights.save(changed)
    await announce_change(store, RightEncumbrancesChanged(changed), now)


async def _licence(store: Store, deal_id: UUID, licensee: UUID, terms: SignedTerms) -> Encumbrance:
    return Encumbrance(
        kind=EncumbranceKind.LICENCE,
        holder=await store.organisation_name(licensee) or str(licensee),
        holder_consents=True,
        licence_form=terms.form,
        territories=terms.territories,
        field_of_use=terms.field_of_use,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        deal_id=deal_id,
        encumbrance_id=new_id(),
    )


async def _locked(store: Store, listing_id: UUID) -> tuple[Listing, Right] | None:
    found = await store.listings.find(listing_id)
    if found is None:
        return None
    right = await store.rights.lock(found.right_id)
    listing = await store.listings.lock(listing_id)
    assert right is not None
    assert listing is not None
    return listing, right


async def _changed(store: Store, listing: Listing, right: Right) -> None:
    await store.listings.save(listing)
    await store.announce([ListingChanged(listing, right)])
