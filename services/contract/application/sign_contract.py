from uuid import UUID

from services.contract.application.ports import Clock, DealBook
from services.contract.domain.deal import Deal
from services.contract.domain.happenings import Actor


async def sign_contract(book: DealBook, actor: Actor, clock: Clock, deal_id: UUID) -> Deal:
    """Sign for one's side. The last signature makes the licence run at once."""
    deal = await book.deal_to_change(deal_id, seen_by=actor.organisation_id, lock_right=True)
    deal.sign(actor, await book.standing(deal), clock())
    await book.save(deal)
    return deal
