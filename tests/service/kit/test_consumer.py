"""The consumer's promises on a real database; the broker's side is in tests/chaos."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from faststream.kafka import KafkaMessage
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.gateway.v1.events_pb2 import MemberJoined, Organisation, OrganisationRegistered

from services.kit import consumer as consumer_module
from services.kit import dead_letters, outbox
from services.kit.consumer import Consumer, Received, Retry
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.inbox import Event, Handlers, Poison
from services.kit.tables import inbox
from services.kit.tables import outbox as outbox_table
from tests.support.effects import effects

TOPIC = "gateway.organisations.v1"


class Effects:
    """A handler that writes a row per event and fails where it is told to."""

    def __init__(self) -> None:
        self.failures: dict[str, list[Exception]] = defaultdict(list)
        self.calls: list[str] = []
        self.handlers = Handlers()
        self.handlers.on_batch(OrganisationRegistered)(self.handle)

    async def handle(self, session: AsyncSession, events: Sequence[Event[OrganisationRegistered]]) -> None:
        for event in events:
            name = event.data.organisation.name
            self.calls.append(name)
            if self.failures[name]:
                raise self.failures[name].pop(0)
            await session.execute(insert(effects).values(id=UUID(event.id), name=name))


@pytest.fixture
def kept() -> Effects:
    return Effects()


@pytest.fixture
def consumer(database: Database, kept: Effects) -> Consumer:
    return Consumer("kit", database, kept.handlers, "127.0.0.1:1", retry=Retry(delays_s=(0.01, 0.01)))


async def records(database: Database, *names: str, aggregate: UUID | None = None) -> list[ConsumerRecord[bytes, bytes]]:
    """Records as the relay would publish them, one per name; of one aggregate if one is given."""
    async with database.transaction() as session:
        for version, name in enumerate(names, 1):
            message = OrganisationRegistered(organisation=Organisation(name=name))
            await outbox.publish(session, message, aggregate_id=aggregate or new_id(), version=version)
        statement = select(outbox_table).order_by(outbox_table.c.id.desc()).limit(len(names))
        rows = reversed((await session.execute(statement)).all())
    return [record(row.key.encode(), row.headers, row.payload, offset) for offset, row in enumerate(rows)]


def record(key: bytes, headers: dict[str, str], value: bytes, offset: int = 0) -> ConsumerRecord[bytes, bytes]:
    encoded = [(name, text.encode()) for name, text in headers.items()]
    return ConsumerRecord(TOPIC, 0, offset, 0, 0, key, value, None, len(key), len(value), encoded)


async def written(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list((await session.execute(select(effects.c.name).order_by(effects.c.id))).scalars())


async def buried(database: Database) -> list[tuple[str, int]]:
    async with database.transaction() as session:
        return [(row["reason"], row["attempts"]) for row in await dead_letters.waiting(session)]


async def test_a_batch_takes_effect_once_however_often_it_comes(
    database: Database, consumer: Consumer, kept: Effects
) -> None:
    batch = await records(database, "a", "b", "c")
    await consumer.process(batch)
    await consumer.process(batch)
    await consumer.process([batch[1], batch[1]])
    assert await written(database) == ["a", "b", "c"]
    assert kept.calls == ["a", "b", "c"]


async def test_a_crash_before_the_commit_leaves_nothing_behind(
    database: Database, consumer: Consumer, kept: Effects
) -> None:
    batch = await records(database, "a", "b")
    kept.failures["b"] = [KeyboardInterrupt()]  # type: ignore[list-item]  # as abrupt as a test can be
    with pytest.raises(KeyboardInterrupt):
        await consumer.process(batch)
    async with database.transaction() as session:
        assert (await session.execute(select(inbox))).all() == []
    await consumer.process(batch)
    assert await written(database) == ["a", "b"]


async def test_what_fails_once_is_tried_again_and_done(database: Database, consumer: Consumer, kept: Effects) -> None:
    kept.failures["b"] = [ValueError("once"), ValueError("twice")]
    await consumer.process(await records(database, "a", "b", "c"))
    assert await written(database) == ["a", "b", "c"]
    assert await buried(database) == []


async def test_a_message_that_always_fails_dies_alone(database: Database, consumer: Consumer, kept: Effects) -> None:
    kept.failures["b"] = [ValueError(str(n)) for n in range(99)]
    await consumer.process(await records(database, "a", "b", "c"))
    assert await written(database) == ["a", "c"]
    assert await buried(database) == [("ValueError", 3)]


async def test_poison_is_not_tried_twice_alone(database: Database, consumer: Consumer, kept: Effects) -> None:
    kept.failures["b"] = [Poison("no use") for _ in range(99)]
    await consumer.process(await records(database, "b"))
    assert await buried(database) == [("Poison", 1)]


async def test_later_messages_of_an_aggregate_wait_for_the_one_that_fails(
    database: Database, consumer: Consumer, kept: Effects
) -> None:
    kept.failures["1st"] = [ValueError("x")] * 3
    same = await records(database, "1st", "2nd", "3rd", aggregate=new_id())
    other = await records(database, "other")
    await consumer.process([*same, *other])
    # "other" is committed in the first pass, before the failing one's last try.
    assert kept.calls.index("other") < len(kept.calls) - 1 - kept.calls[::-1].index("1st")
    assert kept.calls[-3:] == ["1st", "2nd", "3rd"]
    assert sorted(await written(database)) == ["1st", "2nd", "3rd", "other"]


async def test_corrupt_and_unknown_records_die_with_their_reason(database: Database, consumer: Consumer) -> None:
    good, template = await records(database, "good", "template")
    headers = {name: value.decode() for name, value in template.headers}
    batch = [
        record(b"k1", headers, b"\xff\xff\xff"),
        record(b"k2", headers | {"ce_type": "zayton.gateway.v1.FromTheFuture"}, b""),
        record(b"k3", {}, b'{"json": true}'),
        record(b"k\xff\x00", headers | {"ce_aggregateversion": "x"}, template.value or b""),
        good,
    ]
    await consumer.process(batch)
    assert await written(database) == ["good"]
    assert sorted(reason for reason, _ in await buried(database)) == [
        "bad-header",
        "corrupt-payload",
        "missing-header",
        "unknown-type",
    ]


async def test_a_type_nobody_here_handles_is_passed_over(database: Database, consumer: Consumer) -> None:
    async with database.transaction() as session:
        await outbox.publish(session, MemberJoined(), aggregate_id=new_id(), version=1)
        row = (await session.execute(select(outbox_table))).one()
    await consumer.process([record(row.key.encode(), row.headers, row.payload)])
    assert await buried(database) == []


async def test_a_fault_outside_the_message_is_waited_out(database: Database, consumer: Consumer, kept: Effects) -> None:
    kept.failures["a"] = [ConnectionRefusedError("database gone"), ConnectionRefusedError("still gone")]
    await consumer.process(await records(database, "a"))
    assert await written(database) == ["a"]
    assert await buried(database) == []


async def test_a_replayed_dead_letter_takes_effect_here_and_nowhere_else(
    database: Database, consumer: Consumer, kept: Effects
) -> None:
    kept.failures["a"] = [ValueError("bug")] * 99
    await consumer.process(await records(database, "a"))
    kept.failures.clear()
    async with database.transaction() as session:
        assert await dead_letters.replay(session, "kit") == 1
        assert await dead_letters.replay(session, "kit") == 0
        row = (await session.execute(select(outbox_table).order_by(outbox_table.c.id.desc()).limit(1))).one()
    replayed = record(row.key.encode(), row.headers, row.payload)
    elsewhere = Consumer("elsewhere", database, kept.handlers, "127.0.0.1:1")
    await elsewhere.process([replayed])
    assert await written(database) == []
    await consumer.process([replayed])
    assert await written(database) == ["a"]
    assert await buried(database) == []


async def test_a_dead_letter_is_also_published_to_its_topic(
    database: Database, consumer: Consumer, kept: Effects
) -> None:
    kept.failures["a"] = [ValueError("bug")] * 99
    await consumer.process(await records(database, "a"))
    async with database.transaction() as session:
        row = (await session.execute(select(outbox_table).where(outbox_table.c.topic == f"{TOPIC}.dlq"))).one()
    assert row.headers["zayton-reason"] == "ValueError"
    assert row.headers["zayton-origin"] == f"{TOPIC}/0/0"
    assert row.headers["ce_type"] == "zayton.gateway.v1.OrganisationRegistered"


async def test_no_connection_left_is_no_fault_of_the_message(
    database: Database, consumer: Consumer, kept: Effects
) -> None:
    kept.failures["a"] = [NoConnectionLeft("QueuePool limit reached")] * 2
    await consumer.process(await records(database, "a"))
    assert await written(database) == ["a"]
    assert await buried(database) == []


async def test_a_dead_letter_delivered_again_stays_one(database: Database, consumer: Consumer, kept: Effects) -> None:
    kept.failures["a"] = [ValueError("bug")] * 99
    batch = await records(database, "a")
    await consumer.process(batch)
    await consumer.process(batch)
    assert len(await buried(database)) == 1


async def test_strange_text_in_an_error_is_no_hindrance_to_burying(
    database: Database, consumer: Consumer, kept: Effects
) -> None:
    kept.failures["a"] = [ValueError("half a character \ud800 and a NUL \x00")] * 99
    await consumer.process(await records(database, "a"))
    assert await buried(database) == [("ValueError", 3)]


class OneOfThree:
    """Kafka to a member of which a rebalance has left the first partition of three."""

    ours = TopicPartition(TOPIC, 0)

    def __init__(self) -> None:
        self.sought: list[tuple[TopicPartition, int]] = []
        self.committed: dict[TopicPartition, int] = {}

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset({self.ours})

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append((partition, offset))

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed |= offsets

    def message(self, *batch: ConsumerRecord[bytes, bytes]) -> KafkaMessage:
        this: Any = self
        return KafkaMessage(raw_message=batch, body=b"", consumer=this)


async def test_a_batch_handed_back_is_read_again_before_what_was_read_meanwhile(
    database: Database, consumer: Consumer, kept: Effects, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c, d = await records(database, "a", "b", "c", "d")
    first = (replace(a, offset=7), replace(b, partition=1), replace(c, offset=8))
    second = (replace(d, offset=9),)
    kafka, together = OneOfThree(), Consumer._together_or_each
    faults: list[Exception] = [ConnectionError("the database stayed away")]

    async def fail_at_first(self: Consumer, received: list[Received], deadline: float) -> None:
        if faults:
            raise faults.pop()
        await together(self, received, deadline)

    async def hear(*batches: tuple[ConsumerRecord[bytes, bytes], ...]) -> None:
        for batch in batches:
            await consumer._on_batch([], kafka.message(*batch))

    monkeypatch.setattr(Consumer, "_together_or_each", fail_at_first)
    monkeypatch.setattr(consumer_module, "is_outside_fault", lambda _error: False)  # its time is up at once
    monkeypatch.setattr(consumer_module, "HAND_BACK_PAUSE_S", 0)
    await hear(first, second)
    assert kafka.sought == [(kafka.ours, 7), (kafka.ours, 7)]
    assert (kept.calls, kafka.committed) == ([], {})
    await hear(first, second)
    await consumer.stop()
    assert kept.calls == ["a", "b", "c", "d"]
    assert kafka.committed == {kafka.ours: 10}


async def test_a_batch_that_cannot_be_read_is_handed_back(
    database: Database, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = await records(database, "a")
    kafka = OneOfThree()
    monkeypatch.setattr(consumer, "_receive", lambda _record: 1 / 0)
    monkeypatch.setattr(consumer_module, "HAND_BACK_PAUSE_S", 0)
    await consumer._on_batch([], kafka.message(first))
    await consumer.stop()
    assert (kafka.sought, kafka.committed) == ([(kafka.ours, first.offset)], {})


async def test_a_batch_is_read_while_the_one_before_is_at_work_and_waits_for_it(
    database: Database, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await records(database, "a", "b")
    done, told = asyncio.Event(), []

    async def work_off(_self: Consumer, _received: list[Received]) -> None:
        told.append("at work")
        await done.wait()
        told.append("done")

    receive = Consumer._receive

    def read(self: Consumer, record: ConsumerRecord[bytes, bytes]) -> Received | None:
        told.append("read")
        return receive(self, record)

    monkeypatch.setattr(Consumer, "_work_off", work_off)
    monkeypatch.setattr(Consumer, "_receive", read)
    kafka = OneOfThree()
    await consumer._on_batch([], kafka.message(first))
    next_one = asyncio.create_task(consumer._on_batch([], kafka.message(second)))
    while len(told) < 3:  # noqa: ASYNC110  # there is nothing to wait for but its turn
        await asyncio.sleep(0)
    assert told == ["read", "at work", "read"]
    done.set()
    await next_one
    await consumer.stop()
    assert told == ["read", "at work", "read", "done", "at work", "done"]


async def test_while_a_broker_comes_back_nothing_is_under_way(database: Database) -> None:
    await records(database, "a")

    async def resend() -> None:
        async with outbox.resending(database) as resent:
            assert resent == 1
            resending.set()
            await back.wait()

    async def send() -> int:
        async with database.transaction() as relay:
            await outbox.rewound_never_while_sending(relay)
            return await outbox.backlog(relay)

    resending, back = asyncio.Event(), asyncio.Event()
    async with database.transaction() as session:
        await session.execute(update(outbox_table).values(published_at=func.now()))
    async with database.transaction() as relay:
        await outbox.rewound_never_while_sending(relay)
        task = asyncio.create_task(resend())
        await asyncio.sleep(0.2)
        assert not resending.is_set()
    await resending.wait()
    next_batch = asyncio.create_task(send())
    await asyncio.sleep(0.2)
    assert not next_batch.done()
    back.set()
    await task
    assert await next_batch == 1
