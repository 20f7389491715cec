"""Reading beside the book: lists, names, history, figures."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.tables import DealRow, HistoryRow, OfferRow, OrganisationRow
from services.contract.domain.states import AWAITED, By, DealState


def deals_of(organisation_id: UUID, state: DealState | None = None, *, awaiting: bool = False) -> Select[DealRow]:
    """The deals an organisation takes part in, as either party or broker; where asked so, those awaiting its step."""
    statement = select(DealRow).where(_awaits(organisation_id) if awaiting else _takes_part(organisation_id))
    return statement.where(DealRow.state == state.value) if state else statement


def deals_in(state: DealState) -> Select[DealRow]:
    """Deals in a state, whoever's they are."""
    return select(DealRow).where(DealRow.state == state.value)


async def last_told(session: AsyncSession, deal_ids: Collection[UUID], event: str) -> dict[UUID, HistoryRow]:
    """Of each deal, the last entry of its history of a kind."""
    entries = select(HistoryRow).where(HistoryRow.deal_id.in_(deal_ids), HistoryRow.event == event)
    rows = await session.scalars(entries.order_by(HistoryRow.sequence))
    return {row.deal_id: row for row in rows}


def history_of(deal_id: UUID) -> Select[HistoryRow]:
    return select(HistoryRow).where(HistoryRow.deal_id == deal_id)


async def names_of(session: AsyncSession, organisation_ids: Collection[UUID]) -> dict[UUID, OrganisationRow]:
    rows = await session.scalars(select(OrganisationRow).where(OrganisationRow.organisation_id.in_(organisation_ids)))
    return {row.organisation_id: row for row in rows}


async def awaits_of(session: AsyncSession, rows: Collection[DealRow]) -> dict[UUID, By | None]:
    """Of each deal, the side whose step is next: Deal.awaits, without loading the deals."""
    ids = [row.deal_id for row in rows]
    latest = select(DealRow.deal_id, _offeror()).where(DealRow.deal_id.in_(ids))
    offerors: dict[UUID, UUID | None] = dict((await session.execute(latest)).all())
    return {row.deal_id: _side(row, offerors[row.deal_id]) for row in rows}


async def figures_of(session: AsyncSession, organisation_id: UUID) -> dict[str, Any]:
    """As the API's DealFigures."""
    mine = _takes_part(organisation_id)
    states = await _counted(session, select(DealRow.state, func.count()).where(mine).group_by(DealRow.state))
    happened = (
        select(HistoryRow.event, func.count(HistoryRow.deal_id.distinct()))
        .join(DealRow, DealRow.deal_id == HistoryRow.deal_id)
        .where(mine)
        .group_by(HistoryRow.event)
    )
    reason = DealRow.closing["reason_code"].astext
    # Grouped by its name: two parameters of one value are two expressions to PostgreSQL.
    ended = select(reason.label("reason"), func.count()).where(mine, reason.is_not(None)).group_by("reason")
    awaiting = select(func.count()).select_from(DealRow).where(_awaits(organisation_id))
    return {
        "total": sum(states.values()),
        "awaiting_me": await session.scalar(awaiting),
        "states": states,
        "reached": await _counted(session, happened),
        "ended_for": await _counted(session, ended),
    }


async def _counted(session: AsyncSession, statement: Select[str, int]) -> dict[str, int]:
    return dict((await session.execute(statement)).all())


def _takes_part(organisation_id: UUID) -> ColumnElement[bool]:
    return or_(
        DealRow.licensor_organisation_id == organisation_id,
        DealRow.licensee_organisation_id == organisation_id,
        DealRow.broker_organisation_id == organisation_id,
    )


def _awaits(organisation_id: UUID) -> ColumnElement[bool]:
    licensor = DealRow.licensor_organisation_id == organisation_id
    licensee = DealRow.licensee_organisation_id == organisation_id
    who = {
        By.LICENSOR: licensor,
        By.LICENSEE: licensee,
        By.ADDRESSEE: and_(or_(licensor, licensee), _offeror() != organisation_id),
    }
    return or_(*[and_(DealRow.state == state.value, who[by]) for state, by in AWAITED.items()])


def _offeror() -> Any:
    """Who made the latest offer of the deal at hand."""
    latest = select(OfferRow.from_organisation_id).where(OfferRow.deal_id == DealRow.deal_id)
    return latest.order_by(OfferRow.round.desc()).limit(1).correlate(DealRow).scalar_subquery()


def _side(row: DealRow, offeror: UUID | None) -> By | None:
    by = AWAITED.get(DealState(row.state))
    if by is not By.ADDRESSEE:
        return by
    return By.LICENSEE if offeror == row.licensor_organisation_id else By.LICENSOR
