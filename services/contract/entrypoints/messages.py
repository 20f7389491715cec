"""/api/v1/deals/{deal_id}/messages: what the parties and their broker write to each other."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field, StringConstraints

from services.contract.adapters.letterbox import PostgresLetterbox, messages_of, to_message
from services.contract.adapters.tables import MessageRow
from services.contract.application.send_message import send_message
from services.contract.domain.conversation import Message
from services.contract.domain.deal import Deal
from services.contract.entrypoints.desk import DeskOf
from services.contract.entrypoints.schemas import NO_NUL, In
from services.kit.clock import utcnow
from services.kit.web import Page, PagingQuery, Tx, allow, paginate, router

messages = router(prefix="/api/v1/deals", tags=["deals"])

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=NO_NUL)]


class SendMessage(In):
    text: Words


class MessageView(BaseModel):
    message_id: UUID
    from_organisation_id: UUID
    from_side: str = Field(description="licensor, licensee or broker")
    author: str = Field(description="Name of the person who wrote it.")
    text: str
    sent_at: datetime

    @classmethod
    def of(cls, message: Message, deal: Deal) -> "MessageView":
        return cls(
            message_id=message.message_id,
            from_organisation_id=message.organisation_id,
            from_side=deal.side_of(message.organisation_id) or "",
            author=message.author,
            text=message.text,
            sent_at=message.sent_at,
        )


@messages.get("/{deal_id}/messages")
async def read_deal_messages(deal_id: UUID, desk: DeskOf, tx: Tx, paging: PagingQuery) -> Page[MessageView]:
    """The conversation, the latest first. It begins with the inquiry's own words, the deal's `message`."""
    deal = await desk.book.deal(deal_id, seen_by=desk.actor.organisation_id)
    rows, following = await paginate(tx, messages_of(deal_id), paging, sort=[MessageRow.message_id])
    return Page(items=[MessageView.of(to_message(row), deal) for row in rows], next=following)


@messages.post("/{deal_id}/messages", status_code=201, dependencies=[Depends(allow())])
async def send_deal_message(deal_id: UUID, body: SendMessage, desk: DeskOf, tx: Tx) -> MessageView:
    """Write to the others in the deal: both parties and the broker, who are told. Words alone change no terms."""
    sent = await send_message(desk.book, PostgresLetterbox(tx), desk.actor, utcnow, deal_id=deal_id, text=body.text)
    return MessageView.of(sent, await desk.book.deal(deal_id, seen_by=desk.actor.organisation_id))
