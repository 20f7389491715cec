from uuid import UUID

from services.contract.application.ports import Clock, DealBook, Papers
from services.contract.domain.deal import Deal
from services.contract.domain.fulfilment import after_signing
from services.contract.domain.happenings import Actor
from services.contract.domain.states import Action


async def sign_contract(book: DealBook, papers: Papers, actor: Actor, clock: Clock, deal_id: UUID) -> Deal:
    """Sign for one's side. The last signature makes the licence run at once, and the invoice due.

    The act is complete with its transaction; the hall then carries it out on the file (seal_document.py).
    """
    deal = await book.deal_to_change(deal_id, seen_by=actor.organisation_id, lock_right=True)
    standing = await book.standing(deal)
    deal.check(Action.SIGN, actor.organisation_id, clock())
    deal.sign(actor, standing, clock(), await papers.of(deal, standing))
    after_signing(deal, standing.right.kind, book.tariff, clock())
    await book.save(deal)
    return deal
