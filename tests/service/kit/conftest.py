"""A new schema with the kit's own tables and one table for effects."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from deploy.local.postgres import Postgres
from services.kit import tables
from services.kit.db import Database
from services.kit.ids import new_id
from tests.support import effects


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    name = f"kit_{new_id().hex}"
    await postgres.ensure_database(name)
    database = Database(postgres.url(name), "kit")
    async with database.engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA kit"))
        await connection.run_sync(tables.metadata.create_all)
        await connection.run_sync(effects.metadata.create_all)
    yield database
    await database.close()
    await postgres.drop_database(name)
