"""Reading beside the book: lists, names, history."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.tables import DealRow, HistoryRow, OrganisationRow
from services.contract.domain.states import DealState


def deals_of(organisation_id: UUID, state: DealState | None) -> Select[DealRow]:
    """The deals an organisation takes part in, as either party or broker."""
    mine = or_(
        DealRow.licensor_organisation_id == organisation_id,
        DealRow.licensee_organisation_id == organisation_id,
        DealRow.broker_organisation_id == organisation_id,
    )
    statement = select(DealRow).where(mine)
    return statement.where(DealRow.state == state.value) if state else statement


def deals_in(state: DealState) -> Select[DealRow]:
    """Deals in a state, whoever's they are."""
    return select(DealRow).where(DealRow.state == state.value)


def history_of(deal_id: UUID) -> Select[HistoryRow]:
    return select(HistoryRow).where(HistoryRow.deal_id == deal_id)


async def names_of(session: AsyncSession, organisation_ids: Collection[UUID]) -> dict[UUID, OrganisationRow]:
    rows = await session.scalars(select(OrganisationRow).where(OrganisationRow.organisation_id.in_(organisation_ids)))
    return {row.organisation_id: row for row in rows}
