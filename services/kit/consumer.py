"""The batch consumer of a service: all its topics, one group, one transaction and one offset commit per batch.

Fast path: the whole batch in one transaction. If a message fails there, the batch is rolled back and gone through
again message by message under savepoints: what works is committed, what failed is tried again alone, with back-off,
while later messages of the same aggregate wait behind it; at last it becomes a dead letter. What is broken outside the
messages (database or network gone) never makes a dead letter: the consumer waits and tries the batch again.

A batch is read while the one before it is at work and waits for the database. Their effects keep their order.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import outbox, telemetry
from services.kit.db import Database, is_outside_fault
from services.kit.envelope import Event, Undecodable, decode, storable, text_headers
from services.kit.inbox import Handlers, Poison, remember
from services.kit.kafka import end_silent_client, know_closed_connections
from services.kit.tables import dead_letters

log = structlog.get_logger()

Records = Sequence[ConsumerRecord[bytes, bytes]]

# A replayed dead letter goes back to its topic marked with the one group that failed on it; others pass it over.
ONLY_GROUP = "zayton-only-group"
HAND_BACK_PAUSE_S = 1.0
GRACE_S = 10  # for what is at work when a consumer stops
READ_AT_A_TIME = 25  # records, before the batch at work has its turn


@dataclass(frozen=True)
class Retry:
    """Back-off of a message that fails: seconds before each further try, and how long it may hold up a batch."""

    delays_s: tuple[float, ...] = (0.1, 0.5, 2.0)
    batch_limit_s: float = 60.0  # well under max_poll_interval_ms, after which the group would throw us out


class Received(NamedTuple):
    """A record with its event, or with the reason why it has none."""

    record: ConsumerRecord[bytes, bytes]
    event: Event[Any] | None
    undecodable: Undecodable | None = None

    @property
    def aggregate(self) -> tuple[str, bytes | None]:
        return self.record.topic, self.record.key


class Consumer:
    def __init__(
        self,
        service: str,
        database: Database,
        handlers: Handlers,
        bootstrap_servers: str,
        *,
        retry: Retry | None = None,
        max_records: int = 500,
        session_timeout_ms: int = 10_000,
    ) -> None:
        self.group = f"zayton.{service}"
        self._service = service
        self._database = database
        self._handlers = handlers
        self._retry = retry or Retry()
        self._bootstrap_servers = bootstrap_servers.split(",")
        self._max_records = max_records
        self._session_timeout_ms = session_timeout_ms
        self._stopping = False
        self._at_work: asyncio.Task[Records] | None = None
        self._committing: asyncio.Task[None] | None = None
        self._broker, self._subscriber = self._join_in()
        know_closed_connections()

    def _join_in(self) -> tuple[KafkaBroker, Any]:
        """A client with its subscription. One that was stopped is used no more."""
        broker = KafkaBroker(
            self._bootstrap_servers, client_id=f"zayton-{self._service}", logger=None, graceful_timeout=GRACE_S
        )
        subscriber = broker.subscriber(
            *self._handlers.topics,
            batch=True,
            max_records=self._max_records,
            fetch_max_wait_ms=100,  # bounds how late an event is heard on a broker that answers only when the wait ends
            batch_timeout_ms=20,  # FastStream sleeps this long after an empty fetch
            group_id=self.group,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=self._session_timeout_ms // 5,
            parser=_whole_batch,
            decoder=_raw,
        )
        subscriber(self._on_batch)
        return broker, subscriber

    async def start(self) -> None:
        self._stopping = False
        self._at_work = self._committing = None
        self._broker, self._subscriber = self._join_in()
        await self._broker.start()

    async def stop(self) -> None:
        """Finish the batches in hand, tell Kafka, and leave the group: as far as Kafka answers."""
        self._stopping = True
        if in_hand := self._in_hand():
            await asyncio.wait(in_hand, timeout=GRACE_S)
        if not await self._left():
            if silent := self._subscriber.consumer:
                await end_silent_client(silent)
            await self._left()
        if cut_off := [task for task in self._in_hand() if task.cancel()]:
            await asyncio.wait(cut_off)

    def _in_hand(self) -> "list[asyncio.Task[Any]]":
        return [task for task in (self._at_work, self._committing) if task]

    async def _left(self) -> bool:
        try:
            async with asyncio.timeout(GRACE_S):
                await self._broker.stop()
        except Exception as error:  # noqa: BLE001  # whatever it was, the group will miss this member
            log.warning("consumer_left_its_group_unsaid", service=self._service, error=repr(error))
            return False
        return True

    async def answers(self, within_s: float) -> bool:
        """Whether this member of the group still gets through to Kafka.

        A client of which some task has died goes silent without an error; only a new one helps.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._subscriber.consumer.committed(TopicPartition(self._handlers.topics[0], 0))
        except Exception as error:  # noqa: BLE001  # whatever keeps it from an answer
            log.warning("consumer_gets_no_answer", service=self._service, error=repr(error))
            return False
        return True

    async def _on_batch(self, _body: Any, message: KafkaMessage) -> None:
        records = message.raw_message
        assert isinstance(records, tuple)
        reading = asyncio.create_task(self._read(records))
        if self._at_work and (handed_back := await self._at_work):
            # These came after it: they are read again with it, lest they overtake it.
            reading.cancel()
            self._at_work = None
            _rewind(message, (*handed_back, *records))
            return
        self._at_work = asyncio.create_task(self._work(message, records, reading))
        if self._stopping:
            await self._at_work

    async def _work(self, message: KafkaMessage, records: Records, reading: "asyncio.Task[list[Received]]") -> Records:
        """Work a batch off. Returns its records if they were handed back, to be read again."""
        try:
            await self._work_off(await reading)
        except Exception as error:
            log.exception("batch_handed_back", service=self._service, size=len(records), error=repr(error))
            _rewind(message, records)
            await asyncio.sleep(HAND_BACK_PAUSE_S)
            return records
        # The next batch is handled meanwhile; at most one commit is behind.
        if self._committing:
            await self._committing
        self._committing = asyncio.create_task(self._commit(message, records))
        if self._stopping:
            await self._committing
        return ()

    async def _commit(self, message: KafkaMessage, records: Records) -> None:
        consumer: Any = message.consumer
        last = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        ours = consumer.assignment()
        offsets = {partition: offset for partition, offset in last.items() if partition in ours}
        try:
            await consumer.commit(offsets)
        except Exception as error:  # noqa: BLE001  # whatever it was, whoever gets these records again finds them done
            # Taken away meanwhile, or the broker is.
            log.info("offsets_not_committed", service=self._service, error=repr(error))

    async def process(self, records: Records) -> None:
        """Bring about the effects of a batch, each once. Returns when every message is done or a dead letter."""
        await self._work_off(await self._read(records))

    async def _read(self, records: Records) -> list[Received]:
        received: list[Received] = []
        for start in range(0, len(records), READ_AT_A_TIME):
            await asyncio.sleep(0)
            some = records[start : start + READ_AT_A_TIME]
            received += [each for record in some if (each := self._receive(record)) is not None]
        return received

    async def _work_off(self, received: list[Received]) -> None:
        deadline = time.monotonic() + self._retry.batch_limit_s
        delay = 0.2
        while True:
            try:
                await self._together_or_each(received, deadline)
            except Exception as error:
                # Past the deadline the batch is handed back, so that the group sees us poll again.
                if not is_outside_fault(error) or time.monotonic() > deadline:
                    raise
                log.warning("consumer_waits", service=self._service, error=repr(error), delay_s=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
            else:
                return

    def _receive(self, record: ConsumerRecord[bytes, bytes]) -> Received | None:
        headers = dict(record.headers)
        if ONLY_GROUP in headers and headers[ONLY_GROUP] != self.group.encode():
            return None
        try:
            event = decode(headers, record.value or b"")
        except Undecodable as reason:
            return Received(record, None, reason)
        if not self._handlers.handles(event.type):
            self._count("skipped", 1)
            return None
        return Received(record, event)

    async def _together_or_each(self, received: list[Received], deadline: float) -> None:
        if all(each.event for each in received):
            try:
                async with self._database.transaction() as session:
                    await self._take_in(session, received)
            except Exception as error:
                if is_outside_fault(error):
                    raise
                log.info("batch_taken_apart", service=self._service, size=len(received), error=repr(error))
            else:
                return
        await self._each_alone(received, deadline)

    async def _take_in(self, session: AsyncSession, received: Sequence[Received]) -> None:
        fresh = await remember(session, [each.event for each in received if each.event])
        await self._handlers.handle(session, fresh)
        self._count("done", len(fresh))
        self._count("known", len(received) - len(fresh))

    async def _each_alone(self, received: list[Received], deadline: float) -> None:
        waiting: dict[tuple[str, bytes | None], deque[Received]] = {}
        async with self._database.transaction() as session:
            for each in received:
                if each.aggregate in waiting:
                    waiting[each.aggregate].append(each)
                elif await self._try(session, each) is not None:
                    waiting[each.aggregate] = deque([each])
        for queue in waiting.values():
            await self._one_by_one(queue, deadline)

    async def _one_by_one(self, queue: deque[Received], deadline: float) -> None:
        """Bring one aggregate's messages to their end in order, the first of which has just failed."""
        while queue:
            each = queue[0]
            error: Exception | None = each.undecodable
            attempts = 0
            for delay in (0.0, *self._retry.delays_s):
                if attempts and time.monotonic() + delay > deadline:
                    break
                await asyncio.sleep(delay)
                attempts += 1
                async with self._database.transaction() as session:
                    error = await self._try(session, each)
                if error is None or isinstance(error, Poison | Undecodable):
                    break
            if error is not None:
                await self._bury(each, error, attempts)
            queue.popleft()

    async def _try(self, session: AsyncSession, each: Received) -> Exception | None:
        """Handle one message under a savepoint. Returns what went wrong with the message itself, if anything."""
        if each.undecodable:
            return each.undecodable
        try:
            async with session.begin_nested():
                await self._take_in(session, [each])
        except Exception as error:
            if is_outside_fault(error):
                raise
            return error
        return None

    async def _bury(self, each: Received, error: Exception, attempts: int) -> None:
        record = each.record
        reason = error.reason if isinstance(error, Undecodable) else type(error).__name__
        own = text_headers(record.headers)
        headers = own | {
            "zayton-reason": reason,
            "zayton-error": storable(str(error))[:500],
            "zayton-attempts": str(attempts),
            "zayton-group": self.group,
            "zayton-origin": f"{record.topic}/{record.partition}/{record.offset}",
        }
        async with self._database.transaction() as session:
            if await _waits_already(session, each):
                return
            await session.execute(
                insert(dead_letters).values(
                    topic=record.topic,
                    partition=record.partition,
                    offset=record.offset,
                    key=record.key,
                    headers=own,
                    payload=record.value or b"",
                    reason=reason,
                    error=headers["zayton-error"],
                    attempts=attempts,
                )
            )
            await outbox.publish_raw(session, f"{record.topic}.dlq", record.key, headers, record.value or b"")
        self._count("dead", 1)
        log.error("dead_letter", service=self._service, topic=record.topic, reason=reason, error=str(error)[:500])

    def _count(self, outcome: str, number: int) -> None:
        if number:
            telemetry.CONSUMED.labels(self._service, outcome).inc(number)


async def _waits_already(session: AsyncSession, each: Received) -> bool:
    """Whether this event is a dead letter that nobody has replayed: it may be delivered again, but dies once."""
    if each.event is None:
        return False
    identity = {"ce_source": each.event.source, "ce_id": each.event.id}
    same = dead_letters.c.headers.contains(identity) & dead_letters.c.replayed_at.is_(None)
    return bool((await session.execute(select(exists().where(same)))).scalar_one())


async def _whole_batch(
    records: tuple[ConsumerRecord[bytes, bytes], ...], parse: Callable[..., Awaitable[KafkaMessage]]
) -> KafkaMessage:
    """FastStream's parser reads headers as UTF-8, and one that is none would make it pass over the whole batch."""
    message = await parse((replace(records[0], headers=()),))
    message.raw_message = records
    return message


def _rewind(message: KafkaMessage, records: Records) -> None:
    """Go back to the start of a batch, in every partition that is still ours."""
    consumer: Any = message.consumer
    first: dict[TopicPartition, int] = {}
    for record in records:
        first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    for partition in consumer.assignment() & first.keys():
        consumer.seek(partition, first[partition])


async def _raw(_message: object) -> bytes:
    """FastStream would try JSON on any body; ours are read from the records themselves."""
    return b""
