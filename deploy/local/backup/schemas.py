"""Schemas of services in their databases while a restore goes on: what is there waits aside until the new one is whole.

A restore that is broken off leaves the mark behind. Nothing starts on such a database; the next restore first puts back
what waits aside.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.engine import make_url

from deploy.local.backup.moment import Connection
from deploy.services import GATEWAY

MARK = "zayton~restoring"
_THERE = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename"
_SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND application_name = ANY($1)"
)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain, server_settings={"lock_timeout": "10000"}, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def is_broken_off(url: str) -> bool:
    """Whether a restore of this database was begun and never finished."""
    async with connected(url) as connection:
        return bool(await connection.fetchval(_THERE, MARK))


async def in_use(url: str, services: list[str]) -> bool:
    """Whether processes of services are connected."""
    async with connected(url) as connection:
        return bool(await connection.fetchval(_SESSIONS, [f"zayton-{name}" for name in services]))


async def rows_of(connection: Connection, service: str) -> dict[str, int]:
    """How many rows each table of a service has, the one of its migrations aside."""
    tables = [row[0] for row in await connection.fetch(_TABLES, service)]
    return {
        table: await connection.fetchval(f'SELECT count(*) FROM "{service}"."{table}"')  # noqa: S608  # our own names
        for table in tables
        if table != "alembic_version"
    }


async def rows_in(url: str, service: str) -> dict[str, int]:
    """The same, of tables that have any."""
    async with connected(url) as connection:
        return {table: count for table, count in (await rows_of(connection, service)).items() if count}


async def revision_of(connection: Connection, service: str) -> str | None:
    """The revision of a service's schema; None where it is not there."""
    if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f'"{service}".alembic_version'):
        return None
    return str(await connection.fetchval(f'SELECT version_num FROM "{service}".alembic_version'))  # noqa: S608  # ours


async def set_aside(url: str, services: list[str]) -> None:
    """Mark the database, and move what is there out of the way. In one transaction."""
    async with connected(url) as connection, connection.transaction():
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{MARK}"')
        for name in services:
            if await connection.fetchval(_THERE, name):
                await connection.execute(f'ALTER SCHEMA "{name}" RENAME TO "{_aside(name)}"')


async def put_back(url: str, services: list[str]) -> None:
    """Undo `set_aside` and whatever a restore did since. In one transaction. Does nothing where nothing was begun."""
    async with connected(url) as connection, connection.transaction():
        if not await connection.fetchval(_THERE, MARK):
            return
        for name in services:
            await connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
            if await connection.fetchval(_THERE, _aside(name)):
                await connection.execute(f'ALTER SCHEMA "{_aside(name)}" RENAME TO "{name}"')
        await connection.execute(f'DROP SCHEMA "{MARK}"')


async def finish(url: str, services: list[str]) -> None:
    """The new ones are whole: drop what waits aside, and the mark. In one transaction."""
    async with connected(url) as connection, connection.transaction():
        for name in services:
            await connection.execute(f'DROP SCHEMA IF EXISTS "{_aside(name)}" CASCADE')
        await connection.execute(f'DROP SCHEMA IF EXISTS "{MARK}"')


async def as_if_from_now(url: str, service: str) -> None:
    """Let the outbox be sent again whole, and the inbox count its days from now.

    An old backup would else have its event ids forgotten by housekeeping before the events come again.
    """
    async with connected(url) as connection, connection.transaction():
        await _as(connection, service)
        await connection.execute("UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL")
        await connection.execute("UPDATE inbox SET processed_at = now()")


async def forget_signing_keys(url: str) -> None:
    """The gateway makes a new one when it starts."""
    async with connected(url) as connection, connection.transaction():
        await _as(connection, GATEWAY)
        await connection.execute("DELETE FROM signing_keys")


async def analyse(url: str) -> None:
    """The planner knows nothing of tables that were just filled."""
    async with connected(url) as connection:
        await connection.execute("ANALYZE")


async def _as(connection: Connection, service: str) -> None:
    """Let table names mean those of a service, to the end of the transaction."""
    await connection.execute("SELECT set_config('search_path', $1, true)", service)


def _aside(service: str) -> str:
    return f"zayton~before~{service}"
