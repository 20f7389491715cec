"""A member's desk: what waits for them, and how their deals, listings and demands stand."""

import asyncio
from typing import Any

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.views.deal_course import STAGES
from gateway.pages.visitor import Visitor

area = Area()

_SHOWN = 5
_TO_SIGNATURE = 5  # stages; what follows is fulfilment, which some deals pass over
_LISTING_STATES = ("draft", "published", "under_offer", "closed", "withdrawn")
_DEMAND_STATES = ("open", "closed", "expired")
_WHOLE = 10_000  # basis points
_FIRST_OURS = 500


@area.get("/desk", members=True)
async def desk(visitor: Visitor) -> Response:
    figures, waiting, matches, notices, listings, demands = await asyncio.gather(
        unless_down(visitor, "/api/v1/deals/figures"),
        unless_down(visitor, "/api/v1/deals", awaiting_me="true", limit=_SHOWN),
        unless_down(visitor, "/api/v1/matches", judged="false", limit=_SHOWN),
        unless_down(visitor, "/api/v1/notifications", unread="true", limit=_SHOWN),
        unless_down(visitor, "/api/v1/listings/figures"),
        unless_down(visitor, "/api/v1/demands/figures"),
    )
    return await visitor.page(
        "desk.html",
        figures=figures,
        waiting=waiting,
        matches=matches,
        notices=notices,
        funnel=_funnel(visitor, figures) if figures else [],
        listings=_states(listings, _LISTING_STATES),
        demands=_states(demands, _DEMAND_STATES),
        part_down=None in (figures, waiting, matches, notices, listings, demands),
    )


async def unless_down(visitor: Visitor, path: str, **query: Any) -> Json | None:
    """None where a part of the hall does not answer: the desk then shows less, and says so."""
    try:
        found: Json = await visitor.api.get(path, **query)
    except ApiProblem as problem:
        if problem.status < _FIRST_OURS:
            raise
        return None
    return found


def _funnel(visitor: Visitor, figures: Json) -> list[tuple[str, int, str | None, str]]:
    """How many deals ever came to each stage, and what part of all that is."""
    total = figures["total"]
    bars: list[tuple[str, int, str | None, str]] = []
    for name, _, event in STAGES[:_TO_SIGNATURE]:
        reached = figures["reached"].get(event, 0)
        share = visitor.language.percent(round(_WHOLE * reached / total, -2)) if total else ""
        bars.append((visitor.language.word("deal_stage", name), reached, None, share))
    return bars


def _states(figures: Json | None, states: tuple[str, ...]) -> list[tuple[str, int]]:
    """Counts in the order of a life; states that nothing is in are left out."""
    counts = figures["states"] if figures else {}
    return [(state, counts[state]) for state in states if counts.get(state)]
