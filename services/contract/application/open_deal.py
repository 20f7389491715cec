from uuid import UUID

from services.contract.application.ports import Clock, DealBook
from services.contract.domain.deal import Deal, Subject
from services.contract.domain.errors import ListingNotFound, ListingNotOpen
from services.contract.domain.happenings import Actor
from services.kit.ids import new_id
from services.kit.problems import FieldError, InvalidInput


async def open_deal(
    book: DealBook,
    actor: Actor,
    clock: Clock,
    *,
    listing_id: UUID,
    message: str,
    demand_id: UUID | None = None,
    broker_id: UUID | None = None,
) -> Deal:
    """Inquire about a listing as its licensee.

    Raises ListingNotFound, ListingNotOpen, DealWithOneself, or InvalidInput for a broker or demand that is none.
    """
    listing = await book.listing(listing_id)
    if listing is None:
        raise ListingNotFound(listing_id=listing_id)
    if not listing.open:
        raise ListingNotOpen(title=listing.title)
    subject = Subject(
        new_id(),
        listing_id,
        listing.right_id,
        listing.number,
        listing.title,
        licensor_id=listing.organisation_id,
        licensee_id=actor.organisation_id,
        broker_id=broker_id,
        demand_id=demand_id,
    )
    deal = Deal.open(subject, message, actor, clock())
    faults = []
    if broker_id and not await book.is_broker(broker_id):
        faults.append(FieldError("/broker_organisation_id", "unknown-broker"))
    # A demand just posted may not have been heard of yet; one of somebody else's is never taken.
    if demand_id and await book.demand_owner(demand_id) not in {None, actor.organisation_id}:
        faults.append(FieldError("/demand_id", "unknown-demand"))
    if faults:
        raise InvalidInput(errors=faults)
    await book.save(deal)
    return deal
