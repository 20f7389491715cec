from datetime import datetime
from uuid import UUID

from services.contract.application.ports import Clock, DealBook
from services.contract.domain.deal import Deal
from services.contract.domain.happenings import Actor
from services.contract.domain.terms import Terms


async def make_offer(
    book: DealBook, actor: Actor, clock: Clock, *, deal_id: UUID, terms: Terms, expires_at: datetime | None
) -> Deal:
    """Put an offer, or a counter to the other side's, on the table."""
    deal = await book.deal_to_change(deal_id, seen_by=actor.organisation_id)
    deal.offer(actor, terms, expires_at, await book.standing(deal), clock())
    await book.save(deal)
    return deal
