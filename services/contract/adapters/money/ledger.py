"""The books on PostgreSQL: entries in, statements and balances out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.money.tables import LedgerAccountRow, LedgerEntryRow, LedgerPostingRow
from services.contract.domain.money.ledger import Account, Entry


async def post(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Write entries into the books. Raises IntegrityError where their cause has been booked before."""
    if not entries:
        return
    accounts = {posting.account.account_id: posting.account for each in entries for posting in each.postings}
    rows = [_account_row(account_id, accounts[account_id]) for account_id in sorted(accounts)]
    await session.execute(upsert(LedgerAccountRow).values(rows).on_conflict_do_nothing())
    await session.execute(insert(LedgerEntryRow), [_entry_row(each) for each in entries])
    postings = [
        {
            "entry_id": each.entry_id,
            "line": line,
            "account_id": posting.account.account_id,
            "minor_units": posting.minor_units,
        }
        for each in entries
        for line, posting in enumerate(each.postings, start=1)
    ]
    await session.execute(insert(LedgerPostingRow), postings)


def _account_row(account_id: UUID, account: Account) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "purpose": account.purpose.value,
        "organisation_id": account.organisation_id,
        "currency": account.currency,
    }


def _entry_row(entry: Entry) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "at": entry.at,
        "kind": entry.kind.value,
        "cause": entry.cause,
        "deal_id": entry.deal_id,
    }


@dataclass(frozen=True)
class Balance:
    purpose: str
    organisation_id: UUID | None
    currency: str
    minor_units: int


async def balances(session: AsyncSession, organisation_id: UUID | None = None) -> list[Balance]:
    """What each account stands at, of one organisation or of all."""
    statement = (
        select(
            LedgerAccountRow.purpose,
            LedgerAccountRow.organisation_id,
            LedgerAccountRow.currency,
            func.sum(LedgerPostingRow.minor_units),
        )
        .join(LedgerPostingRow, LedgerPostingRow.account_id == LedgerAccountRow.account_id)
        .group_by(LedgerAccountRow.account_id)
        .order_by(LedgerAccountRow.purpose, LedgerAccountRow.organisation_id, LedgerAccountRow.currency)
    )
    if organisation_id is not None:
        statement = statement.where(LedgerAccountRow.organisation_id == organisation_id)
    rows = await session.execute(statement)
    return [Balance(purpose, owner, currency, int(total)) for purpose, owner, currency, total in rows]


Lines = Select[LedgerEntryRow, LedgerPostingRow, LedgerAccountRow]


def lines_of(organisation_id: UUID, limit: int | None) -> Lines:
    """The latest lines of a party, as entry, posting and account, newest first."""
    mine = _lines().where(LedgerAccountRow.organisation_id == organisation_id)
    return mine.order_by(LedgerEntryRow.entry_id.desc(), LedgerPostingRow.line.desc()).limit(limit)


def _lines() -> Lines:
    return (
        select(LedgerEntryRow, LedgerPostingRow, LedgerAccountRow)
        .join(LedgerPostingRow, LedgerPostingRow.entry_id == LedgerEntryRow.entry_id)
        .join(LedgerAccountRow, LedgerAccountRow.account_id == LedgerPostingRow.account_id)
    )


async def all_lines(session: AsyncSession) -> AsyncIterator[Any]:
    """Every posting with its entry and account, oldest first, a few at a time."""
    statement = _lines().order_by(LedgerEntryRow.entry_id, LedgerPostingRow.line)
    async for row in await session.stream(statement.execution_options(yield_per=500)):
        yield row
