from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from deploy.local.broker import ApacheKafka
from deploy.local.postgres import Postgres
from deploy.local.server import Server
from services.kit import tables
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.settings import Settings
from tests.support import events
from tests.support.events import Scene


@pytest.fixture
async def scene(postgres: Postgres, kafka: Server) -> AsyncIterator[Scene]:
    """A new service on a new database, over each broker in turn."""
    name = f"chaos_{new_id().hex}"
    await postgres.ensure_database(name)
    database = Database(postgres.url(name), "kit")
    async with database.engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA kit"))
        await connection.run_sync(tables.metadata.create_all)
        await connection.run_sync(events.metadata.create_all)
    apache = isinstance(kafka, ApacheKafka)
    settings = Settings.model_validate(
        {
            "database_url": database.url,
            "kafka_bootstrap_servers": kafka.address,
            "kafka_idempotent_producer": apache,
            # As short as each broker takes, since tests wait for members that died.
            "kafka_session_timeout_ms": 6_000 if apache else 3_000,
        }
    )
    yield Scene(database, settings)
    await database.close()
    await postgres.drop_database(name)
