"""How the hall is: what answers, what waits to be sent, how far each consumer is, what was given up on."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text

from deploy.local.home import Running
from deploy.local.searching import SearchStatus, search_states
from deploy.local.topics import topic_states
from deploy.services import GATEWAY, SCHEMAS
from services.kit import dead_letters, outbox
from services.kit.db import Database
from services.kit.topics import Topic, all_topics

# One path of each service; without a token it says 401, which is an answer.
PROBES = {
    "listing": "/api/v1/rights",
    "matching": "/api/v1/demands",
    "contract": "/api/v1/deals",
    "notify": "/api/v1/notifications",
    GATEWAY: "/readyz",
}
_LOOK_FOR_S = 3.0
_UNAVAILABLE = frozenset({502, 503, 504})
_LEADS = text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND (classid::bigint << 32) | objid::bigint = hashtextextended(current_schema(), 0)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)


@dataclass(frozen=True)
class ServiceStatus:
    """`api`: whether it answers. `worker`: whether one leads, which relays and fires timers."""

    name: str
    api: bool
    worker: bool
    outbox_backlog: int
    dead_letters: int


@dataclass(frozen=True)
class ConsumerStatus:
    """How far a service's group has read a topic, over all partitions. `position` is None where it has not begun."""

    service: str
    topic: str
    position: int | None
    end: int

    @property
    def lag(self) -> int:
        return self.end - (self.position or 0)


@dataclass(frozen=True)
class HallStatus:
    base_url: str
    services: list[ServiceStatus]
    consumers: list[ConsumerStatus]
    searches: list[SearchStatus]

    @property
    def well(self) -> bool:
        return all(each.api and each.worker for each in self.services)

    def as_json(self) -> dict[str, Any]:
        return {
            "base_url": self.base_url,
            "well": self.well,
            "services": [asdict(each) for each in self.services],
            "consumers": [asdict(each) | {"lag": each.lag} for each in self.consumers],
            "searches": [each.as_json() for each in self.searches],
        }


async def status_of(running: Running) -> HallStatus:
    async with httpx.AsyncClient(base_url=running.base_url, timeout=5) as client:
        services = [await _service(client, running.database_url, name) for name in SCHEMAS]
    return HallStatus(running.base_url, services, await _consumers(running.kafka), await search_states(running))


async def _service(client: httpx.AsyncClient, database_url: str, name: str) -> ServiceStatus:
    database = Database(database_url, name, pool_size=1)
    try:
        async with database.transaction() as session:
            return ServiceStatus(
                name=name,
                api=await _answers(client, PROBES[name]),
                worker=bool((await session.execute(_LEADS)).scalar_one()),
                outbox_backlog=await outbox.backlog(session),
                dead_letters=await dead_letters.count(session),
            )
    finally:
        await database.close()


async def _answers(client: httpx.AsyncClient, path: str) -> bool:
    try:
        return (await client.get(path)).status_code not in _UNAVAILABLE
    except httpx.TransportError:
        return False


async def _ends(reader: AIOKafkaConsumer, every: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Where each partition ends. The embedded broker, asked for it, names the last batch's first record instead, so a
    look at that batch is what tells.
    """
    ends = dict(await reader.end_offsets(every))
    filled = [part for part in every if ends[part]]
    reader.assign(filled)
    for part in filled:
        reader.seek(part, ends[part] - 1)
    deadline = time.monotonic() + _LOOK_FOR_S
    while filled and time.monotonic() < deadline:
        await reader.getmany(timeout_ms=200)
        filled = [part for part in filled if not reader.highwater(part)]
    return ends | {part: reader.highwater(part) for part in reader.assignment() if reader.highwater(part)}


async def _consumers(bootstrap_servers: str) -> list[ConsumerStatus]:
    """Of every topic and each service that proto/topics names as its consumer."""
    servers = bootstrap_servers.split(",")
    states = await topic_states(bootstrap_servers)
    parts = {each.name: [TopicPartition(each.name, number) for number in range(each.partitions)] for each in states}
    every = [part for some in parts.values() for part in some]
    async with AIOKafkaConsumer(bootstrap_servers=servers, fetch_max_wait_ms=100) as reader:
        begins, ends = await reader.beginning_offsets(every), await _ends(reader, every)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        read = {name: await admin.list_consumer_group_offsets(f"zayton.{name}", partitions=every) for name in SCHEMAS}
    finally:
        await admin.close()

    def one(service: str, topic: Topic) -> ConsumerStatus:
        committed = [(part, read[service][part].offset) for part in parts[topic.name] if part in read[service]]
        begun = any(offset >= 0 for _, offset in committed)
        position = sum(offset if offset >= 0 else begins[part] for part, offset in committed)
        end = sum(ends[part] for part in parts[topic.name])
        return ConsumerStatus(service, topic.name, position if begun else None, end)

    return [one(service, topic) for topic in all_topics() for service in topic.consumers]
