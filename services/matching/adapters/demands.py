from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from services.kit.outbox import wake
from services.matching.adapters import board, mapping
from services.matching.adapters.tables import DEMANDS, KEY_TERMS, DemandRow, KeyTermRow
from services.matching.domain.demands import Demand, DemandStatus


class Demands:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_demand(self, demand: Demand, key_terms: Sequence[tuple[str, float]], due_at: datetime) -> None:
        values = mapping.demand_values(demand) | {"match_due_at": due_at}
        await self._session.execute(insert(DEMANDS).values(values))
        await self._add_key_terms(demand.facts.demand_id, key_terms)
        await board.show(self._session, demand)
        await wake(self._session)

    async def save_demand(self, demand: Demand) -> None:
        values = mapping.demand_values(demand)
        await self._session.execute(update(DEMANDS).where(_is(demand.facts.demand_id)).values(values))
        await board.show(self._session, demand)

    async def demand(self, demand_id: UUID, *, lock: bool = False) -> Demand | None:
        statement = select(DemandRow).where(_is(demand_id))
        if lock:
            # Key columns stay as they are, so that rows which refer to the demand can be written meanwhile.
            statement = statement.with_for_update(key_share=True)
        row = (await self._session.execute(statement)).scalar_one_or_none()
        return None if row is None else mapping.demand(row)

    async def due_demand(self, now: datetime) -> tuple[Demand, datetime] | None:
        statement = (
            select(DemandRow)
            .where(DEMANDS.c.match_due_at <= now, DEMANDS.c.status == DemandStatus.OPEN)
            .order_by(DEMANDS.c.match_due_at.desc())
            .limit(1)
        )
        row = (await self._session.execute(statement)).scalar_one_or_none()
        if row is None or row.match_due_at is None:
            return None
        return mapping.demand(row), row.match_due_at

    async def open_demands(self, demand_ids: Collection[UUID], *, lock: bool = False) -> list[Demand]:
        which = DEMANDS.c.demand_id.in_(demand_ids) & (DEMANDS.c.status == DemandStatus.OPEN)
        statement = select(DemandRow).where(which).order_by(DEMANDS.c.demand_id)
        if lock:
            statement = statement.with_for_update(read=True)
        return [mapping.demand(row) for row in (await self._session.execute(statement)).scalars()]

    async def set_key_terms(self, demand_id: UUID, key_terms: Sequence[tuple[str, float]]) -> None:
        known = select(KEY_TERMS.c.term, KEY_TERMS.c.weight).where(KEY_TERMS.c.demand_id == demand_id)
        if dict((await self._session.execute(known)).all()) == dict(key_terms):
            return
        await self._session.execute(delete(KeyTermRow).where(KEY_TERMS.c.demand_id == demand_id))
        await self._add_key_terms(demand_id, key_terms)

    async def _add_key_terms(self, demand_id: UUID, key_terms: Sequence[tuple[str, float]]) -> None:
        if not key_terms:
            return
        rows = select(
            func.unnest(literal([term for term, _ in key_terms], ARRAY(Text()))),
            literal(demand_id, KEY_TERMS.c.demand_id.type),
            func.unnest(literal([weight for _, weight in key_terms], ARRAY(KEY_TERMS.c.weight.type))),
        )
        await self._session.execute(insert(KEY_TERMS).from_select(["term", "demand_id", "weight"], rows))

    async def demand_matched(self, demand_id: UUID, due_at: datetime | None) -> None:
        which = _is(demand_id) & (DEMANDS.c.match_due_at == due_at)
        await self._session.execute(update(DEMANDS).where(which).values(match_due_at=None))

    async def match_again(self, demand_id: UUID | None, due_at: datetime) -> None:
        which = DEMANDS.c.status == DemandStatus.OPEN
        # Of all demands, one that waits already keeps its place before those that are only matched anew.
        which &= _is(demand_id) if demand_id is not None else DEMANDS.c.match_due_at.is_(None)
        in_order = select(DEMANDS.c.demand_id).where(which).order_by(DEMANDS.c.demand_id)
        await self._session.execute(in_order.with_for_update(key_share=True))
        await self._session.execute(update(DEMANDS).where(which).values(match_due_at=due_at))
        await wake(self._session)


def _is(demand_id: UUID) -> ColumnElement[bool]:
    return DEMANDS.c.demand_id == demand_id
