"""/api/v1/payments/bank: statements and their lines, for operators."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import select

from services.contract.adapters.money.tables import BankLineRow, BankStatementRow
from services.contract.domain.errors import StatementNotFound
from services.contract.domain.money.statements import LineState, StatementFormat
from services.contract.entrypoints.money_desk import OPERATOR_ACTS, OPERATOR_READS, MoneyDeskOf
from services.contract.entrypoints.money_schemas import ImportedStatement, LineView, MatchLine, StatementView
from services.kit.web import Page, PagingQuery, Tx, paginate, router

bank = router(prefix="/api/v1/payments/bank", tags=["payments"])

_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}


@bank.post("/statements", status_code=201, dependencies=[OPERATOR_ACTS], openapi_extra=_BODY)
async def import_statement(
    request: Request,
    desk: MoneyDeskOf,
    form: Annotated[StatementFormat, Query(alias="format", description="What the body is.")],
) -> ImportedStatement:
    """Take in a statement of the hall's account. It is taken whole or, with every fault located, not at all.

    Credits with an invoice's reference pay it, debits with an order's carry it out; the others wait for two operators.
    The same statement, or one that overlaps it, has no second effect.
    """
    statement, fresh = await desk.bank.import_statement(form, await request.body())
    matched = sum(line.state == LineState.MATCHED for line in fresh)
    return ImportedStatement(
        **dict(_statement(statement)),
        matched=matched,
        unmatched=len(fresh) - matched,
        items=[_line(line) for line in fresh],
    )


@bank.get("/statements", dependencies=[OPERATOR_READS])
async def list_bank_statements(tx: Tx, paging: PagingQuery) -> Page[StatementView]:
    statement = select(BankStatementRow)
    rows, following = await paginate(tx, statement, paging, sort=[BankStatementRow.statement_id])
    return Page(items=[_statement(row) for row in rows], next=following)


@bank.get("/statements/{statement_id}/lines", dependencies=[OPERATOR_READS])
async def list_statement_lines(statement_id: UUID, tx: Tx, paging: PagingQuery) -> Page[LineView]:
    if await tx.get(BankStatementRow, statement_id) is None:
        raise StatementNotFound(statement_id=statement_id)
    statement = select(BankLineRow).where(BankLineRow.statement_id == statement_id)
    rows, following = await paginate(tx, statement, paging, sort=[BankLineRow.line_id], descending=False)
    return Page(items=[_line(row) for row in rows], next=following)


@bank.get("/lines", dependencies=[OPERATOR_READS])
async def list_lines(
    tx: Tx, paging: PagingQuery, state: Annotated[LineState, Query()] = LineState.UNMATCHED
) -> Page[LineView]:
    """Lines of all statements that wait for somebody to say what they are for."""
    statement = select(BankLineRow).where(BankLineRow.state == state.value)
    rows, following = await paginate(tx, statement, paging, sort=[BankLineRow.line_id])
    return Page(items=[_line(row) for row in rows], next=following)


@bank.post("/lines/{line_id}/matches", dependencies=[OPERATOR_ACTS])
async def match_line(line_id: UUID, body: MatchLine, desk: MoneyDeskOf) -> LineView:
    """Say what a line is for. One operator proposes it; it is booked when another one says the same."""
    return _line(await desk.bank.match(line_id, body.invoice_id, body.order_id))


def _statement(row: BankStatementRow) -> StatementView:
    return StatementView.model_validate(row, from_attributes=True)


def _line(row: BankLineRow) -> LineView:
    values = {name: getattr(row, name) for name in LineView.model_fields if name != "minor_units"}
    return LineView.model_validate({**values, "minor_units": row.amount})
