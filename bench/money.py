"""Figures of deals and their money.

deals_per_s     deals from inquiry to the last signature over HTTP, one after another on one connection
ledger_ratio    entries a second into the books (accounts, entry, postings, triggers) ÷ bare INSERTs of the same rows
                into tables without keys or triggers, in turns, batches of the same size
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, insert, text

from deploy.local.demo.hall import Hall, Json, Party, once_known
from deploy.local.postgres import Postgres
from services.contract.adapters.money.ledger import post
from services.contract.adapters.money.tables import LedgerEntryRow, LedgerPostingRow
from services.contract.domain.money.ledger import Account, Entry, EntryKind, Purpose
from services.kit import migrations
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from tests.support.halls import HallProcess

DEALS, BATCHES, BATCH = 60, 40, 50
PARTIES = [new_id() for _ in range(20)]  # who deals, deals again: accounts are few, entries many
PASSWORD = "a pass phrase for measuring"
Say = Callable[[str], None]


def measure(folder: Path, say: Say) -> dict[str, float]:
    say(f"booking {BATCHES * BATCH} entries, and inserting the same rows")
    (folder / "ledger").mkdir()
    figures = {"ledger_ratio": asyncio.run(_ledger_ratio(folder / "ledger"))}
    hall = HallProcess(folder / "deals")
    say(f"signing {DEALS} deals")
    hall.start()
    try:
        figures["deals_per_s"] = asyncio.run(_deals_per_s(hall.url))
    finally:
        hall.stop()
    return figures


async def _ledger_ratio(home: Path) -> float:
    server = Postgres(home)
    await server.start()
    try:
        await asyncio.to_thread(migrations.upgrade, server.url(), "services.contract")
        database = Database(server.url(), "contract", pool_size=1)
        async with database.transaction() as session:
            for table in ("entries", "postings"):
                await session.execute(text(f"CREATE TABLE bare_{table} (LIKE ledger_{table})"))
        booked = bare = 0.0
        for _ in range(BATCHES):
            entries = [_entry(number) for number in range(BATCH)]
            booked += await _timed(database, entries, post)
            bare += await _timed(database, entries, _insert)
        await database.close()
    finally:
        await server.stop()
    return bare / booked


def _entry(number: int) -> Entry:
    party, amount = PARTIES[number % len(PARTIES)], 1_000_003
    lines = [
        (Account(Purpose.HELD, "CNY", party), amount),
        (Account(Purpose.PAYABLE, "CNY", party), 100_000 - amount),
        (Account(Purpose.COMMISSION, "CNY", party), -100_000),
    ]
    return Entry.of(EntryKind.RELEASED, f"bench:{new_id()}", utcnow(), new_id(), lines)


async def _timed(database: Database, entries: list[Entry], write: Callable[..., Any]) -> float:
    began = time.perf_counter()
    async with database.transaction() as session:
        await write(session, entries)
    return time.perf_counter() - began


async def _insert(session: Any, entries: list[Entry]) -> None:
    """The rows alone, as SQLAlchemy inserts them."""
    heads = [
        {"entry_id": each.entry_id, "at": each.at, "kind": each.kind, "cause": each.cause, "deal_id": each.deal_id}
        for each in entries
    ]
    lines = [
        {"entry_id": each.entry_id, "line": line, "account_id": p.account.account_id, "minor_units": p.minor_units}
        for each in entries
        for line, p in enumerate(each.postings)
    ]
    for table, rows in ((LedgerEntryRow, heads), (LedgerPostingRow, lines)):
        kept = table.metadata.tables[table.__tablename__]
        bare = kept.to_metadata(MetaData(), name=kept.name.replace("ledger", "bare"))
        await session.execute(insert(bare), rows)


async def _deals_per_s(url: str) -> float:
    hall = Hall(url, language="en")
    try:
        university, company = await _register(hall, "university"), await _register(hall, "company")
        listing = await _listing(hall, university)
        # The contract service hears of the listing by event.
        await _sign_one(hall, university, company, listing, patient=True)
        began = time.monotonic()
        for _ in range(DEALS):
            await _sign_one(hall, university, company, listing)
        return DEALS / (time.monotonic() - began)
    finally:
        await hall.close()


async def _sign_one(hall: Hall, university: Party, company: Party, listing: Json, *, patient: bool = False) -> None:
    inquiry = {"listing_id": listing["listing_id"], "message": "May we?"}

    async def ask() -> Json:
        return await hall.post(company, "/deals", inquiry)

    opened = await (once_known(ask) if patient else ask())
    path = f"/deals/{opened['deal_id']}"
    terms = {"form": "ordinary_licence", "fixed_fee": {"minor_units": 1_000_003, "currency": "CNY"}}
    offered = await hall.post(university, f"{path}/offers", {"terms": terms})
    await hall.post(company, f"{path}/offers/{offered['open_offer_id']}/accept")
    for party in (university, company):
        signed = await hall.post(party, f"{path}/signatures")
    if signed["state"] != "signed":
        raise RuntimeError(f"a deal ended as {signed['state']}")


async def _register(hall: Hall, kind: str) -> Party:
    email = f"{kind}@money.example"
    admin = {"name": "Bench", "email": email, "password": PASSWORD, "language": "en"}
    made = await hall.post(None, "/organisations", {"name": f"Bench {kind}", "kind": kind, "admin": admin})
    party = Party(kind, made["organisation"]["organisation_id"], kind, email, PASSWORD)
    await hall.sign_in(party)
    return party


async def _listing(hall: Hall, university: Party) -> Json:
    patent = {"number": "CN202310375785.X", "title": "A membrane", "abstract": "A membrane.", "ipc": ["H01M 50/40"]}
    right = await hall.post(university, "/rights", patent)
    terms = {"deal_forms": ["ordinary_licence"], "price": {"form": "negotiable"}, "maturity": "prototype"}
    about = {"right_id": right["right_id"], "summary": "A membrane", "industries": [], "territories": []}
    listing = await hall.post(university, "/listings", {**about, **terms})
    return await hall.post(university, f"/listings/{listing['listing_id']}/publish")
