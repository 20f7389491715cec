"""Kafka brokers for tests: the embedded one, Apache Kafka, and both in turn."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from deploy.local.broker import ApacheKafka, MeshBroker, missing_for_apache
from deploy.local.server import Server
from deploy.local.topics import ensure_topics

S = TypeVar("S", bound=Server)
PROJECT = Path(__file__).parents[2]


def lacking(reason: str) -> None:
    """Skip the test for what this machine lacks, or fail where everything is asked for."""
    if os.environ.get("ZAYTON_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def mesh(home: Path) -> Iterator[MeshBroker]:
    broker = MeshBroker(home)
    yield from _started(broker)


@pytest.fixture(scope="session")
def apache(home: Path) -> Iterator[ApacheKafka]:
    if reason := missing_for_apache():
        lacking(reason)
    # The jars of `zayton up --kafka apache` serve the tests too; they are fetched once.
    library = Path(os.environ.get("ZAYTON_KAFKA_LIB") or PROJECT / ".zayton" / "kafka" / "lib")
    yield from _started(ApacheKafka(home, library=library))


@pytest.fixture(scope="session", params=["mesh", pytest.param("apache", marks=pytest.mark.apache)])
def kafka(request: pytest.FixtureRequest) -> Server:
    """Each broker in turn, with the topics of the hall."""
    server: Server = request.getfixturevalue(request.param)
    return server


def _started(broker: S) -> Iterator[S]:
    async def start() -> None:
        await broker.start()
        await ensure_topics(broker.address)

    asyncio.run(start())
    yield broker
    asyncio.run(broker.stop())
