"""Servers for tests, started when a test first asks for them and stopped at the end of the session.

Fixtures
    postgres            (session) an embedded PostgreSQL: deploy.local.postgres.Postgres
    service_database    (test) `database = await service_database("listing")`: a services.kit.db.Database on a new,
                        migrated, empty database that is dropped after the test. More names give one database with
                        all their schemas, opened at the first: `await service_database("contract", "notify")`.
                        `database.url` is what a setting or another process needs.
    settings_for        (test) `settings_for(database, **changes)`: services.kit.settings.Settings on it
    mesh                (session) the embedded Kafka-protocol broker, `.address` is host:port
    apache              (session) Apache Kafka, skipped where Java or Maven is missing
    kafka               (session) both, one after the other: a test that asks for it runs over each
    issuer              (session) tests.support.tokens.Issuer: `issuer.headers(principal(...))`, `issuer.fetch_keys`

ZAYTON_REQUIRE_ALL=1 turns "skipped, since the machine lacks it" into a failure, as in CI.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.postgres import Postgres
from services.kit.db import Database
from services.kit.settings import Settings
from tests.support.databases import Databases
from tests.support.tokens import Issuer

pytest_plugins = ["tests.support.brokers"]

MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3

ServiceDatabase = Callable[..., Awaitable[Database]]


def pytest_xdist_auto_num_workers() -> int:
    """Some tests mostly wait, so one worker more than there are processors; each runs servers of its own."""
    return min(4, (os.cpu_count() or 1) + 1)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """ZAYTON_HOME of the servers of this session.

    Not below pytest's own folder: each pytest that starts closes that one to other users, such as the one PostgreSQL
    runs as where we are root, and so takes away the data of sessions that are running. In memory where there is room:
    on a disk, most of a test's time goes into copying and dropping its database.
    """
    place = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else Path(tempfile.gettempdir())
    for left in place.glob("zayton-tests-[0-9]*-*"):  # by a session that was killed
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    prefix = f"zayton-tests-{os.getpid()}-"
    with tempfile.TemporaryDirectory(dir=place, prefix=prefix, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(home: Path) -> Iterator[Postgres]:
    # What a power cut would lose is no loss to a test.
    server = Postgres(home, configuration={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def _databases(postgres: Postgres) -> Databases:
    return Databases(postgres)


@pytest.fixture
async def service_database(_databases: Databases) -> AsyncIterator[ServiceDatabase]:
    made: list[Database] = []

    async def make(*services: str) -> Database:
        made.append(await _databases.new(*services))
        return made[-1]

    yield make
    for database in made:
        await database.close()
        await _databases.drop(database)


@pytest.fixture
def settings_for() -> Callable[..., Settings]:
    def make(database: Database, **changes: object) -> Settings:
        return Settings.model_validate({"database_url": database.url, "pool_size": 3, **changes})

    return make


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()
