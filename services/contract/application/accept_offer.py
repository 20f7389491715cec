from uuid import UUID

from services.contract.application.ports import Clock, DealBook
from services.contract.domain.deal import Deal
from services.contract.domain.happenings import Actor


async def accept_offer(book: DealBook, actor: Actor, clock: Clock, deal_id: UUID, offer_id: UUID) -> Deal:
    """Take the offer on the table. From here on no other deal may agree on what overlaps it (G2)."""
    deal = await book.deal_to_change(deal_id, seen_by=actor.organisation_id, lock_right=True)
    deal.accept(actor, offer_id, await book.standing(deal), clock())
    await book.save(deal)
    return deal
