"""/api/v1/statements and /api/v1/ledger: what a party's accounts say, and the books of the hall."""

import csv
import io
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import PlainTextResponse

from services.contract.adapters.money import beancount
from services.contract.adapters.money.ledger import Balance, all_lines, balances, lines_of
from services.contract.domain.money.currencies import written
from services.contract.domain.money.ledger import EntryKind, Purpose
from services.contract.entrypoints.money_desk import OPERATOR_READS
from services.contract.entrypoints.money_schemas import BalanceView, PartyStatement, StatementLine, TrialBalance
from services.kit.web import Caller, Tx, router

statements = router(prefix="/api/v1/statements", tags=["statements"])
ledger = router(prefix="/api/v1/ledger", tags=["ledger"])

_COLUMNS = ("at", "entry_id", "kind", "cause", "deal_id", "purpose", "organisation_id", "amount", "currency")
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@statements.get("")
async def read_statement(
    tx: Tx, caller: Caller, limit: Annotated[int, Query(ge=1, le=1_000, description="The latest so many lines.")] = 200
) -> PartyStatement:
    """The accounts of one's own organisation: how each stands, and its latest lines, oldest first."""
    organisation_id = caller.organisation_id
    rows = list(await tx.execute(lines_of(organisation_id, limit)))
    items = [_line(*row) for row in reversed(rows)]
    held = [_balance(each) for each in await balances(tx, organisation_id)]
    return PartyStatement(organisation_id=organisation_id, balances=held, items=items)


@statements.get("/export.csv", response_class=Response, responses=_CSV)
async def export_statement(tx: Tx, caller: Caller) -> Response:
    """All lines of one's own organisation as CSV."""
    rows = reversed(list(await tx.execute(lines_of(caller.organisation_id, None))))
    return _csv(rows, "statement.csv")


@ledger.get("/trial-balance", dependencies=[OPERATOR_READS])
async def read_trial_balance(tx: Tx) -> TrialBalance:
    """How every account stands. Per currency they add up to nothing; the database lets in no entry that does not."""
    found = await balances(tx)
    sums: dict[str, int] = {}
    for each in found:
        sums[each.currency] = sums.get(each.currency, 0) + each.minor_units
    return TrialBalance(balanced=not any(sums.values()), balances=[_balance(each) for each in found])


@ledger.get("/export.csv", dependencies=[OPERATOR_READS], response_class=Response, responses=_CSV)
async def export_csv(tx: Tx) -> Response:
    """Every posting, one a line."""
    return _csv([row async for row in all_lines(tx)], "ledger.csv")


@ledger.get("/export.beancount", dependencies=[OPERATOR_READS], response_class=Response, responses=_TEXT)
async def export_beancount(tx: Tx) -> PlainTextResponse:
    """The books as Beancount reads them."""
    return PlainTextResponse(beancount.written([row async for row in all_lines(tx)]))


def _line(entry: Any, posting: Any, account: Any) -> StatementLine:
    return StatementLine(
        entry_id=entry.entry_id,
        at=entry.at,
        kind=EntryKind(entry.kind),
        deal_id=entry.deal_id,
        purpose=Purpose(account.purpose),
        minor_units=posting.minor_units,
        currency=account.currency,
    )


def _balance(each: Balance) -> BalanceView:
    return BalanceView(
        purpose=Purpose(each.purpose),
        organisation_id=each.organisation_id,
        currency=each.currency,
        minor_units=each.minor_units,
    )


def _csv(rows: Iterable[Any], name: str) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for entry, posting, account in rows:
        amount = written(posting.minor_units, account.currency)
        about: tuple[UUID | None, ...] = (entry.deal_id, account.organisation_id)
        deal_id, owner = (str(each) if each else "" for each in about)
        at = entry.at.isoformat()
        row = (at, entry.entry_id, entry.kind, entry.cause, deal_id, account.purpose, owner, amount, account.currency)
        writer.writerow(row)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
