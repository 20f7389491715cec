"""Doubles are refused by the unique key itself, never by looking first."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.problems import Problem


@asynccontextmanager
async def unique(session: AsyncSession, constraint: str, problem: Problem) -> AsyncIterator[None]:
    """Raises `problem` where what the block adds breaks the constraint of that name."""
    try:
        async with session.begin_nested():
            yield
    except IntegrityError as error:
        if constraint not in str(error.orig):
            raise
        raise problem from error
