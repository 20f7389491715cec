"""The books: what the database refuses, what parties and operators see, what another program makes of them."""

import csv
import io
from pathlib import Path
from uuid import UUID

import pytest
from beancount import loader
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from services.contract.adapters.money.ledger import post
from services.contract.adapters.money.tables import LedgerAccountRow, LedgerEntryRow, LedgerPostingRow
from services.contract.domain.money.ledger import Account, Entry, EntryKind, Purpose
from services.kit.clock import utcnow
from services.kit.ids import new_id
from tests.service.contract.hall import good, refused
from tests.service.contract.till import FEE, Till

CASH, FEES = Account(Purpose.BANK, "CNY"), Account(Purpose.FEES, "CNY")


def entry(cause: str, amount: int = 100) -> Entry:
    return Entry.of(EntryKind.FEE, cause, utcnow(), None, [(CASH, amount), (FEES, -amount)])


async def write(money: Till, *entries: Entry) -> None:
    async with money.hall.service.database.transaction() as session:
        await post(session, entries)


@pytest.mark.parametrize("postings", [[], [100], [100, -99], [100, -100, 1]])
async def test_the_database_refuses_what_does_not_balance(money: Till, postings: list[int]) -> None:
    """By hand, past all of our code."""
    with pytest.raises(IntegrityError, match="does not balance"):
        await write_by_hand(money, [(CASH, amount) for amount in postings])
    assert await money.hall.value("SELECT count(*) FROM ledger_entries") == 0


async def test_two_currencies_do_not_make_up_for_each_other(money: Till) -> None:
    dollars = Account(Purpose.FEES, "USD")
    with pytest.raises(IntegrityError, match="does not balance"):
        await write_by_hand(money, [(CASH, 5), (dollars, -5)])
    await write_by_hand(money, [(CASH, 5), (dollars, 7), (FEES, -5), (Account(Purpose.BANK, "USD"), -7)])


async def write_by_hand(money: Till, lines: list[tuple[Account, int]]) -> None:
    entry_id = new_id()
    async with money.hall.service.database.transaction() as session:
        for account in {CASH, *(each for each, _ in lines)}:
            values = {"account_id": account.account_id, "purpose": account.purpose, "currency": account.currency}
            await session.execute(insert(LedgerAccountRow).values(values))
        await session.execute(insert(LedgerEntryRow).values(entry_id=entry_id, at=utcnow(), kind="fee", cause="x"))
        rows = [
            {"entry_id": entry_id, "line": line, "account_id": account.account_id, "minor_units": amount}
            for line, (account, amount) in enumerate(lines)
        ]
        if rows:
            await session.execute(insert(LedgerPostingRow).values(rows))


async def test_nothing_is_added_to_an_entry_afterwards(money: Till) -> None:
    kept = entry("kept")
    await write(money, kept)
    with pytest.raises(IntegrityError, match="does not balance"):
        await money.hall.times(f"INSERT INTO ledger_postings VALUES ('{kept.entry_id}', 0, '{CASH.account_id}', 1)")


@pytest.mark.parametrize("table", ["ledger_entries", "ledger_postings"])
@pytest.mark.parametrize("change", ["UPDATE {} SET entry_id = entry_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_the_books_are_append_only(money: Till, table: str, change: str) -> None:
    await write(money, entry("kept"))
    with pytest.raises(IntegrityError, match="append-only"):
        await money.hall.times(change.format(table))
    assert await money.hall.value(f"SELECT count(*) FROM {table}") > 0


async def test_a_fact_is_booked_once(money: Till) -> None:
    await write(money, entry("the same"))
    with pytest.raises(IntegrityError, match="cause"):
        await write(money, entry("the same"))


async def test_each_party_reads_its_own_accounts_alone(money: Till, tmp_path: Path) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await money.statement((FEE, invoice["reference"]), (-7_700, "bank charges"))
    await money.recorded(deal_id)
    await money.carry_out()
    for who, purposes in (
        (hall.university, {"expected", "payable"}),
        (hall.company, {"receivable", "held"}),
        (hall.broker, {"commission"}),
        (hall.rival, set()),
    ):
        statement = good(await money.get(who, "/statements"))
        assert statement["organisation_id"] == str(who.organisation_id)
        assert {each["purpose"] for each in statement["balances"]} == purposes
        assert {each["organisation_id"] for each in statement["balances"]} <= {str(who.organisation_id)}
        sums: dict[str, int] = {}
        for line in statement["items"]:
            sums[line["purpose"]] = sums.get(line["purpose"], 0) + line["minor_units"]
        assert sums == {each["purpose"]: each["minor_units"] for each in statement["balances"]}
        exported = (await money.get(who, "/statements/export.csv")).text
        assert len(list(csv.DictReader(io.StringIO(exported)))) == len(statement["items"])
        assert str(hall.rival.organisation_id) not in exported
    trial = good(await money.get(money.operator, "/ledger/trial-balance"))
    assert trial["balanced"]
    assert sum(each["minor_units"] for each in trial["balances"]) == 0
    by_purpose = {each["purpose"]: each["minor_units"] for each in trial["balances"]}
    assert (by_purpose["bank"], by_purpose["unallocated"], by_purpose["transit"]) == (FEE - 7_700, 7_700, -FEE)

    # Beancount reads the books, and finds them balanced and the same.
    exported = (await money.get(money.operator, "/ledger/export.beancount")).text
    file = tmp_path / "books.beancount"
    file.write_text(exported, encoding="utf-8")
    entries, errors, _options = loader.load_file(str(file))
    assert errors == []
    posted = [each for each in entries if type(each).__name__ == "Transaction"]
    assert len(posted) == await hall.value("SELECT count(*) FROM ledger_entries")
    bank = sum(p.units.number for each in posted for p in each.postings if p.account == "Assets:Bank")
    assert bank * 100 == FEE - 7_700


@pytest.mark.parametrize("kind", ["university", "company", "broker"])
async def test_the_books_are_the_operators(money: Till, kind: str) -> None:
    who = getattr(money.hall, kind)
    for path in ("/ledger/trial-balance", "/ledger/export.csv", "/ledger/export.beancount"):
        refused(await money.get(None, path), 401, "unauthenticated")
        refused(await money.get(who, path), 403, "forbidden")
    refused(await money.get(None, "/statements"), 401, "unauthenticated")
    assert UUID(good(await money.get(who, "/statements"))["organisation_id"]) == who.organisation_id
