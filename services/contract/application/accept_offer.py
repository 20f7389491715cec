from uuid import UUID

from services.contract.application.ports import Clock, DealBook, Papers
from services.contract.domain.deal import Deal
from services.contract.domain.happenings import Actor


async def accept_offer(
    book: DealBook, papers: Papers, actor: Actor, clock: Clock, *, deal_id: UUID, offer_id: UUID
) -> Deal:
    """Take the offer on the table. From here on no other deal may agree on what overlaps it (G2).

    What is agreed is put on paper at once, so that each side reads what it is going to sign.
    """
    deal = await book.deal_to_change(deal_id, seen_by=actor.organisation_id, lock_right=True)
    standing = await book.standing(deal)
    deal.accept(actor, offer_id, standing, clock())
    await book.save(deal)
    await papers.of(deal, standing)
    return deal
