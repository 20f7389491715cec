"""Creates the hall's topics on a broker, each with its dead-letter topic, and says which of them exist."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from deploy.local.broker import EMBEDDED_CLUSTER
from services.kit.topics import all_topics

DEAD_LETTER_RETENTION_HOURS = 24 * 90
# The embedded broker makes any topic that a client merely asks about, with this many partitions. Wanting the same, it
# does not matter for a topic's shape who comes first after a restart: we, or a client that connects again.
EMBEDDED_PARTITIONS = 4
EMBEDDED_SETTLES_S = 1.0  # after it shows a topic; nothing tells when the topic is ready, which takes milliseconds


@dataclass(frozen=True)
class TopicState:
    """A topic that the hall wants, and how many partitions the broker has of it: 0 if it is not there."""

    name: str
    owner: str
    description: str
    partitions_wanted: int
    partitions: int

    @property
    def exists(self) -> bool:
        return self.partitions > 0


async def ensure_topics(bootstrap_servers: str) -> list[str]:
    """Create what is missing and return its names. Raises aiokafka.errors.KafkaError where the broker refuses."""
    async with _admin(bootstrap_servers) as admin:
        there = await _partitions(admin)
        missing = [topic for topic in await _wanted(admin) if topic.name not in there]
        if not missing:
            return []
        answer = await admin.create_topics(missing, timeout_ms=20_000)
        for name, code, *details in answer.topic_errors:
            error = for_code(code)
            # Another hall, or another worker of this one, was quicker.
            if code and error is not TopicAlreadyExistsError:
                raise error(f"{name}: {details[0] if details else error.message}")
        return [topic.name for topic in missing]


async def make_topics_again(bootstrap_servers: str) -> None:
    """Give the embedded broker, which has come back empty, its topics. Nobody may send to it until this returns.

    It shows a topic before it has set the topic's partitions to their start: what is sent in between is lost.
    """
    await ensure_topics(bootstrap_servers)
    await asyncio.sleep(EMBEDDED_SETTLES_S)  # those that other clients asked for and made


async def topic_states(bootstrap_servers: str) -> list[TopicState]:
    """Every topic of the hall with its state on the broker. Changes nothing."""
    async with _admin(bootstrap_servers) as admin:
        there = await _partitions(admin)
        wanted = {topic.name: topic.num_partitions for topic in await _wanted(admin)}
    return [
        TopicState(name, topic.owner, description, wanted[name], there.get(name, 0))
        for topic in all_topics()
        for name, description in (
            (topic.name, topic.description),
            (topic.dead_letters, f"Dead letters of {topic.name}."),
        )
    ]


@asynccontextmanager
async def _admin(bootstrap_servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers.split(","), request_timeout_ms=20_000)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, int]:
    described = await admin.describe_topics(await admin.list_topics())
    return {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}


async def _wanted(admin: AIOKafkaAdminClient) -> list[NewTopic]:
    cluster = await admin.describe_cluster()
    embedded = cluster["cluster_id"] == EMBEDDED_CLUSTER
    copies = min(3, len(cluster["brokers"]))

    def new(name: str, partitions: int, retention_hours: int) -> NewTopic:
        kept = {"retention.ms": str(retention_hours * 3_600_000)}
        return NewTopic(name, EMBEDDED_PARTITIONS if embedded else partitions, copies, topic_configs=kept)

    return [
        each
        for topic in all_topics()
        for each in (
            new(topic.name, topic.partitions, topic.retention_hours),
            new(topic.dead_letters, 1, DEAD_LETTER_RETENTION_HOURS),
        )
    ]
