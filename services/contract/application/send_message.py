from typing import Protocol
from uuid import UUID

from services.contract.application.ports import Clock, DealBook
from services.contract.domain.conversation import Message
from services.contract.domain.deal import Deal
from services.contract.domain.happenings import Actor
from services.kit.ids import new_id


class Letterbox(Protocol):
    async def keep(self, deal: Deal, message: Message) -> None:
        """Write the message down, and tell the others of it, in one transaction."""
        ...


async def send_message(
    book: DealBook, letterbox: Letterbox, actor: Actor, clock: Clock, *, deal_id: UUID, text: str
) -> Message:
    """Write to the others in a deal, in whatever state: also what is over may need a word. Raises DealNotFound."""
    deal = await book.deal(deal_id, seen_by=actor.organisation_id)
    message = Message(new_id(), deal_id, actor.organisation_id, actor.user_id, actor.name, text, clock())
    await letterbox.keep(deal, message)
    return message
