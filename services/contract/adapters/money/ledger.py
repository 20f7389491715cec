"""The books on PostgreSQL: entries in, statements and balances out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.money.tables import LedgerAccountRow, LedgerEntryRow, LedgerPostingRow
from services.contract.domain.money.ledger import Entry


async def post(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Write entries into the books. Raises IntegrityError where their cause has been booked before."""
    if not entries:
        return
    accounts = {posting.account.account_id: posting.account for each in entries for posting in each.postings}
    lines = [
        (each.entry_id, line, posting.account.account_id, posting.minor_units)
        for each in entries
        for line, posting in enumerate(each.postings, start=1)
    ]
    opened = [(key, each.purpose.value, each.organisation_id, each.currency) for key, each in sorted(accounts.items())]
    heads = [(each.entry_id, each.at, each.kind.value, each.cause, each.deal_id) for each in entries]
    await session.execute(_OPEN_ACCOUNTS, _columns(opened, "abcd"))
    await session.execute(_WRITE_ENTRIES, _columns(heads, "abcde"))
    await session.execute(_WRITE_POSTINGS, _columns(lines, "abcd"))


def _columns(rows: Sequence[tuple[Any, ...]], names: str) -> dict[str, list[Any]]:
    """Arrays for unnest: one statement writes all rows, and the trigger sees an entry's postings together."""
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


_OPEN_ACCOUNTS = text(
    "INSERT INTO ledger_accounts (account_id, purpose, organisation_id, currency) "
    "SELECT * FROM unnest(CAST(:a AS uuid[]), CAST(:b AS text[]), CAST(:c AS uuid[]), CAST(:d AS text[])) "
    "ON CONFLICT DO NOTHING"
)
_WRITE_ENTRIES = text(
    "INSERT INTO ledger_entries (entry_id, at, kind, cause, deal_id) SELECT * FROM unnest(CAST(:a AS uuid[]), "
    "CAST(:b AS timestamptz[]), CAST(:c AS text[]), CAST(:d AS text[]), CAST(:e AS uuid[]))"
)
_WRITE_POSTINGS = text(
    "INSERT INTO ledger_postings (entry_id, line, account_id, minor_units) SELECT * FROM unnest("
    "CAST(:a AS uuid[]), CAST(:b AS bigint[]), CAST(:c AS uuid[]), CAST(:d AS bigint[]))"
)


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
