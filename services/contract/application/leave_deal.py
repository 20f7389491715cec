from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.contract.application.ports import Clock, DealBook
from services.contract.domain.deal import Deal
from services.contract.domain.happenings import Actor
from services.contract.domain.states import ReasonCode

Leave = Callable[[Deal, Actor, ReasonCode, str, datetime], None]


async def leave_deal(
    book: DealBook, actor: Actor, clock: Clock, *, deal_id: UUID, how: Leave, reason: ReasonCode, note: str
) -> Deal:
    """End a deal without a contract: `how` is Deal.reject or Deal.withdraw. What it reserved is free again."""
    deal = await book.deal_to_change(deal_id, seen_by=actor.organisation_id)
    how(deal, actor, reason, note, clock())
    await book.save(deal)
    return deal
