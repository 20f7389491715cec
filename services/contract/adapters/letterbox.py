"""The conversation of a deal on PostgreSQL."""

from uuid import UUID

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.facts import message_sent
from services.contract.adapters.tables import MessageRow
from services.contract.domain.conversation import Message
from services.contract.domain.deal import Deal
from services.kit.outbox import publish


class PostgresLetterbox:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def keep(self, deal: Deal, message: Message) -> None:
        await self._session.execute(insert(MessageRow).values(vars(message)))
        # Words leave the deal's version as it is.
        await publish(self._session, message_sent(deal, message), aggregate_id=message.deal_id, version=deal.version)


def messages_of(deal_id: UUID) -> Select[MessageRow]:
    return select(MessageRow).where(MessageRow.deal_id == deal_id)


def to_message(row: MessageRow) -> Message:
    return Message(row.message_id, row.deal_id, row.organisation_id, row.user_id, row.author, row.text, row.sent_at)
