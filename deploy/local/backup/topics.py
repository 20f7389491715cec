"""After a restore the topics may still hold events of the time that is gone. Nobody may hear of those.

Everything the restored services retain is sent again, so consumers begin behind what the topics hold now.
"""

from contextlib import suppress
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.local.child import CannotStart
from deploy.local.topics import topic_states
from services.kit.topics import all_topics


async def pass_over(bootstrap_servers: str) -> int:
    """Set every service's consumer group to the ends of its topics. Returns how many partitions have something.

    The groups must have no members: the hall is stopped while it is restored.
    """
    partitions = {state.name: state.partitions for state in await topic_states(bootstrap_servers)}
    passed: set[TopicPartition] = set()
    for service in sorted({name for topic in all_topics() for name in topic.consumers}):
        parts = [
            TopicPartition(topic.name, number)
            for topic in all_topics()
            if service in topic.consumers
            for number in range(partitions[topic.name])
        ]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers.split(","), group_id=f"zayton.{service}", enable_auto_commit=False
        )
        await consumer.start()
        try:
            consumer.assign(parts)
            ends = await consumer.end_offsets(parts)
            await consumer.commit(ends)
        except KafkaError as error:
            raise CannotStart(
                f"The group zayton.{service} cannot be set behind what is in its topics ({error}). "
                "Are its workers stopped? Run the restore again."
            ) from error
        finally:
            await consumer.stop()
        passed |= {part for part, end in ends.items() if end}
    return len(passed)


def set_aside_local_kafka(home: Path) -> bool:
    """Let the next start of this hall's own Apache Kafka find no topics. Returns whether there were any."""
    data = home / "kafka" / "data"
    number = 1
    while (aside := data.with_name(f"data.before-restore-{number}")).exists():
        number += 1
    with suppress(FileNotFoundError):
        data.rename(aside)
        return True
    return False
