"""What happens to a deal past its signing: by its parties under deals, by the operator under the other paths."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import select

from services.contract.adapters.money.tables import InvoiceRow, RecordalRow
from services.contract.adapters.queries import deals_in, last_told
from services.contract.adapters.tables import DealRow, HistoryRow
from services.contract.application.decide_money import Decide, decide
from services.contract.domain import fulfilment
from services.contract.domain.deal import Deal
from services.contract.domain.errors import InvoiceNotFound
from services.contract.domain.facts import RightKind
from services.contract.domain.fulfilled import DealDisputed
from services.contract.domain.fulfilment import Office
from services.contract.domain.states import DealState
from services.contract.entrypoints.desk import DeskOf
from services.contract.entrypoints.money_desk import OPERATOR_ACTS, OPERATOR_READS, PARTY_ACTS, MoneyDeskOf
from services.contract.entrypoints.money_schemas import (
    ConfirmRecordal,
    DisputedDeal,
    FiledDeal,
    FileRecordal,
    GiveReason,
    InvoiceView,
    ResumeDeal,
)
from services.contract.entrypoints.schemas import DealView, Nothing
from services.kit.clock import utcnow
from services.kit.web import Page, PagingQuery, Tx, paginate, router

deals = router(prefix="/api/v1/deals", tags=["deals"])
recordals = router(prefix="/api/v1/recordals", tags=["recordals"])
disputes = router(prefix="/api/v1/disputes", tags=["disputes"])
decisions = router(prefix="/api/v1/invoices", tags=["invoices"])


@deals.post("/{deal_id}/recordal", status_code=201, dependencies=[PARTY_ACTS])
async def file_recordal(deal_id: UUID, body: FileRecordal, desk: DeskOf) -> DealView:
    """Say that the deal was filed at the register's office, with the number it gave."""
    filing = (body.filing_number, body.filed_on)
    return await _decided(
        desk, deal_id, lambda deal, kind, at: fulfilment.file_recordal(deal, desk.actor, kind, filing, at)
    )


@deals.post("/{deal_id}/recordal/receipt", dependencies=[PARTY_ACTS])
async def confirm_recordal(deal_id: UUID, body: ConfirmRecordal, desk: DeskOf) -> DealView:
    """The licensee, whose money it releases, says that the register shows the deal."""
    receipt, office = (body.receipt_number, body.recorded_on), Office(desk.actor)
    return await _decided(desk, deal_id, lambda deal, _kind, at: fulfilment.record(deal, office, receipt, at))


@deals.post("/{deal_id}/recordal/refusal", dependencies=[PARTY_ACTS])
async def report_refusal(deal_id: UUID, body: GiveReason, desk: DeskOf) -> DealView:
    """The office has refused. It may be filed again."""
    office, reason = Office(desk.actor), body.reason
    return await _decided(desk, deal_id, lambda deal, _kind, at: fulfilment.refuse_recordal(deal, office, reason, at))


@deals.post("/{deal_id}/release", dependencies=[PARTY_ACTS])
async def release_payment(deal_id: UUID, desk: DeskOf, _body: Nothing | None = None) -> DealView:
    """The licensee lets the licensor have the money before any recordal. Refused where ownership passes by it."""
    return await _decided(desk, deal_id, lambda deal, kind, at: fulfilment.release(deal, desk.actor, kind, at))


@deals.post("/{deal_id}/dispute", dependencies=[PARTY_ACTS])
async def dispute_deal(deal_id: UUID, body: GiveReason, desk: DeskOf) -> DealView:
    """Stop the money where it is, until the operator has decided."""
    actor, reason = desk.actor, body.reason
    return await _decided(desk, deal_id, lambda deal, _kind, at: fulfilment.dispute(deal, actor, reason, at))


@deals.post("/{deal_id}/terminate", dependencies=[PARTY_ACTS])
async def terminate_deal(deal_id: UUID, body: GiveReason, desk: DeskOf) -> DealView:
    """End a contract that was not paid in time, was refused by the register, or runs."""
    actor, reason = desk.actor, body.reason
    return await _decided(desk, deal_id, lambda deal, _kind, at: fulfilment.terminate(deal, actor, reason, at))


async def _decided(desk: DeskOf, deal_id: UUID, how: Decide) -> DealView:
    return await desk.view(await decide(desk.book, utcnow, deal_id, desk.actor.organisation_id, how))


# The operator's, who is no party and does not see the deal's terms.


@recordals.get("", dependencies=[OPERATOR_READS])
async def list_recordals(
    tx: Tx, paging: PagingQuery, state: Annotated[DealState, Query()] = DealState.RECORDAL_FILED
) -> Page[FiledDeal]:
    """Deals in a state of recordal, for the operator who checks them against the register."""
    rows, following = await paginate(tx, deals_in(state), paging, sort=[DealRow.deal_id])
    return Page(items=await _filed(tx, rows), next=following)


@recordals.post("/{deal_id}/receipt", dependencies=[OPERATOR_ACTS])
async def record_recordal(deal_id: UUID, body: ConfirmRecordal, desk: MoneyDeskOf) -> FiledDeal:
    """The operator has seen the deal in the register."""
    receipt, office = (body.receipt_number, body.recorded_on), Office(desk.actor, is_operator=True)
    await decide(desk.book, utcnow, deal_id, None, lambda deal, _kind, at: fulfilment.record(deal, office, receipt, at))
    return (await _filed(desk.session, [await _row(desk.session, deal_id)]))[0]


@recordals.post("/{deal_id}/refusal", dependencies=[OPERATOR_ACTS])
async def refuse_recordal(deal_id: UUID, body: GiveReason, desk: MoneyDeskOf) -> FiledDeal:
    """The operator has seen the office's refusal."""
    office = Office(desk.actor, is_operator=True)

    def refuse(deal: Deal, _kind: RightKind, at: datetime) -> None:
        fulfilment.refuse_recordal(deal, office, body.reason, at)

    await decide(desk.book, utcnow, deal_id, None, refuse)
    return (await _filed(desk.session, [await _row(desk.session, deal_id)]))[0]


@disputes.get("", dependencies=[OPERATOR_READS])
async def list_disputes(desk: MoneyDeskOf, paging: PagingQuery) -> Page[DisputedDeal]:
    """Deals whose money stands still until the operator decides: /api/v1/invoices/{invoice_id}/resume or /refund."""
    rows, following = await paginate(desk.session, deals_in(DealState.DISPUTED), paging, sort=[DealRow.deal_id])
    ids = [row.deal_id for row in rows]
    found = await desk.session.scalars(select(InvoiceRow).where(InvoiceRow.deal_id.in_(ids)))
    invoices = {view.deal_id: view for view in await desk.invoice_views(list(found))}
    told = await last_told(desk.session, ids, DealDisputed.event)
    return Page(items=[_disputed(row, invoices[row.deal_id], told[row.deal_id]) for row in rows], next=following)


@decisions.post("/{invoice_id}/refund", dependencies=[OPERATOR_ACTS])
async def refund_invoice(invoice_id: UUID, desk: MoneyDeskOf, _body: Nothing | None = None) -> InvoiceView:
    """Give everything back to the licensee, and end the contract. What was paid out is taken back."""
    return await _operated(desk, invoice_id, lambda deal, _kind, at: fulfilment.refund(deal, desk.actor, at))


@decisions.post("/{invoice_id}/resume", dependencies=[OPERATOR_ACTS])
async def resume_deal(invoice_id: UUID, body: ResumeDeal, desk: MoneyDeskOf) -> InvoiceView:
    """Settle a dispute: the deal goes on, with part of the money given back where that was agreed."""
    part = body.refund_minor_units
    return await _operated(desk, invoice_id, lambda deal, _kind, at: fulfilment.resume(deal, desk.actor, part, at))


async def _operated(desk: MoneyDeskOf, invoice_id: UUID, how: Decide) -> InvoiceView:
    row = await desk.session.get(InvoiceRow, invoice_id)
    if row is None:
        raise InvoiceNotFound(invoice_id=invoice_id)
    await decide(desk.book, utcnow, row.deal_id, None, how)
    return await desk.invoice_view(await desk.invoice(invoice_id))


def _disputed(row: DealRow, invoice: InvoiceView, told: HistoryRow) -> DisputedDeal:
    return DisputedDeal(
        invoice=invoice,
        number=row.number,
        title=row.title,
        licensor_organisation_id=row.licensor_organisation_id,
        licensee_organisation_id=row.licensee_organisation_id,
        reason=told.data["reason"],
        disputed_by_organisation_id=UUID(told.actor["organisation_id"]),
        disputed_at=told.at,
    )


async def _row(tx: Tx, deal_id: UUID) -> DealRow:
    return await tx.get_one(DealRow, deal_id, populate_existing=True)


async def _filed(tx: Tx, rows: Sequence[DealRow]) -> list[FiledDeal]:
    ids = [row.deal_id for row in rows]
    wanted = select(RecordalRow).where(RecordalRow.deal_id.in_(ids)).execution_options(populate_existing=True)
    filings = {filing.deal_id: filing for filing in await tx.scalars(wanted)}
    of_deals = select(InvoiceRow.deal_id, InvoiceRow.invoice_id).where(InvoiceRow.deal_id.in_(ids))
    invoices = {row.deal_id: row.invoice_id for row in await tx.execute(of_deals)}
    return [_as_filed(row, filings.get(row.deal_id), invoices.get(row.deal_id)) for row in rows]


def _as_filed(row: DealRow, filing: RecordalRow | None, invoice_id: UUID | None) -> FiledDeal:
    return FiledDeal(
        deal_id=row.deal_id,
        state=DealState(row.state),
        number=row.number,
        title=row.title,
        licensor_organisation_id=row.licensor_organisation_id,
        licensee_organisation_id=row.licensee_organisation_id,
        filing_number=filing.filing_number if filing else "",
        filed_on=filing.filed_on if filing else None,
        refusal=filing.refusal if filing else "",
        receipt_number=filing.receipt_number if filing else "",
        recorded_on=filing.recorded_on if filing else None,
        invoice_id=invoice_id,
    )
