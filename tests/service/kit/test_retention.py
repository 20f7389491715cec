"""What is deleted, what never is, and that nobody has to wait for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select, text, update

from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.retention import clear_out, forget, kept_by_every_service
from services.kit.settings import Settings
from services.kit.tables import dead_letters, idempotent_answers, inbox, outbox

DAY = timedelta(days=1)


def event(published_at: datetime | None) -> dict[str, Any]:
    return {
        "event_id": new_id(),
        "topic": "t",
        "key": "k",
        "headers": {},
        "payload": b"",
        "published_at": published_at,
    }


async def fill(database: Database, table: Table, rows: list[dict[str, Any]]) -> None:
    async with database.transaction() as session:
        await session.execute(insert(table), rows)


async def count(database: Database, table: Table) -> int:
    async with database.transaction() as session:
        return int((await session.execute(select(func.count()).select_from(table))).scalar_one())


async def test_each_is_kept_for_its_own_time_and_what_waits_for_ever(
    database: Database, settings_for: Callable[..., Settings]
) -> None:
    settings = settings_for(database, outbox_retention_days=7, inbox_retention_days=30, dead_letter_retention_days=90)
    now = utcnow()
    letter = {
        "topic": "t",
        "partition": 0,
        "offset": 1,
        "headers": {},
        "payload": b"",
        "reason": "r",
        "error": "e",
        "attempts": 4,
        "died_at": now - 400 * DAY,
    }
    answer = {"scope": "s", "fingerprint": "f", "status": 200, "headers": {}, "body": b""}
    await fill(database, outbox, [event(at) for at in (now - 8 * DAY, now - 6 * DAY, None)])
    await fill(
        database,
        inbox,
        [{"source": "s", "event_id": str(age), "processed_at": now - age * DAY} for age in (29, 31)],
    )
    await fill(database, dead_letters, [letter | {"replayed_at": at} for at in (None, now - 91 * DAY, now - 89 * DAY)])
    await fill(
        database, idempotent_answers, [answer | {"key": str(age), "created_at": now - age * DAY} for age in (1, 3)]
    )
    assert await clear_out(database, kept_by_every_service(settings)) == 4
    tables = (outbox, inbox, dead_letters, idempotent_answers)
    assert [await count(database, table) for table in tables] == [2, 1, 2, 1]
    # An event that was never published, and a letter that nobody replayed, wait however long it takes.
    async with database.transaction() as session:
        assert (
            await session.execute(select(outbox.c.published_at).order_by(outbox.c.id.desc()))
        ).scalars().first() is None
        assert None in (await session.execute(select(dead_letters.c.replayed_at))).scalars().all()


async def test_much_is_deleted_in_small_transactions(database: Database) -> None:
    await fill(database, outbox, [event(utcnow() - 8 * DAY) for _ in range(2_500)])
    # Every statement that deletes leaves a row with how many it took and in which transaction.
    async with database.transaction() as session:
        for statement in (
            "CREATE TABLE steps (transaction xid8, rows int)",
            (
                "CREATE FUNCTION step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "INSERT INTO steps SELECT pg_current_xact_id(), count(*) FROM gone; RETURN NULL; END $$"
            ),
            (
                "CREATE TRIGGER step AFTER DELETE ON outbox REFERENCING OLD TABLE AS gone "
                "FOR EACH STATEMENT EXECUTE FUNCTION step()"
            ),
        ):
            await session.execute(text(statement))
    assert await forget(database, outbox, outbox.c.published_at.is_not(None), batch=1_000) == 2_500
    async with database.transaction() as session:
        steps = (await session.execute(text("SELECT transaction::text, rows FROM steps"))).all()
    assert sorted(rows for _, rows in steps) == [500, 1_000, 1_000]
    assert len({transaction for transaction, _ in steps}) == 3


async def test_a_row_in_use_is_left_for_the_next_time_and_holds_nobody_up(database: Database) -> None:
    await fill(database, outbox, [event(utcnow() - 8 * DAY) for _ in range(3)])
    async with database.transaction() as session:
        first = (await session.execute(select(func.min(outbox.c.id)))).scalar_one()
        await session.execute(update(outbox).where(outbox.c.id == first).values(key="in use"))
        assert await forget(database, outbox, outbox.c.published_at.is_not(None)) == 2
    assert await forget(database, outbox, outbox.c.published_at.is_not(None)) == 1


@pytest.mark.parametrize("service", ["listing", "matching", "contract", "notify", "gateway"])
async def test_no_record_of_trade_is_ever_deleted(
    service: str,
    service_database: Callable[..., Any],
    settings_for: Callable[..., Settings],
    tmp_path: Any,
) -> None:
    """EC 31: what was listed and traded is kept three years after completion at least. Here: housekeeping runs with
    every other table refusing to be deleted from at all.
    """
    from gateway.housekeeping import tidy
    from gateway.settings import GatewaySettings

    database: Database = await service_database(service)
    may = {"outbox", "inbox", "idempotent_answers", "dead_letters"}
    if service == "gateway":
        may |= {"stream_rows", "sign_in_attempts", "sessions", "refresh_tokens", "signing_keys"}
    async with database.transaction() as session:
        tables = set(
            (
                await session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
            ).scalars()
        )
        await session.execute(
            text(
                "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION '% is kept', TG_TABLE_NAME; END $$"
            )
        )
        for table in tables - may:
            await session.execute(
                text(f'CREATE TRIGGER kept BEFORE DELETE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION kept()')
            )
    assert may <= tables
    assert len(tables - may) > 3
    await fill(database, outbox, [event(utcnow() - 4_000 * DAY)])
    assert await clear_out(database, kept_by_every_service(settings_for(database))) == 1
    if service == "gateway":
        settings = GatewaySettings.model_validate({"database_url": database.url, "home": tmp_path})
        await tidy(database, settings)
    with pytest.raises(Exception, match="is kept"):
        async with database.transaction() as session:
            await session.execute(text(f'DELETE FROM "{min(tables - may)}"'))
