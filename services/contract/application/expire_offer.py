from uuid import UUID

from services.contract.application.ports import Clock, DealBook


async def expire_offer(book: DealBook, deal_id: UUID, offer_id: UUID, clock: Clock) -> None:
    """An offer's clock has run out: close the deal, unless the offer was answered in the meantime."""
    deal = await book.deal_to_change(deal_id, seen_by=None)
    if deal.expire(offer_id, clock()):
        await book.save(deal)
