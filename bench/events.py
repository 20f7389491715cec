"""Events a second on Apache Kafka, the kit beside the bare libraries it is made of, in turns.

relay_ratio    the relay, from rows waiting in the outbox to rows marked published ÷ a bare aiokafka producer that sends
               the same records with the same settings
consume_ratio  the consumer, from records in the topic to inbox and effect rows committed ÷ bare batch INSERTs of the
               same rows, with no Kafka at all
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from aiokafka import AIOKafkaProducer
from sqlalchemy import Column, Table, Text, Uuid, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.listing.v1.events_pb2 import ListingPublished

from deploy.local.broker import ApacheKafka
from deploy.local.postgres import Postgres
from deploy.local.topics import ensure_topics
from deploy.web import loop_factory, settled
from services.kit import outbox, tables, telemetry
from services.kit.consumer import Consumer
from services.kit.db import Database, service_metadata
from services.kit.ids import new_id
from services.kit.inbox import Event, Handlers
from services.kit.outbox import Fact
from services.kit.relay import Relay

PROJECT = Path(__file__).parents[1]
EXAMPLE = PROJECT / "proto" / "examples" / "listing.listings.v1" / "ListingPublished.json"
EVENTS = 20_000
REPETITIONS = 5
BATCH = 500
# Carried by no consumer of this measurement.
ELSEWHERE = "listing.rights.v1"

metadata = service_metadata()
effects = Table(
    "effects", metadata, Column("id", Uuid, primary_key=True), Column("title", Text), Column("prospects", Text)
)


@dataclass(frozen=True)
class Bench:
    database: Database
    kafka: str

    async def fill_outbox(self) -> None:
        from google.protobuf.json_format import Parse

        example = Parse(EXAMPLE.read_text(encoding="utf-8"), ListingPublished())
        async with self.database.transaction() as session:
            for _ in range(EVENTS // BATCH):
                await outbox.publish_all(session, [Fact(example, new_id(), 1) for _ in range(BATCH)])

    async def bare_producer(self) -> float:
        """Seconds a bare producer takes for the records that wait in the outbox."""
        async with self.database.transaction() as session:
            waiting = select(tables.outbox).where(tables.outbox.c.published_at.is_(None))
            rows = (await session.execute(waiting)).all()
        records = [
            (row.key.encode(), row.payload, [(name, value.encode()) for name, value in row.headers.items()])
            for row in rows
        ]
        producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=256 * 1024
        )
        async with producer:
            await producer.partitions_for(ELSEWHERE)
            start = time.perf_counter()
            sent = [
                await producer.send(ELSEWHERE, payload, key=key, headers=headers) for key, payload, headers in records
            ]
            await asyncio.gather(*sent)
            return time.perf_counter() - start

    async def relay(self) -> float:
        """Seconds the relay takes for them, from its first look to the last row marked."""
        relay = Relay("bench", self.database, self.kafka, idempotent=True)
        published = telemetry.PUBLISHED.labels("bench")._value  # noqa: SLF001  # asking the database would slow it
        goal = published.get() + EVENTS
        start = time.perf_counter()
        running = asyncio.create_task(relay.run(asyncio.Event()))
        while published.get() < goal and not running.done():  # noqa: ASYNC110  # it tells nobody that it has sent all
            await asyncio.sleep(0.005)
        took = time.perf_counter() - start
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return took

    async def bare_inserts(self) -> float:
        """Seconds that batches of INSERTs of the same inbox and effect rows take."""
        title, prospects = texts_of(ListingPublished.FromString(await self._a_payload()))
        start = time.perf_counter()
        for _ in range(EVENTS // BATCH):
            ids = [new_id() for _ in range(BATCH)]
            async with self.database.transaction() as session:
                columns = ["/bench"] * BATCH, [str(each) for each in ids]
                rows = select(*(func.unnest(literal(column, ARRAY(Text()))) for column in columns))
                await session.execute(
                    insert(tables.inbox).from_select([tables.inbox.c.source, tables.inbox.c.event_id], rows)
                )
                await write_effects(session, [{"id": each, "title": title, "prospects": prospects} for each in ids])
        return time.perf_counter() - start

    async def consumer(self) -> float:
        """Seconds the consumer takes for what the relay has published, once it has joined its group."""
        done = asyncio.Event()
        handlers = Handlers()
        taken = 0

        @handlers.on_batch(ListingPublished)
        async def take(session: AsyncSession, events: Sequence[Event[ListingPublished]]) -> None:
            nonlocal taken
            rows = []
            for event in events:
                title, prospects = texts_of(event.data)
                rows.append({"id": UUID(event.id), "title": title, "prospects": prospects})
            await write_effects(session, rows)
            taken += len(events)
            if taken >= EVENTS:
                done.set()

        consumer = Consumer("bench", self.database, handlers, self.kafka, max_records=BATCH)
        await consumer.start()
        start = time.perf_counter()
        await done.wait()
        took = time.perf_counter() - start
        await consumer.stop()
        return took

    async def _a_payload(self) -> bytes:
        async with self.database.transaction() as session:
            return bytes((await session.execute(select(tables.outbox.c.payload).limit(1))).scalar_one())


async def write_effects(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    await session.execute(insert(effects), rows)


def texts_of(event: ListingPublished) -> tuple[str, str]:
    return event.listing.right.title, event.listing.prospects


def measure(folder: Path, _say: Callable[[str], None]) -> dict[str, float]:
    """The figures, medians of repetitions in turns. Raises deploy.local.child.CannotStart without Java or Maven."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:  # the loop that halls run in, for both sides
        return runner.run(_measure(folder))


async def _measure(home: Path) -> dict[str, float]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    postgres, kafka = Postgres(home), ApacheKafka(home, library=PROJECT / ".zayton" / "kafka" / "lib")
    try:
        await asyncio.gather(postgres.start(), kafka.start())
        await ensure_topics(kafka.address)
        database = Database(postgres.url(), "bench")
        async with database.engine.begin() as connection:
            await connection.execute(text("CREATE SCHEMA bench"))
            await connection.run_sync(tables.metadata.create_all)
            await connection.run_sync(metadata.create_all)
        settled()  # as a hall is once it has started
        figures = await _in_turns(Bench(database, kafka.address))
        await database.close()
        return figures
    finally:
        await kafka.stop()
        await postgres.stop()


async def _in_turns(bench: Bench) -> dict[str, float]:
    rounds: list[dict[str, float]] = []
    for number in range(REPETITIONS + 1):
        await bench.fill_outbox()
        took = {"bare_producer": await bench.bare_producer(), "relay": await bench.relay()}
        took |= {"bare_inserts": await bench.bare_inserts(), "consumer": await bench.consumer()}
        if number:  # the first round warms caches, metadata and the group up
            rounds.append(took)
    return {
        "relay_ratio": statistics.median(took["bare_producer"] / took["relay"] for took in rounds),
        "consume_ratio": statistics.median(took["bare_inserts"] / took["consumer"] for took in rounds),
        **{f"{name}_per_s": EVENTS / statistics.median(took[name] for took in rounds) for name in rounds[0]},
    }
