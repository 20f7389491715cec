"""Both brokers and the hall's topics on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local import broker as brokers
from deploy.local.broker import ApacheKafka, MeshBroker
from deploy.local.child import CannotStart
from deploy.local.server import Server
from deploy.local.topics import ensure_topics, topic_states
from services.kit.topics import all_topics

TOPIC = "listing.listings.v1"


async def send(broker: Server, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.address, acks="all") as producer:
        await producer.send_and_wait(TOPIC, value, key=b"key", partition=0)


async def first_record(broker: Server) -> bytes | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(TOPIC, 0)])
        found = await consumer.getmany(timeout_ms=3_000, max_records=1)
        return next((records[0].value for records in found.values()), None)
    finally:
        await consumer.stop()


async def test_topics_are_made_once_with_their_partitions(kafka: Server) -> None:
    states = await topic_states(kafka.address)
    assert {state.name for state in states} == {
        name for topic in all_topics() for name in (topic.name, f"{topic.name}.dlq")
    }
    assert all(state.partitions == state.partitions_wanted for state in states)
    assert await ensure_topics(kafka.address) == []


async def test_the_embedded_broker_forgets_and_gets_its_topics_again(tmp_path: Path) -> None:
    broker = MeshBroker(tmp_path)
    await broker.start()
    address = broker.address
    await ensure_topics(address)
    await send(broker, b"a fact")
    assert await first_record(broker) == b"a fact"

    await broker.restart()
    assert broker.address == address
    assert not any(state.exists for state in await topic_states(address))
    assert len(await ensure_topics(address)) == 2 * len(all_topics())
    await send(broker, b"another")
    assert await first_record(broker) == b"another"
    await broker.stop()
    assert not await broker.alive()


async def test_the_embedded_broker_comes_back_with_all_it_needs_or_not_at_all(tmp_path: Path) -> None:
    seen: list[bool] = []
    attempts = iter([ConnectionError("the database is away"), None])

    @asynccontextmanager
    async def restarting() -> AsyncIterator[None]:
        seen.append(broker.running())
        yield
        seen.append(await broker.alive())
        if error := next(attempts):
            raise error

    broker = MeshBroker(tmp_path, restarting=restarting)
    await broker.start()
    assert seen == []
    with pytest.raises(ConnectionError):
        await broker.restart()
    assert not broker.running()
    await broker.restart()
    assert broker.running()
    assert seen == [False, True] * 2
    await broker.stop()


async def test_a_client_that_comes_before_the_topics_does_no_harm(tmp_path: Path) -> None:
    broker = MeshBroker(tmp_path)
    await broker.start()
    async with AIOKafkaConsumer(TOPIC, bootstrap_servers=broker.address) as early:
        assert early.partitions_for_topic(TOPIC)  # this broker made it at the mere question
    assert TOPIC not in await ensure_topics(broker.address)
    assert all(state.partitions == state.partitions_wanted for state in await topic_states(broker.address))
    await broker.stop()


@pytest.mark.apache
async def test_apache_kafka_keeps_its_records(apache: ApacheKafka) -> None:
    await send(apache, b"kept")
    kept = await first_record(apache)
    await apache.restart()
    assert await first_record(apache) == kept is not None


@pytest.mark.apache
async def test_apache_kafka_starts_whatever_its_cluster_is_called(
    apache: ApacheKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brokers.secrets, "token_bytes", lambda size: b"\xf8" * size)  # an id that begins with a hyphen
    broker = ApacheKafka(tmp_path, library=apache._library)
    await broker.start()
    assert await broker.alive()
    await broker.stop()


@pytest.mark.parametrize(("there", "missing"), [((), "Java"), (("java",), "Maven")])
async def test_what_apache_kafka_lacks_is_said_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], missing: str
) -> None:
    monkeypatch.setattr(brokers.shutil, "which", lambda name: name if name in there else None)
    with pytest.raises(CannotStart, match=rf"{missing}.*apt install"):
        await ApacheKafka(tmp_path).start()


async def test_an_old_java_is_refused_by_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    old.chmod(0o755)
    (tmp_path / "mvn").symlink_to(old)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert brokers.missing_for_apache() == "Apache Kafka needs Java 17 or newer; `java` here is version 8."
