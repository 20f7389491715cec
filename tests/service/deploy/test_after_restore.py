"""What topics hold of the time after a backup is heard by nobody."""

from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.backup.topics import pass_over, set_aside_local_kafka
from deploy.local.server import Server

TOPIC = "contract.deals.v1"


async def first_heard(kafka: Server) -> bytes | None:
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=kafka.address, group_id="zayton.notify", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        found = await consumer.getmany(timeout_ms=8_000, max_records=1)
        return next((records[0].value for records in found.values()), None)
    finally:
        await consumer.stop()


async def send(kafka: Server, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.address, acks="all") as producer:
        await producer.send_and_wait(TOPIC, value, key=b"a deal")


async def test_consumers_begin_behind_what_is_there(kafka: Server) -> None:
    await send(kafka, b"of the time that is gone")
    assert await pass_over(kafka.address) > 0
    await send(kafka, b"sent again after the restore")
    assert await first_heard(kafka) == b"sent again after the restore"


def test_the_local_kafka_starts_anew_and_its_data_is_kept(tmp_path: Path) -> None:
    assert not set_aside_local_kafka(tmp_path)
    for number in (1, 2):
        (tmp_path / "kafka" / "data").mkdir(parents=True)
        assert set_aside_local_kafka(tmp_path)
        assert (tmp_path / "kafka" / f"data.before-restore-{number}").is_dir()
    assert not (tmp_path / "kafka" / "data").exists()
