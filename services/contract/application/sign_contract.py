from uuid import UUID

from services.contract.application.ports import Clock, DealBook
from services.contract.domain.deal import Deal
from services.contract.domain.fulfilment import after_signing
from services.contract.domain.happenings import Actor


async def sign_contract(book: DealBook, actor: Actor, clock: Clock, deal_id: UUID) -> Deal:
    """Sign for one's side. The last signature makes the licence run at once, and the invoice due."""
    deal = await book.deal_to_change(deal_id, seen_by=actor.organisation_id, lock_right=True)
    standing = await book.standing(deal)
    deal.sign(actor, standing, clock())
    after_signing(deal, standing.right.kind, book.tariff, clock())
    await book.save(deal)
    return deal
