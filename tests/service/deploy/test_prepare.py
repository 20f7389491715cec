"""What is done before a release runs, on a real PostgreSQL and a broker."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.local.broker import MeshBroker
from deploy.local.child import free_port
from deploy.local.postgres import Postgres
from deploy.local.topics import topic_states
from deploy.prepare import prepare
from deploy.services import SCHEMAS
from services.kit.db import Database
from services.kit.settings import Settings
from tests.conftest import ServiceDatabase

PROJECT = Path(__file__).parents[3]


def settings(url: str, **more: object) -> Settings:
    return Settings.model_validate({"database_url": url, **more})


async def at_revision(database: Database, revision: str) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


async def test_schemas_are_made_and_waited_for(postgres: Postgres) -> None:
    await postgres.ensure_database("prepared")
    new = settings(postgres.url("prepared"))
    try:
        with pytest.raises(TimeoutError):
            await prepare(new, ["wait"], within_s=1)
        waiting = asyncio.create_task(prepare(new, ["wait"], within_s=60))
        await prepare(new, ["schemas"], within_s=60)
        await waiting
        await prepare(new, ["schemas", "wait"], within_s=60)
    finally:
        await postgres.drop_database("prepared")


async def test_code_waits_for_an_older_schema_and_takes_a_newer_one(service_database: ServiceDatabase) -> None:
    database = await service_database(*SCHEMAS)
    await at_revision(database, "9999_of_a_later_release")
    await prepare(settings(database.url), ["wait"], within_s=30)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM alembic_version"))
    with pytest.raises(TimeoutError):
        await prepare(settings(database.url), ["wait"], within_s=1)


async def test_topics_are_made_with_their_dead_letters(mesh: MeshBroker, service_database: ServiceDatabase) -> None:
    database = await service_database("notify")
    await prepare(settings(database.url, kafka_bootstrap_servers=mesh.address), ["topics"], within_s=30)
    assert all(state.exists for state in await topic_states(mesh.address))


def test_the_command_says_what_is_missing_and_gives_up() -> None:
    nowhere = f"postgresql://zayton@127.0.0.1:{free_port()}/zayton"
    command = [sys.executable, "-m", "deploy.prepare", "wait", "--within", "1"]
    environment = {**os.environ, "DATABASE_URL": nowhere, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'proto'}"}
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "not_ready_yet" in done.stderr
    assert "Not ready within 1 seconds" in done.stderr
