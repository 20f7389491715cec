"""Matches: seen by their two sides, each from its own. The listing's side is not told the demand's budget."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.auth import Principal
from services.kit.clock import utcnow
from services.kit.problems import FieldError, InvalidInput
from services.kit.web import Caller, Page, PagingQuery, Tx, etag, paginate, router
from services.matching.adapters.matches import judged_by, of_organisation, read_matches
from services.matching.adapters.news import PublishedNews
from services.matching.adapters.store import PgStore
from services.matching.adapters.tables import MatchRow
from services.matching.application.ask_now import ask_for_demand, ask_for_listing, listing_of
from services.matching.application.find_matches import Finder
from services.matching.application.judge_match import judge_match
from services.matching.domain.eligibility import Bar
from services.matching.domain.errors import DemandNotFound, MatchNotFound
from services.matching.domain.feedback import DismissalReason
from services.matching.domain.matches import BEST_KEPT, Match, Party, Side, Standing, Verdict
from services.matching.entrypoints.demands import Acting
from services.matching.entrypoints.wording import Wording


class ReasonView(BaseModel):
    """`contribution` is what it adds to the score; `text` says it in the reader's language."""

    code: str
    text: str
    contribution: float
    parameters: dict[str, str]


class BarView(BaseModel):
    """Why something cannot be matched, with the rule and its article where the law says so."""

    code: str
    text: str
    rule: str | None
    article: str | None


class PartyView(BaseModel):
    id: UUID
    title: str
    organisation_id: UUID
    organisation_name: str


class JudgementView(BaseModel):
    """`reason` is told to the side that gave it alone: to the other it could say what a budget is."""

    side: Side
    verdict: Verdict
    reason: DismissalReason | None
    judged_at: datetime


class MatchView(BaseModel):
    """`score` says how well the two fit, 0 to 1; it is no probability of a deal. `side` is the reader's own."""

    id: UUID
    side: Side
    demand: PartyView
    listing: PartyView
    score: float
    reasons: list[ReasonView]
    standing: Standing
    bar: BarView | None
    judgements: list[JudgementView]
    found_at: datetime
    updated_at: datetime
    version: int


class Search(BaseModel):
    """One of the two: the caller's own demand, or its own listing."""

    model_config = ConfigDict(extra="forbid")

    demand_id: UUID | None = None
    listing_id: UUID | None = None


class Found(BaseModel):
    """The best first. `bar` says why the listing is not matched at all."""

    items: list[MatchView]
    bar: BarView | None = None


class Judge(BaseModel):
    """A reason is given with `dismissed`, and only then."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    reason: DismissalReason | None = None


def _finder(request: Request) -> Finder:
    finder: Finder = request.app.state.finder
    return finder


Finding = Annotated[Finder, Depends(_finder)]

r = router(prefix="/api/v1/matches", tags=["matches"])


@r.get("")
async def list_matches(
    *,
    request: Request,
    tx: Tx,
    caller: Caller,
    paging: PagingQuery,
    demand_id: Annotated[UUID | None, Query(description="Of this own demand.")] = None,
    listing_id: Annotated[UUID | None, Query(description="Of this own listing.")] = None,
    standing: Annotated[Standing, Query()] = Standing.CURRENT,
    side: Annotated[Side | None, Query(description="Only those in which one is this side.")] = None,
    judged: Annotated[bool | None, Query(description="Whether one's own side has said yes or no.")] = None,
) -> Page[MatchView]:
    """Matches of the caller's demands and listings, the best first."""
    statement = select(MatchRow).where(MatchRow.standing == standing, of_organisation(caller.organisation_id, side))
    if judged is not None:
        mine = judged_by(caller.organisation_id)
        statement = statement.where(mine if judged else not_(mine))
    if demand_id is not None:
        await _own_demand(tx, caller, demand_id)
        statement = statement.where(MatchRow.demand_id == demand_id)
    if listing_id is not None:
        await listing_of(PgStore(tx), listing_id, caller.organisation_id)
        statement = statement.where(MatchRow.listing_id == listing_id)
    rows, cursor = await paginate(tx, statement, paging, sort=[MatchRow.score, MatchRow.match_id])
    return Page(items=await _views(request, tx, caller, [row.match_id for row in rows]), next=cursor)


@r.post("/search")
async def search_matches(*, body: Search, request: Request, tx: Tx, caller: Acting, finder: Finding) -> Found:
    """Match one's own demand or listing now, instead of waiting for the event."""
    if (body.demand_id is None) == (body.listing_id is None):
        raise InvalidInput(errors=[FieldError("", "demand-or-listing")])
    store, news, now = PgStore(tx), PublishedNews(tx), utcnow()
    bar = None
    statement = select(MatchRow.match_id).where(MatchRow.standing == Standing.CURRENT)
    if body.demand_id is not None:
        await ask_for_demand(
            finder, store, news, demand_id=body.demand_id, organisation_id=caller.organisation_id, now=now
        )
        statement = statement.where(MatchRow.demand_id == body.demand_id)
    elif body.listing_id is not None:
        bar = await ask_for_listing(
            finder, store, news, listing_id=body.listing_id, organisation_id=caller.organisation_id, now=now
        )
        statement = statement.where(MatchRow.listing_id == body.listing_id)
    best = statement.order_by(MatchRow.score.desc(), MatchRow.match_id.desc()).limit(BEST_KEPT)
    items = await _views(request, tx, caller, list((await tx.execute(best)).scalars()))
    return Found(items=items, bar=_bar(bar, Wording.of(request, caller)))


@r.get("/{match_id}")
async def get_match(match_id: UUID, request: Request, tx: Tx, caller: Caller, response: Response) -> MatchView:
    found = await _views(request, tx, caller, [match_id])
    if not found:
        raise MatchNotFound(match_id=match_id)
    etag(response, found[0].version)
    return found[0]


@r.post("/{match_id}/judgement")
async def judge_a_match(
    *, match_id: UUID, body: Judge, request: Request, tx: Tx, caller: Acting, response: Response
) -> MatchView:
    """Say yes or no to a match. A "no" is final for the pair, and its reason teaches later rankings."""
    if (body.verdict is Verdict.DISMISSED) != (body.reason is not None):
        raise InvalidInput(errors=[FieldError("/reason", "dismissal-reason")])
    match = await judge_match(
        PgStore(tx),
        PublishedNews(tx),
        match_id=match_id,
        organisation_id=caller.organisation_id,
        verdict=body.verdict,
        reason=body.reason,
        now=utcnow(),
    )
    etag(response, match.version)
    return _view(match, caller, Wording.of(request, caller))


async def _own_demand(tx: AsyncSession, caller: Principal, demand_id: UUID) -> None:
    demand = await PgStore(tx).demand(demand_id)
    if demand is None or demand.facts.organisation_id != caller.organisation_id:
        raise DemandNotFound(demand_id=demand_id)


async def _views(request: Request, tx: AsyncSession, caller: Principal, match_ids: list[UUID]) -> list[MatchView]:
    """Those of the matches that the caller is a side of, in the order given."""
    wording = Wording.of(request, caller)
    found = {match.match_id: match for match in await read_matches(tx, match_ids)}
    ordered = [found[match_id] for match_id in match_ids if match_id in found]
    return [_view(each, caller, wording) for each in ordered if each.is_side(caller.organisation_id)]


def _view(match: Match, caller: Principal, wording: Wording) -> MatchView:
    side = match.side_of(caller.organisation_id)
    return MatchView(
        id=match.match_id,
        side=side,
        demand=_party(match.demand),
        listing=_party(match.listing),
        score=match.score,
        reasons=[
            ReasonView(
                code=each.code,
                text=wording.sentence("reason", each.code, each.parameters),
                contribution=each.contribution,
                parameters=each.parameters,
            )
            for each in match.reasons_for(side)
        ],
        standing=match.standing,
        bar=_bar(match.bar, wording),
        judgements=[
            JudgementView(
                side=each.side,
                verdict=each.verdict,
                reason=each.reason if each.side is side else None,
                judged_at=each.judged_at,
            )
            for each in match.judgements.values()
        ],
        found_at=match.found_at,
        updated_at=match.updated_at,
        version=match.version,
    )


def _party(party: Party) -> PartyView:
    return PartyView(
        id=party.id,
        title=party.title,
        organisation_id=party.organisation_id,
        organisation_name=party.organisation_name,
    )


def _bar(bar: Bar | None, wording: Wording) -> BarView | None:
    if bar is None:
        return None
    text = wording.sentence("bar", bar.code, bar.parameters)
    return BarView(code=bar.code, text=text, rule=bar.rule or None, article=bar.article or None)
