"""Keeps the index of the public board true: with every change of a demand, and filled from the table."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.search.builder import Chunk
from services.kit.search.writer import IndexWriter
from services.matching.adapters import mapping
from services.matching.adapters.board_documents import DECLARATION, document_of
from services.matching.adapters.tables import DEMANDS, INDEXED, DemandRow
from services.matching.domain.demands import Demand, DemandStatus, Visibility

_writer = IndexWriter(DECLARATION)


async def show(session: AsyncSession, demand: Demand) -> None:
    """What is on the board can be found, and what is no longer cannot, with the same transaction."""
    if demand.is_on_board:
        await _writer.upsert(session, [document_of(demand)])
    elif demand.visibility is not Visibility.PRIVATE:
        await _writer.remove(session, {demand.facts.demand_id: demand.version})


class DemandSource:
    """What the service holds: demands on the board, and those that are still indexed but no longer on it."""

    async def count(self, session: AsyncSession) -> int:
        return int(await session.scalar(select(func.count()).select_from(DEMANDS).where(_is_on_board())) or 0)

    async def chunk(self, session: AsyncSession, after: UUID, limit: int) -> Chunk:
        statement = (
            select(DemandRow)
            .where(DEMANDS.c.demand_id > after, or_(_is_on_board(), _is_indexed()))
            .order_by(DEMANDS.c.demand_id)
            .limit(limit)
        )
        demands = [mapping.demand(row) for row in await session.scalars(statement)]
        return Chunk(
            [document_of(demand) for demand in demands if demand.is_on_board],
            {demand.facts.demand_id: demand.version for demand in demands if not demand.is_on_board},
        )


def _is_on_board() -> ColumnElement[bool]:
    return (DEMANDS.c.status == DemandStatus.OPEN) & (DEMANDS.c.visibility != Visibility.PRIVATE)


def _is_indexed() -> ColumnElement[bool]:
    return select(INDEXED.c.id).where(INDEXED.c.id == DEMANDS.c.demand_id, INDEXED.c.document.is_not(None)).exists()
