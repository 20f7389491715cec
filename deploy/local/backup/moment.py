"""One moment in all services' databases: what any of them knows, its owner knows too.

A service hears of another's doings by events alone, and an event leaves by the relay alone. So relays are held for the
fraction of a second in which a snapshot is taken in every database: whatever was heard of before was sent before, and
so is in its sender's snapshot. What was sent and not yet heard is sent again after a restore.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from deploy.local.databases import Databases

# A relay holds its lock for as long as Kafka may take to answer (relay.BATCH_TIMEOUT_S).
_HELD_WITHIN_MS = 30_000
_HOLD = "SELECT pg_advisory_lock(hashtextextended($1, 2))"  # what outbox.rewound_never_while_sending takes, shared
_LET_GO = "SELECT pg_advisory_unlock(hashtextextended($1, 2))"
Connection = Any  # asyncpg.Connection, which is not typed


@dataclass(frozen=True)
class Snapshot:
    """`snapshot` is a name that pg_dump takes; it is good while `connection` is in its transaction."""

    url: str
    connection: Connection
    snapshot: str


def by_database(found: Databases) -> dict[str, list[str]]:
    """URL → its services."""
    grouped: dict[str, list[str]] = {}
    for service, url in found.items():
        grouped.setdefault(url, []).append(service)
    return grouped


@asynccontextmanager
async def one_moment(found: Databases) -> AsyncIterator[Mapping[str, Snapshot]]:
    """Service → a snapshot of its database, for the length of the block; of all databases at one moment."""
    async with AsyncExitStack() as stack:
        opened = {url: await _open(stack, url) for url in by_database(found)}
        holding = [_hold(opened[url], names) for url, names in by_database(found).items()]
        await asyncio.gather(*holding)
        snapshots = dict(zip(opened, await asyncio.gather(*map(_snapshot, opened.items())), strict=True))
        for url, names in by_database(found).items():
            for name in names:
                await opened[url].execute(_LET_GO, name)
        yield {service: snapshots[url] for service, url in found.items()}


async def _open(stack: AsyncExitStack, url: str) -> Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {"lock_timeout": str(_HELD_WITHIN_MS), "application_name": "zayton-backup"}
    connection = await asyncpg.connect(plain, server_settings=settings, timeout=10)
    stack.callback(connection.terminate)
    return connection


async def _hold(connection: Connection, services: list[str]) -> None:
    for name in services:
        await connection.execute(_HOLD, name)


async def _snapshot(opened: tuple[str, Connection]) -> Snapshot:
    url, connection = opened
    # The first statement after BEGIN takes the snapshot, so the locks are there before it.
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return Snapshot(url, connection, await connection.fetchval("SELECT pg_export_snapshot()"))
