"""Clocks of a contract: the end of a hold, the term for recordal, the agreed start and end."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.book import PostgresDealBook
from services.contract.application.decide_money import Decide, decide
from services.contract.domain import fulfilment
from services.contract.domain.states import HOLD_EXPIRY, RECORDAL_DUE, TERM_END, TERM_START
from services.contract.entrypoints.events import timers as timers  # noqa: PLC0414  # handed on
from services.kit.clock import utcnow
from services.kit.timers import Timer


@timers.on(HOLD_EXPIRY)
async def hold_ran_out(session: AsyncSession, timer: Timer) -> None:
    await _at_its_time(session, timer, lambda deal, _kind, at: fulfilment.expire_hold(deal, at))


@timers.on(RECORDAL_DUE)
async def recordal_falls_due(session: AsyncSession, timer: Timer) -> None:
    await _at_its_time(session, timer, fulfilment.remind_of_recordal)


@timers.on(TERM_START)
async def term_starts(session: AsyncSession, timer: Timer) -> None:
    await _at_its_time(session, timer, lambda deal, _kind, at: fulfilment.hall_acts(deal, at))


@timers.on(TERM_END)
async def term_ends(session: AsyncSession, timer: Timer) -> None:
    await _at_its_time(session, timer, lambda deal, _kind, at: fulfilment.end(deal, at))


async def _at_its_time(session: AsyncSession, timer: Timer, how: Decide) -> None:
    await decide(PostgresDealBook(session), utcnow, timer.aggregate_id, None, how)
