"""At-least-once delivery, exactly-once effect, order per aggregate: whatever happens on the way, over both brokers."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import islice
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.partitioner import murmur2
from fastapi import FastAPI
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.matching.v1.events_pb2 import Demand, DemandPosted

from deploy.local.broker import MeshBroker
from deploy.local.postgres import Postgres
from deploy.local.server import Server
from deploy.local.topics import make_topics_again
from services.kit import dead_letters, outbox, telemetry, worker
from services.kit.clock import utcnow
from services.kit.consumer import Consumer
from services.kit.envelope import headers_for
from services.kit.ids import new_id
from services.kit.inbox import Event, Handlers
from services.kit.leader import Leader
from services.kit.service import Service
from services.kit.worker import working
from tests.support.events import TOPIC, Registered, Scene, arrivals, eventually, killed


async def slowly(_event: Registered) -> None:
    await asyncio.sleep(0.001)


async def test_order_is_kept_per_aggregate(scene: Scene) -> None:
    aggregates = scene.aggregates(20)
    async with working(scene.service(), scene.settings):
        for _ in range(5):
            await scene.publish(aggregates, versions=4)
        await scene.expect_everything_once_and_in_order()


@pytest.mark.parametrize("crash", ["effect", "commit"])
async def test_a_crash_on_either_side_of_the_commit_has_one_effect(scene: Scene, crash: str) -> None:
    await scene.publish(scene.aggregates(10), versions=3)
    with scene.member_process(crash) as member:
        await killed(member)
    at_the_crash = len(await scene.arrived())
    assert (at_the_crash > 0) == (crash == "commit")

    async with working(scene.service(), scene.settings):
        await scene.expect_everything_once_and_in_order()
    # Kafka never heard of the crashed member's commit, so its records came again.
    assert outcomes(scene, "known") >= at_the_crash


def outcomes(scene: Scene, outcome: str) -> int:
    return int(telemetry.CONSUMED.labels(scene.name, outcome)._value.get())


async def test_two_members_share_the_work_of_a_group(scene: Scene) -> None:
    aggregates = scene.aggregates(24)
    async with (
        working(scene.service("one", slowly), scene.settings),
        working(scene.service("two", slowly), scene.settings),
    ):

        async def both_have_worked() -> bool:
            await scene.publish(aggregates)
            return {row["member"] for row in await scene.arrived()} == {"one", "two"}

        await eventually(both_have_worked)
        await scene.publish(aggregates, versions=5)
        await scene.expect_everything_once_and_in_order()


async def test_members_come_go_and_die_under_load(scene: Scene) -> None:
    aggregates = scene.aggregates(24)
    async with AsyncExitStack() as members, asyncio.TaskGroup() as tasks:
        await members.enter_async_context(working(scene.service("stays", slowly), scene.settings))
        with scene.member_process() as victim:
            enough = asyncio.Event()
            load = tasks.create_task(scene.publish_until(enough, aggregates))

            async def the_victim_works() -> bool:
                return any(row["member"] == "process" for row in await scene.arrived())

            await eventually(the_victim_works, within_s=60)
            async with working(scene.service("passes through", slowly), scene.settings):
                await asyncio.sleep(1.5)
            victim.kill()
        enough.set()
        await load
        await scene.expect_everything_once_and_in_order(within_s=45)


async def test_a_poison_message_dies_alone_and_comes_back_when_replayed(scene: Scene) -> None:
    # Of one partition, so that they come in one batch.
    sick, *well = islice((each for each in iter(new_id, None) if partition_of(each) == 0), 6)
    healed = False
    tried: list[tuple[object, int]] = []

    async def fail_on_the_sick_one(event: Registered) -> None:
        tried.append((event.subject, event.version))
        if event.subject == str(sick) and event.version == 2 and not healed:
            raise ValueError("not yet")

    await scene.publish([sick, *well], versions=3)
    async with working(scene.service("one", fail_on_the_sick_one), scene.settings):
        await scene.expect_everything_once_and_in_order(without=(sick, 2))
        letter = (await scene.buried())[0]
        assert (letter["reason"], letter["attempts"]) == ("ValueError", 4)
        last_try = len(tried) - 1 - tried[::-1].index((str(sick), 2))
        assert (str(sick), 3) not in tried[:last_try]
        assert {(str(each), 3) for each in well} <= set(tried[:last_try])
        assert await dead_letter_record(scene) == ("ValueError", str(sick))

        healed = True
        async with scene.database.transaction() as session:
            assert await dead_letters.replay(session, scene.name) == 1

        async def replayed() -> bool:
            return (sick, 2) in [(row["aggregate"], row["version"]) for row in await scene.arrived()]

        await eventually(replayed)
        await asyncio.sleep(0.3)
    assert len(await scene.arrived()) == 3 * 6
    assert await scene.buried() == []


def partition_of(aggregate: UUID) -> int:
    # Twelve, since the brokers have four and six of them.
    return int((murmur2(str(aggregate).encode()) & 0x7FFFFFFF) % 12)


async def dead_letter_record(scene: Scene) -> tuple[str, str]:
    """(reason, key) of the record that this scene put into the dead-letter topic."""
    group = f"zayton.{scene.name}"
    async for record in records_of(scene, f"{TOPIC}.dlq"):
        headers = {name: value.decode() for name, value in record.headers}
        if headers["zayton-group"] == group:
            return headers["zayton-reason"], (record.key or b"").decode()
    raise AssertionError("no dead letter of this group")


async def records_of(scene: Scene, topic: str) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=scene.settings.kafka_bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            async for record in consumer:
                yield record
    finally:
        await consumer.stop()


async def test_what_cannot_be_read_dies_with_its_reason_and_holds_nobody_up(scene: Scene) -> None:
    handlers = Handlers()

    @handlers.on(DemandPosted)
    async def write_down(session: AsyncSession, event: Event[DemandPosted]) -> None:
        if event.data.demand.title == scene.name:
            await session.execute(insert(arrivals).values(aggregate=new_id(), version=event.version, member="one"))

    def headers(version: int, **changes: bytes) -> list[tuple[str, bytes | None]]:
        plain = headers_for(
            event_id=str(new_id()),
            source="/zayton/matching",
            event_type="zayton.matching.v1.DemandPosted",
            time=utcnow(),
            subject=scene.name,
            version=version,
            traceparent=None,
        )
        return list(({name: value.encode() for name, value in plain.items()} | changes).items())

    good = DemandPosted(demand=Demand(title=scene.name)).SerializeToString()
    strange: list[tuple[bytes, list[tuple[str, bytes | None]]]] = [
        (good, headers(1)),
        (b"\xff\xff\xff", headers(2)),
        (good, headers(3, ce_type=b"zayton.matching.v1.FromTheFuture")),
        (b'{"json": true}', []),
        (good, headers(4, ce_type=b"\xff\xfe")),
        (good, [*headers(5), ("null", None), ("name\x00", b"\x00")]),
        (good, headers(6, ce_aggregateversion=b"six")),
        (good, headers(7)),
    ]
    async with AIOKafkaProducer(bootstrap_servers=scene.settings.kafka_bootstrap_servers, acks="all") as producer:
        for value, attached in strange:
            # One partition, so that all of them are of one batch.
            await producer.send_and_wait(
                "matching.demands.v1", value, key=scene.name.encode(), headers=attached, partition=0
            )

    async with working(Service(scene.name, scene.database, FastAPI(), handlers), scene.settings):

        async def all_done() -> bool:
            return len(await scene.arrived()) + len(ours(await scene.buried())) == len(strange)

        def ours(letters: object) -> list[str]:
            return [letter["reason"] for letter in letters if letter["key"] == scene.name.encode()]  # type: ignore[attr-defined]

        await eventually(all_done)
        assert [row["version"] for row in await scene.arrived()] == [1, 5, 7]
        assert ours(await scene.buried()) == [
            "corrupt-payload",
            "unknown-type",
            "missing-header",
            "bad-header",
            "bad-header",
        ]


async def test_a_broker_killed_while_publishing_loses_and_doubles_nothing(scene: Scene, kafka: Server) -> None:
    aggregates = scene.aggregates(12)
    async with working(scene.service(), scene.settings), asyncio.TaskGroup() as tasks:
        enough = asyncio.Event()
        load = tasks.create_task(scene.publish_until(enough, aggregates))
        await eventually(scene.arrived)
        await kill(kafka)
        await asyncio.sleep(1)
        if isinstance(kafka, MeshBroker):
            # It will have kept nothing: what the hall does while the embedded broker comes back.
            async with outbox.resending(scene.database):
                await kafka.start()
                await make_topics_again(kafka.address)
        else:
            await kafka.start()
        await asyncio.sleep(1)
        enough.set()
        await load
        await scene.expect_everything_once_and_in_order(within_s=60)
    assert await scene.buried() == []


async def test_a_client_that_went_silent_is_made_anew(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client whose task for metadata has died waits for its broker for ever, and nobody hears of an error."""
    started: list[Any] = []
    start = Consumer.start

    async def start_and_tell(self: Consumer) -> None:
        await start(self)
        started.append(self)

    async def no_connection(*_whereto: object, **_group: object) -> None:
        """Nothing answers at the broker's address."""

    monkeypatch.setattr(Consumer, "start", start_and_tell)
    monkeypatch.setattr(worker, "ASK_EVERY_S", 0.5)
    monkeypatch.setattr(worker, "ANSWER_WITHIN_S", 2)
    aggregates = scene.aggregates(5)
    async with working(scene.service(), scene.settings):
        await scene.publish(aggregates, versions=2)
        await scene.expect_everything_once_and_in_order()
        silent = started[0]._subscriber.consumer
        silent._client._sync_task.cancel()
        silent._client._get_conn = no_connection
        silent._coordinator.coordinator_dead()
        await asyncio.sleep(1)  # until what it has asked for is answered
        await scene.publish(aggregates, versions=2)
        await scene.expect_everything_once_and_in_order(within_s=60)
    assert len(started) > 1


async def kill(server: Server) -> None:
    process = server._child._process  # type: ignore[attr-defined]  # a crash is nothing that a server offers
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)


async def test_a_database_that_is_away_is_waited_for(scene: Scene, postgres: Postgres) -> None:
    aggregates = scene.aggregates(12)
    reached = asyncio.Event()

    async def slowly_and_say_so(_event: Registered) -> None:
        reached.set()
        await asyncio.sleep(0.02)

    async with working(scene.service("one", slowly_and_say_so), scene.settings):
        await scene.publish(aggregates, versions=10)
        await asyncio.wait_for(reached.wait(), 20)
        # In the middle of a batch: some effects are written, none is committed.
        await postgres.stop()
        await asyncio.sleep(2)
        await postgres.start()
        await scene.publish(aggregates, versions=2)
        await scene.expect_everything_once_and_in_order(within_s=45)
    assert await scene.buried() == []


async def test_one_relay_leads_and_another_takes_over_when_its_connection_dies(scene: Scene) -> None:
    aggregates = scene.aggregates(12)
    async with (
        working(scene.service("one"), scene.settings) as one,
        working(scene.service("two"), scene.settings) as two,
        asyncio.TaskGroup() as tasks,
    ):
        await eventually(lambda: led_by_one_of(one, two))
        enough = asyncio.Event()
        load = tasks.create_task(scene.publish_until(enough, aggregates))
        await eventually(scene.arrived)
        holder = await lock_holder(scene)
        async with scene.database.transaction() as session:
            await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": holder})

        async def another_leads() -> bool:
            return await lock_holder(scene) not in {holder, None} and await led_by_one_of(one, two)

        await eventually(another_leads, within_s=10)
        enough.set()
        await load
        await scene.expect_everything_once_and_in_order()


async def led_by_one_of(one: Leader, two: Leader) -> bool:
    return one.leading != two.leading


async def lock_holder(scene: Scene) -> int | None:
    """The server process of the connection that holds the service's advisory lock."""
    statement = text(
        "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
        "WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted AND datname = current_database()"
    )
    async with scene.database.transaction() as session:
        pids = (await session.execute(statement)).scalars().all()
    assert len(pids) <= 1
    return pids[0] if pids else None
