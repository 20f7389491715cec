"""Demands: an organisation's own."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import func, select

from services.kit.auth import Principal
from services.kit.clock import utcnow
from services.kit.ids import new_id
from services.kit.problems import FieldError, InvalidInput
from services.kit.web import Caller, Page, PagingQuery, Tx, allow, etag, paginate, router
from services.matching.adapters import mapping
from services.matching.adapters.expiry import TimedExpiry
from services.matching.adapters.news import PublishedNews
from services.matching.adapters.store import PgStore
from services.matching.adapters.tables import DemandRow
from services.matching.application.end_demand import close_demand
from services.matching.application.post_demand import post_demand
from services.matching.domain import facts, ipc
from services.matching.domain.demands import DEFAULT_LIFE, LONGEST_LIFE, Demand, DemandStatus, Visibility
from services.matching.domain.errors import DemandNotFound
from services.matching.domain.facts import DealForm, DemandFacts
from services.matching.domain.text import Script, read
from services.matching.entrypoints.money import Money

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Acting = Annotated[Principal, Depends(allow())]


class PostDemand(BaseModel):
    """No deal forms, territories or budget: any. Territories are WIPO ST.3 codes."""

    model_config = ConfigDict(extra="forbid")

    title: Line
    problem: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]
    industry: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    ipc: list[Annotated[str, StringConstraints(max_length=20)]] = Field(default=[], max_length=20)
    deal_forms: list[DealForm] = Field(default=[], max_length=len(DealForm))
    territories: list[Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]] = Field(default=[], max_length=50)
    budget: Money | None = None
    expires_at: AwareDatetime | None = Field(None, description="At most three years ahead; a year where not given.")
    language: Literal["zh", "en"] | None = Field(None, description="Of title and problem; seen from them if not given.")
    region: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    visibility: Visibility = Field(
        Visibility.PRIVATE,
        description="private: seen by the own organisation, and matched. anonymous: on the public board, but not whose "
        "it is. public: on the board with the organisation's name.",
    )
    budget_public: bool = Field(False, description="Whether the board shows the budget, too.")


class CloseDemand(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Line


class DemandView(BaseModel):
    id: UUID
    organisation_id: UUID
    organisation_name: str
    title: str
    problem: str
    industry: str
    ipc: list[str]
    deal_forms: list[DealForm]
    territories: list[str]
    budget: Money | None
    language: str
    status: DemandStatus
    close_reason: str | None
    region: str
    visibility: Visibility
    budget_public: bool
    created_at: datetime
    expires_at: datetime
    version: int


class DemandFigures(BaseModel):
    states: dict[DemandStatus, int]


r = router(prefix="/api/v1/demands", tags=["demands"])


@r.post("", status_code=201)
async def post_a_demand(body: PostDemand, tx: Tx, caller: Acting, response: Response) -> DemandView:
    """Post a technology demand. Its matches arrive by event within seconds."""
    demand = _demand(body, caller, utcnow())
    await post_demand(PgStore(tx), PublishedNews(tx), TimedExpiry(tx), demand, demand.created_at)
    etag(response, demand.version)
    response.headers["Location"] = f"/api/v1/demands/{demand.facts.demand_id}"
    return _view(demand)


@r.get("")
async def list_demands(
    tx: Tx,
    caller: Caller,
    paging: PagingQuery,
    mine: Annotated[bool, Query(description="Demands are seen by their own organisation alone: true only.")] = True,
    status: Annotated[DemandStatus | None, Query()] = None,
) -> Page[DemandView]:
    """The caller's organisation's demands, newest first."""
    if not mine:
        raise InvalidInput(errors=[FieldError("?mine", "mine-only")])
    statement = select(DemandRow).where(DemandRow.organisation_id == caller.organisation_id)
    if status is not None:
        statement = statement.where(DemandRow.status == status)
    rows, cursor = await paginate(tx, statement, paging, sort=[DemandRow.demand_id])
    return Page(items=[_view(mapping.demand(row)) for row in rows], next=cursor)


@r.get("/figures")
async def read_demand_figures(tx: Tx, caller: Caller) -> DemandFigures:
    """How many demands the caller's organisation has, by state."""
    mine = DemandRow.organisation_id == caller.organisation_id
    counted = await tx.execute(select(DemandRow.status, func.count()).where(mine).group_by(DemandRow.status))
    return DemandFigures.model_validate({"states": dict(counted.all())})


@r.get("/{demand_id}")
async def get_demand(demand_id: UUID, tx: Tx, caller: Caller, response: Response) -> DemandView:
    demand = await PgStore(tx).demand(demand_id)
    if demand is None or demand.facts.organisation_id != caller.organisation_id:
        raise DemandNotFound(demand_id=demand_id)
    etag(response, demand.version)
    return _view(demand)


@r.post("/{demand_id}/close")
async def close_a_demand(demand_id: UUID, body: CloseDemand, tx: Tx, caller: Acting, response: Response) -> DemandView:
    """Take a demand back. Its matches lapse."""
    demand = await close_demand(
        PgStore(tx),
        PublishedNews(tx),
        TimedExpiry(tx),
        demand_id=demand_id,
        organisation_id=caller.organisation_id,
        reason=body.reason,
        now=utcnow(),
    )
    etag(response, demand.version)
    return _view(demand)


def _demand(body: PostDemand, caller: Principal, now: datetime) -> Demand:
    symbols = [ipc.canonical(raw) for raw in body.ipc]
    faults = [FieldError(f"/ipc/{place}", "ipc") for place, symbol in enumerate(symbols) if symbol is None]
    expires_at = body.expires_at or now + DEFAULT_LIFE
    if not now < expires_at <= now + LONGEST_LIFE:
        faults.append(FieldError("/expires_at", "expiry"))
    if faults:
        raise InvalidInput(errors=faults)
    script = read(f"{body.title}\n{body.problem}").script
    guessed = "zh" if script is Script.IDEOGRAPHS else "en"
    wanted = DemandFacts(
        demand_id=new_id(),
        organisation_id=caller.organisation_id,
        title=body.title,
        text=body.problem,
        language=body.language or guessed,
        industry=body.industry or "",
        ipc=tuple(dict.fromkeys(symbol for symbol in symbols if symbol)),
        deal_forms=tuple(dict.fromkeys(body.deal_forms)),
        territories=tuple(dict.fromkeys(body.territories)),
        budget=facts.Money(body.budget.minor_units, body.budget.currency) if body.budget else None,
    )
    return Demand(
        wanted,
        caller.organisation_name,
        created_at=now,
        expires_at=expires_at.astimezone(UTC),
        visibility=body.visibility,
        budget_public=body.budget_public,
        region=body.region,
    )


def _view(demand: Demand) -> DemandView:
    wanted, budget = demand.facts, demand.facts.budget
    return DemandView(
        id=wanted.demand_id,
        organisation_id=wanted.organisation_id,
        organisation_name=demand.organisation_name,
        title=wanted.title,
        problem=wanted.text,
        industry=wanted.industry,
        ipc=list(wanted.ipc),
        deal_forms=list(wanted.deal_forms),
        territories=list(wanted.territories),
        budget=Money(minor_units=budget.minor_units, currency=budget.currency) if budget else None,
        language=wanted.language,
        status=demand.status,
        close_reason=demand.close_reason or None,
        region=demand.region,
        visibility=demand.visibility,
        budget_public=demand.budget_public,
        created_at=demand.created_at,
        expires_at=demand.expires_at,
        version=demand.version,
    )
