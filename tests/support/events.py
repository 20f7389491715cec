"""A service that writes down every fact it hears, and facts for it to hear, for tests of the events' whole way."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import BigInteger, Column, Identity, RowMapping, Table, Text, Uuid, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.gateway.v1.events_pb2 import Organisation, OrganisationRegistered

from services.kit import dead_letters
from services.kit.db import Database, service_metadata
from services.kit.ids import new_id
from services.kit.inbox import Event, Handlers
from services.kit.outbox import Fact, publish_all
from services.kit.service import Service
from services.kit.settings import Settings

PROJECT = Path(__file__).parents[2]
TOPIC = "gateway.organisations.v1"

metadata = service_metadata()
# No unique key but the position: a second effect of an event must be seen here, not refused.
arrivals = Table(
    "arrivals",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("aggregate", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("member", Text, nullable=False),
)

Registered = Event[OrganisationRegistered]
Before = Callable[[Registered], Awaitable[None]]


async def at_once(_event: Registered) -> None:
    """Nothing happens before the effect."""


def recorder(name: str, database: Database, member: str, before: Before = at_once) -> Service:
    """A service that writes down what scene `name` published; `before` may hold up or break the effect."""
    handlers = Handlers()

    @handlers.on_batch(OrganisationRegistered)
    async def write_down(session: AsyncSession, events: Sequence[Registered]) -> None:
        # A broker serves many tests: what others published is none of ours.
        ours = [event for event in events if event.data.organisation.name == name]
        for event in ours:
            await before(event)
        rows = [{"aggregate": UUID(event.subject), "version": event.version, "member": member} for event in ours]
        if rows:
            await session.execute(insert(arrivals), rows)

    return Service(name, database, FastAPI(), handlers)


@dataclass
class Scene:
    """One test's facts: aggregates with versions 1, 2, 3 …, published by and back to the same service."""

    database: Database
    settings: Settings
    name: str = field(default_factory=lambda: f"scene_{new_id().hex[-12:]}")
    published: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))

    def service(self, member: str = "one", before: Before = at_once) -> Service:
        return recorder(self.name, self.database, member, before)

    def aggregates(self, number: int) -> list[UUID]:
        return [new_id() for _ in range(number)]

    async def publish(self, aggregates: Iterable[UUID], versions: int = 1) -> None:
        """Raise each aggregate by so many versions, in one transaction."""
        facts = []
        for _ in range(versions):
            for aggregate in aggregates:
                self.published[aggregate] += 1
                organisation = Organisation(organisation_id=str(aggregate), name=self.name)
                facts.append(
                    Fact(OrganisationRegistered(organisation=organisation), aggregate, self.published[aggregate])
                )
        async with self.database.transaction() as session:
            await publish_all(session, facts)

    async def publish_until(self, enough: asyncio.Event, aggregates: Sequence[UUID]) -> None:
        """A steady load: each aggregate gets a version ten times a second, if the machine can."""
        while not enough.is_set():
            await self.publish(aggregates)
            await asyncio.sleep(0.1)

    async def arrived(self) -> Sequence[RowMapping]:
        async with self.database.transaction() as session:
            return (await session.execute(select(arrivals).order_by(arrivals.c.position))).mappings().all()

    async def buried(self) -> Sequence[RowMapping]:
        async with self.database.transaction() as session:
            return await dead_letters.waiting(session)

    async def expect_everything_once_and_in_order(
        self, within_s: float = 30, *, without: tuple[UUID, int] | None = None
    ) -> None:
        """Wait until all that was published has arrived, and a moment for what may come twice; then look."""
        expected = {
            aggregate: [version for version in range(1, last + 1) if (aggregate, version) != without]
            for aggregate, last in self.published.items()
        }
        total = sum(map(len, expected.values()))

        async def all_there() -> bool:
            return len(await self.arrived()) >= total

        await eventually(all_there, within_s)
        await asyncio.sleep(0.3)
        found: dict[UUID, list[int]] = defaultdict(list)
        for row in await self.arrived():
            found[row["aggregate"]].append(row["version"])
        assert [
            f"{aggregate}: lost {sorted(set(versions) - set(found[aggregate]))}, found {found[aggregate]}"
            for aggregate, versions in expected.items()
            if found[aggregate] != versions
        ] == []

    @contextmanager
    def member_process(self, crash: str = "never") -> Iterator[subprocess.Popen[bytes]]:
        """A member of the group in a process of its own, which may be told where to be killed with -9."""
        command = [sys.executable, "-m", "tests.support.member", self.name, self.database.schema, crash]
        environment = {
            **os.environ,
            "DATABASE_URL": self.database.url,
            "KAFKA_BOOTSTRAP_SERVERS": self.settings.kafka_bootstrap_servers,
            "ZAYTON_KAFKA_IDEMPOTENT_PRODUCER": str(self.settings.kafka_idempotent_producer),
            "ZAYTON_KAFKA_SESSION_TIMEOUT_MS": str(self.settings.kafka_session_timeout_ms),
        }
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


async def eventually(condition: Callable[[], Awaitable[object]], within_s: float = 30) -> None:
    """Wait until `condition()` is true; AssertionError when it does not come to be."""
    deadline = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < deadline, f"{condition.__qualname__} is still not so after {within_s} s"
        await asyncio.sleep(0.05)


async def killed(process: subprocess.Popen[bytes], within_s: float = 30) -> None:
    """Wait until a process has been killed with -9. AssertionError with its last words where it ended otherwise."""
    try:
        _, errors = await asyncio.to_thread(process.communicate, None, within_s)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"process {process.pid} still lives after {within_s} s") from late
    assert process.returncode == -signal.SIGKILL, errors.decode(errors="replace")[-2000:]
