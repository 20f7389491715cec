"""What parties and the operator decide about a deal past its signing. Each locks the deal, so one decides at a time."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from services.contract.application.ports import Clock, DealBook
from services.contract.domain.deal import Deal
from services.contract.domain.facts import RightKind

# What is decided, given the deal, the kind of its right, and the time.
Decide = Callable[[Deal, RightKind, datetime], object]


async def decide(book: DealBook, clock: Clock, deal_id: UUID, seen_by: UUID | None, how: Decide) -> Deal:
    """Take one decision on a deal. `seen_by` None is the hall or its operator."""
    deal = await book.deal_to_change(deal_id, seen_by=seen_by)
    standing = await book.standing(deal)
    how(deal, standing.right.kind, clock())
    await book.save(deal)
    return deal
