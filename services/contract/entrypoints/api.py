"""/api/v1/deals: from inquiry to signature."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Query

from services.contract.adapters import mappers
from services.contract.adapters.queries import awaits_of, deals_of, history_of, names_of
from services.contract.adapters.tables import DealRow, HistoryRow
from services.contract.application.accept_offer import accept_offer
from services.contract.application.leave_deal import Leave, leave_deal
from services.contract.application.make_offer import make_offer
from services.contract.application.open_deal import open_deal
from services.contract.application.sign_contract import sign_contract
from services.contract.domain.deal import Deal
from services.contract.domain.states import DealState
from services.contract.entrypoints.desk import Desk, DeskOf
from services.contract.entrypoints.schemas import (
    DealSummary,
    DealView,
    HistoryEntry,
    LeaveDeal,
    MakeOffer,
    Nothing,
    OpenDeal,
)
from services.contract.entrypoints.views import history_entry, organisations_in, summary
from services.kit.auth import OrganisationKind
from services.kit.clock import utcnow
from services.kit.web import Caller, Page, PagingQuery, Tx, allow, paginate, router

deals = router(prefix="/api/v1/deals", tags=["deals"])

_MAY_INQUIRE = Depends(allow(kinds={OrganisationKind.UNIVERSITY, OrganisationKind.COMPANY, OrganisationKind.BROKER}))
_MAY_ACT = Depends(allow())
NothingOrNone = Annotated[Nothing | None, Body(title="Nothing")]


@deals.post("", status_code=201, dependencies=[_MAY_INQUIRE])
async def inquire_about_listing(body: OpenDeal, desk: DeskOf) -> DealView:
    """Open a deal by an inquiry about a listing; the caller's organisation is its licensee."""
    deal = await open_deal(
        desk.book,
        desk.actor,
        utcnow,
        listing_id=body.listing_id,
        message=body.message,
        demand_id=body.demand_id,
        broker_id=body.broker_organisation_id,
    )
    desk.response.headers["Location"] = f"/api/v1/deals/{deal.subject.deal_id}"
    return await desk.view(deal)


@deals.get("")
async def list_deals(
    *,
    tx: Tx,
    caller: Caller,
    paging: PagingQuery,
    state: Annotated[DealState | None, Query()] = None,
    awaiting_me: Annotated[bool, Query(description="Only those whose next step is one's own.")] = False,
) -> Page[DealSummary]:
    """The deals one's organisation takes part in, newest first."""
    wanted = deals_of(caller.organisation_id, state, awaiting=awaiting_me)
    rows, following = await paginate(tx, wanted, paging, sort=[DealRow.deal_id])
    names, awaits = await names_of(tx, organisations_in(rows)), await awaits_of(tx, rows)
    return Page(items=[summary(row, names, awaits[row.deal_id]) for row in rows], next=following)


@deals.get("/{deal_id}")
async def read_deal(deal_id: UUID, desk: DeskOf) -> DealView:
    """A deal with its offers and signatures, and what the caller may do now or what stands against it."""
    return await desk.view(await desk.book.deal(deal_id, seen_by=desk.actor.organisation_id))


@deals.post("/{deal_id}/offers", status_code=201, dependencies=[_MAY_ACT])
async def offer_terms(deal_id: UUID, body: MakeOffer, desk: DeskOf) -> DealView:
    """The first offer, by either side, or a counter by the side that was offered something."""
    terms = body.terms.terms()
    deal = await make_offer(desk.book, desk.actor, utcnow, deal_id=deal_id, terms=terms, expires_at=body.expires_at)
    return await desk.view(deal)


@deals.post("/{deal_id}/offers/{offer_id}/accept", dependencies=[_MAY_ACT])
async def accept_terms(deal_id: UUID, offer_id: UUID, desk: DeskOf) -> DealView:
    """Accept the offer on the table."""
    return await desk.view(
        await accept_offer(desk.book, desk.papers, desk.actor, utcnow, deal_id=deal_id, offer_id=offer_id)
    )


@deals.post("/{deal_id}/reject", dependencies=[_MAY_ACT])
async def reject_deal(deal_id: UUID, body: LeaveDeal, desk: DeskOf) -> DealView:
    """Say no, with the reason, to what the other side asks."""
    return await _leave(deal_id, body, desk, Deal.reject)


@deals.post("/{deal_id}/withdraw", dependencies=[_MAY_ACT])
async def withdraw_deal(deal_id: UUID, body: LeaveDeal, desk: DeskOf) -> DealView:
    """Leave, with the reason, what one has asked for or agreed to; possible until the last signature."""
    return await _leave(deal_id, body, desk, Deal.withdraw)


@deals.post("/{deal_id}/signatures", status_code=201, dependencies=[_MAY_ACT])
async def sign_deal(deal_id: UUID, desk: DeskOf, _body: NothingOrNone = None) -> DealView:
    """Sign the document: the licensor first, then the licensee. The last signature makes the contract.

    The act counts at once. The hall then puts the signature into the PDF, with a time-stamp, within seconds.
    """
    return await desk.view(await sign_contract(desk.book, desk.papers, desk.actor, utcnow, deal_id))


@deals.get("/{deal_id}/history")
async def read_deal_history(deal_id: UUID, desk: DeskOf, tx: Tx, paging: PagingQuery) -> Page[HistoryEntry]:
    """The deal's append-only record from its beginning, each entry chained to the one before by its hash."""
    await desk.book.deal(deal_id, seen_by=desk.actor.organisation_id)
    rows, following = await paginate(tx, history_of(deal_id), paging, sort=[HistoryRow.sequence], descending=False)
    return Page(items=[history_entry(mappers.to_entry(row)) for row in rows], next=following)


async def _leave(deal_id: UUID, body: LeaveDeal, desk: Desk, how: Leave) -> DealView:
    deal = await leave_deal(
        desk.book, desk.actor, utcnow, deal_id=deal_id, how=how, reason=body.reason_code, note=body.note
    )
    return await desk.view(deal)
