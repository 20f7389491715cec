"""What waits in a service: events to be published, and letters that were given up on. Never what is in them."""

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.outbox import backlog
from services.kit.tables import dead_letters


class DeadLetterGroup(BaseModel):
    """Dead letters of one topic that died for one reason."""

    topic: str
    reason: str
    count: int


class DeadLetters(BaseModel):
    waiting: int
    groups: list[DeadLetterGroup]


class Pending(BaseModel):
    outbox_backlog: int
    dead_letters: DeadLetters


async def pending(session: AsyncSession) -> Pending:
    """Groups of dead letters that nobody has replayed, the largest first."""
    many = func.count().label("many")
    statement = (
        select(dead_letters.c.topic, dead_letters.c.reason, many)
        .where(dead_letters.c.replayed_at.is_(None))
        .group_by(dead_letters.c.topic, dead_letters.c.reason)
        .order_by(many.desc(), dead_letters.c.topic, dead_letters.c.reason)
    )
    rows = await session.execute(statement)
    groups = [DeadLetterGroup(topic=topic, reason=reason, count=count) for topic, reason, count in rows]
    letters = DeadLetters(waiting=sum(group.count for group in groups), groups=groups)
    return Pending(outbox_backlog=await backlog(session), dead_letters=letters)
