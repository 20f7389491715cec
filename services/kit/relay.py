"""Carries outbox rows to Kafka, in id order, by the one worker of the service that leads."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import telemetry
from services.kit.db import Database
from services.kit.jobs import woken
from services.kit.kafka import know_closed_connections
from services.kit.outbox import rewound_never_while_sending
from services.kit.tables import outbox

log = structlog.get_logger()

BATCH = 1000
# A broker that has not acknowledged a batch by then is asked anew, by a new producer.
BATCH_TIMEOUT_S = 5

_waiting = (
    select(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.headers, outbox.c.payload)
    .where(outbox.c.published_at.is_(None))
    .order_by(outbox.c.id)
    .limit(BATCH)
)
_published = (
    update(outbox)
    .where(outbox.c.id == func.any(bindparam("ids", type_=ARRAY(outbox.c.id.type))))
    .values(published_at=func.now())
)


class Relay:
    """Publishes what waits. `run` ends only by cancellation or an error; whoever leads starts it anew."""

    def __init__(self, service: str, database: Database, bootstrap_servers: str, *, idempotent: bool) -> None:
        self._service = service
        self._database = database
        self._bootstrap_servers = bootstrap_servers
        self._idempotent = idempotent
        know_closed_connections()

    async def run(self, work: asyncio.Event) -> None:
        """Publish whenever `work` is set, and look once a second in case a wake-up was lost.

        Any failure ends the producer with it; the rows of the batch stay unpublished and are sent again, in order, by
        the next one.
        """
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            client_id=f"zayton-{self._service}-relay",
            acks="all",
            enable_idempotence=self._idempotent,
            linger_ms=0,
            max_batch_size=256 * 1024,
            request_timeout_ms=15_000,
        )
        try:
            await producer.start()
            while True:
                work.clear()
                while await self._publish_batch(producer) == BATCH:
                    pass
                await woken(work)
        finally:
            await producer.stop()

    async def _publish_batch(self, producer: AIOKafkaProducer) -> int:
        # The transaction stays open while Kafka is awaited. Only a relay that takes over too early waits for its locks.
        async with self._database.transaction() as session:
            await rewound_never_while_sending(session)
            rows = (await session.execute(_waiting)).all()
            if rows:
                await _send(session, producer, rows)
        if rows:
            telemetry.PUBLISHED.labels(self._service).inc(len(rows))
        else:
            telemetry.BACKLOG.labels(self._service).set(0)
        return len(rows)


async def _send(session: AsyncSession, producer: AIOKafkaProducer, rows: Sequence[Row[*tuple[Any, ...]]]) -> None:
    """Send rows, and mark them as published while the broker takes them. Returns when it has them all.

    After a failure nothing of them is under way any more, and no mark is to be committed.
    """
    futures: list[asyncio.Future[Any]] = []
    try:
        async with asyncio.timeout(BATCH_TIMEOUT_S):
            for row in rows:
                headers = [(name, value.encode()) for name, value in row.headers.items()]
                futures.append(await producer.send(row.topic, row.payload, key=row.key.encode(), headers=headers))
            await session.execute(_published, {"ids": [row.id for row in rows]})
            await asyncio.gather(*futures)
    except BaseException:
        await _give_up(producer, futures)
        raise


async def _give_up(producer: AIOKafkaProducer, futures: Sequence["asyncio.Future[Any]"]) -> None:
    """End a producer without a last attempt at what it holds.

    Its own `stop` would first send the rest, which by then may overtake what the next producer sends, and waits for a
    broker that is away.
    """
    sender = producer._sender.sender_task  # noqa: SLF001  # no public way ends it
    if sender is not None:
        sender.cancel()
        await asyncio.wait([sender])
    await producer.client.close()
    producer._closed = True  # noqa: SLF001  # else its `stop` would wait for what nobody sends any more
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
