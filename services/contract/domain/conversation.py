"""What those in a deal say to each other. Words bind nobody and move nothing: terms are offered, not written about."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Message:
    """`author` is the name of the person who wrote it, for the organisation."""

    message_id: UUID
    deal_id: UUID
    organisation_id: UUID
    user_id: UUID
    author: str
    text: str
    sent_at: datetime
