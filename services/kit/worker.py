"""The worker process of a service: its consumer, and (in one worker at a time) relay, timers, jobs and housekeeping."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog
from aiokafka.errors import KafkaError

from services.kit import dead_letters, telemetry
from services.kit.consumer import Consumer
from services.kit.leader import Duty, Leader
from services.kit.outbox import backlog
from services.kit.relay import Relay
from services.kit.retention import clear_out, kept_by_every_service
from services.kit.service import Service
from services.kit.settings import Settings

log = structlog.get_logger()

ASK_EVERY_S = 10.0  # whether Kafka still answers the consumer
ANSWER_WITHIN_S = 30.0  # longer than a broker takes to come back


@asynccontextmanager
async def working(service: Service, settings: Settings) -> AsyncIterator[Leader]:
    """Run a service's worker for the length of the block. On the way out the batch in hand is finished."""
    leader = Leader(service.name, service.database, duties(service, settings))
    leading = asyncio.create_task(leader.run(), name=f"{service.name}-leader")
    consumer: Consumer | None = None
    listening: asyncio.Task[None] | None = None
    try:
        if service.handlers.topics:
            consumer = Consumer(
                service.name,
                service.database,
                service.handlers,
                settings.kafka_bootstrap_servers,
                session_timeout_ms=settings.kafka_session_timeout_ms,
            )
            await _start(consumer, service.name)
            listening = asyncio.create_task(_keep_listening(consumer, service.name), name=f"{service.name}-listening")
        yield leader
    finally:
        if listening is not None:
            listening.cancel()
            await asyncio.wait([listening])
        if consumer is not None:
            await consumer.stop()
        leading.cancel()
        with suppress(asyncio.CancelledError):
            await leading


async def _keep_listening(consumer: Consumer, name: str) -> None:
    """Make a consumer anew that gets no answer from Kafka, until it does."""
    while True:
        await asyncio.sleep(ASK_EVERY_S)
        try:
            if not await consumer.answers(ANSWER_WITHIN_S):
                await consumer.stop()
                await _start(consumer, name)
        except Exception:  # one that has no client gives no answer either, and is tried again
            log.exception("consumer_not_made_anew", service=name)


async def _start(consumer: Consumer, name: str) -> None:
    delay = 0.2
    while True:
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            log.warning("consumer_waits_for_broker", service=name, error=repr(error))
            await consumer.stop()
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)
        else:
            return


def duties(service: Service, settings: Settings) -> list[Duty]:
    relay = Relay(
        service.name,
        service.database,
        settings.kafka_bootstrap_servers,
        idempotent=settings.kafka_idempotent_producer,
    )

    async def timers(_work: asyncio.Event) -> None:
        await service.timers.run(service.name, service.database)

    async def housekeeping(_work: asyncio.Event) -> None:
        while True:
            await measure(service)
            await clear_out(service.database, kept_by_every_service(settings))
            await asyncio.sleep(60)

    return [relay.run, timers, housekeeping, *(partial(job.run, service.database) for job in service.jobs)]


async def measure(service: Service) -> None:
    async with service.database.transaction() as session:
        telemetry.BACKLOG.labels(service.name).set(await backlog(session))
        telemetry.DEAD_LETTERS.labels(service.name).set(await dead_letters.count(session))
