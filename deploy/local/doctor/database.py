"""PostgreSQL: does it answer, is it new enough, are schemas, clock, outboxes and dead letters as they should be."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.local.backup.schemas import MARK
from deploy.local.doctor.findings import Finding, fail, ok, warn
from deploy.local.postgres import redacted
from deploy.services import package_of
from services.kit import dead_letters, migrations
from services.kit.db import Database
from services.kit.tables import outbox

OLDEST = 15  # PostgreSQL
SKEW_S, BAD_SKEW_S = 1.0, 5.0
WAITS_S, STUCK_S = 60, 300
NEARLY_ALL = 0.8
_SERVER = text(
    "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,"
    " extract(epoch FROM clock_timestamp())::float8 AS clock, current_setting('max_connections')::int AS most,"
    " (SELECT count(*) FROM pg_stat_activity) AS sessions, pg_is_in_recovery() AS replica,"
    " EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = :mark) AS broken_off"
)


async def database(found: Mapping[str, str]) -> list[Finding]:
    findings: list[Finding] = []
    for url in dict.fromkeys(found.values()):
        server = [each async for each in _server(url)]
        findings += server
        if not any(each.slug == "database-away" for each in server):
            for name in (name for name, its in found.items() if its == url):
                findings += [each async for each in _service(url, name)]
    return findings


async def _server(url: str) -> AsyncIterator[Finding]:
    where = redacted(url)
    session_of = Database(url, "public", pool_size=1)
    try:
        async with session_of.transaction() as session:
            before = time.time()
            row = (await session.execute(_SERVER, {"mark": MARK})).one()
            skew = round(row.clock - (before + time.time()) / 2, 2)
    except Exception as error:  # noqa: BLE001  # whatever keeps us from it is what there is to say
        yield fail("database", "database-away", where=where, error=str(error) or repr(error))
        return
    finally:
        await session_of.close()
    if row.major < OLDEST:
        yield fail("database", "database-old", where=where, version=row.version, oldest=OLDEST)
    else:
        yield ok("database", "database-fine", where=where, version=row.version)
    if row.replica:
        yield fail("database", "database-replica", where=where)
    if row.broken_off:
        yield fail("database", "restore-broken-off", where=where)
    yield _clock(skew)
    if row.sessions > row.most * NEARLY_ALL:
        yield warn("database", "database-crowded", sessions=row.sessions, most=row.most)


def _clock(skew: float) -> Finding:
    if abs(skew) >= BAD_SKEW_S:
        return fail("clock", "clock-wrong", seconds=skew)
    return warn("clock", "clock-off", seconds=skew) if abs(skew) >= SKEW_S else ok("clock", "clock-fine", seconds=skew)


async def _service(url: str, name: str) -> AsyncIterator[Finding]:
    its = Database(url, name, pool_size=1)
    try:
        async with its.transaction() as session:
            schema = await _schema(session, name)
            yield schema
            if schema.slug in {"schema-missing", "schema-behind", "schema-newer"}:
                return
            yield await _outbox(session, name)
            waiting = await dead_letters.count(session)
            if waiting:
                yield warn(name, "dead-letters", service=name, number=waiting)
    finally:
        await its.close()


async def _schema(session: AsyncSession, name: str) -> Finding:
    there = await session.execute(text("SELECT to_regclass(current_schema() || '.alembic_version') IS NOT NULL"))
    if not there.scalar_one():
        return fail(name, "schema-missing", service=name)
    revision = str((await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one())
    newest = migrations.head(package_of(name))
    if revision == newest:
        return ok(name, "schema-fine", service=name, revision=revision)
    known = migrations.knows(package_of(name), revision)
    return fail(name, "schema-behind" if known else "schema-newer", service=name, revision=revision, newest=newest)


async def _outbox(session: AsyncSession, name: str) -> Finding:
    statement = select(
        func.count(), func.coalesce(func.extract("epoch", func.now() - func.min(outbox.c.created_at)), 0)
    ).where(outbox.c.published_at.is_(None))
    number, oldest_s = (await session.execute(statement)).one()
    params: dict[str, Any] = {"service": name, "number": number, "seconds": round(float(oldest_s))}
    if oldest_s >= STUCK_S:
        return fail(name, "outbox-stuck", **params)
    return warn(name, "outbox-slow", **params) if oldest_s >= WAITS_S else ok(name, "outbox-fine", **params)
