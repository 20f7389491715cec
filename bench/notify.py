"""Figures of notify: how much it takes in, and how soon a person knows.

notify_per_s           events a second, taken in by notify's own consumer in batches of 500, each with all that follows
                       in the same transactions: a notice, a notification and an e-mail's item for each of three
                       members, a webhook call, and the event for the live streams
event_to_inbox_p95_ms  from the request that opens a deal to the notification on the other side's live stream, by then
                       in that person's inbox; a whole hall as `zayton up` starts it
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID, uuid4

from aiokafka import ConsumerRecord
from google.protobuf.message import Message
from sqlalchemy import text
from zayton.contract.v1.events_pb2 import DealOpened
from zayton.gateway.v1.events_pb2 import MEMBER_ROLE_ADMIN, MemberJoined, OrganisationRegistered

from bench.hall import import_patents, real_patents, registered
from deploy.local.demo.hall import Hall, Party, listening, once_known
from deploy.local.postgres import Postgres
from deploy.services import migrate
from services.kit.clock import utcnow
from services.kit.consumer import Consumer
from services.kit.envelope import headers_for, type_name
from services.kit.ids import new_id
from services.kit.service import Service
from services.kit.topics import topic_of
from services.notify.bootstrap import build
from services.notify.settings import NotifySettings
from tests.support.halls import HallProcess

EVENTS = 6_000
BATCH = 500
ORGANISATIONS = 20
MEMBERS = 3
DEALS = 60
Say = Callable[[str], None]


def measure(folder: Path, say: Say) -> dict[str, float]:
    """Raises FileNotFoundError where the real patents are missing."""
    say(f"taking in {EVENTS} events")
    database = folder / "database"
    database.mkdir()
    folder.chmod(0o755)
    figures = {"notify_per_s": asyncio.run(_taking_in(database))}
    hall = HallProcess(folder / "notify")
    say("starting a hall")
    hall.start()
    try:
        figures["event_to_inbox_p95_ms"] = asyncio.run(_event_to_inbox_p95_ms(hall, say))
    finally:
        hall.stop()
    return figures


async def _taking_in(folder: Path) -> float:
    server = Postgres(folder)
    await server.start()
    try:
        await asyncio.to_thread(migrate, server.url(), ["notify"])
        settings = NotifySettings.model_validate(
            {"database_url": server.url(), "secret_key": "bench", "smtp_url": "smtp://127.0.0.1:9"}
        )
        service = build(settings)
        try:
            return await _events_per_s(service)
        finally:
            await service.close()
    finally:
        await server.stop()


async def _events_per_s(service: Service) -> float:
    consumer = Consumer("notify", service.database, service.handlers, "127.0.0.1:9")
    organisations = [uuid4() for _ in range(ORGANISATIONS)]
    await consumer.process([record for each in organisations for record in _people_of(each)])
    async with service.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO webhook_endpoints (endpoint_id, organisation_id, version, url, description, kinds, "
                "enabled, secret, created_at) SELECT gen_random_uuid(), organisation_id, 1, 'https://example.org', "
                "'', '{}', true, '', now() FROM organisations"
            )
        )
    records = [_deal(organisations[number % ORGANISATIONS], number) for number in range(EVENTS)]
    began = time.perf_counter()
    for start in range(0, EVENTS, BATCH):
        await consumer.process(records[start : start + BATCH])
    seconds = time.perf_counter() - began
    async with service.database.transaction() as session:
        counts = [
            (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in ("notices", "notifications", "delivery_items", "deliveries WHERE channel = 'webhook'")
        ]
    if counts != [EVENTS, EVENTS * MEMBERS, EVENTS * MEMBERS, EVENTS]:
        raise RuntimeError(f"not everything followed: {counts}")
    return EVENTS / seconds


def _people_of(organisation: UUID) -> Sequence[ConsumerRecord[bytes, bytes]]:
    registered = OrganisationRegistered()
    registered.organisation.organisation_id, registered.organisation.name = str(organisation), "泉州试验大学"
    records = [_record(registered, organisation, 1)]
    for number in range(MEMBERS):
        joined = MemberJoined()
        joined.member.user_id, joined.member.organisation_id = str(uuid4()), str(organisation)
        joined.member.name, joined.member.email, joined.member.language = "Lin", f"m{number}@example.org", "zh"
        joined.member.role = MEMBER_ROLE_ADMIN
        records.append(_record(joined, organisation, number + 2))
    return records


def _deal(organisation: UUID, number: int) -> ConsumerRecord[bytes, bytes]:
    opened = DealOpened()
    opened.deal.deal_id, opened.deal.title = str(uuid4()), f"一种按足底压力分区调节硬度的运动鞋中底 {number}"
    opened.deal.licensor_organisation_id, opened.deal.licensee_organisation_id = str(organisation), str(uuid4())
    return _record(opened, UUID(opened.deal.deal_id), 1)


def _record(message: Message, subject: UUID, version: int) -> ConsumerRecord[bytes, bytes]:
    event_type = type_name(type(message))
    topic = topic_of(event_type)
    headers = headers_for(
        event_id=str(new_id()),
        source=f"/zayton/{topic.partition('.')[0]}",
        event_type=event_type,
        time=utcnow(),
        subject=str(subject),
        version=version,
        traceparent=None,
    )
    return ConsumerRecord(
        topic=topic,
        partition=0,
        offset=0,
        timestamp=0,
        timestamp_type=0,
        key=str(subject).encode(),
        value=message.SerializeToString(),
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=[(name, value.encode()) for name, value in headers.items()],
    )


async def _event_to_inbox_p95_ms(process: HallProcess, say: Say) -> float:
    hall = Hall(process.url, language="zh")
    try:
        university, company = await registered(hall, "university"), await registered(hall, "company")
        await import_patents(hall, university, real_patents()[: DEALS * 2])
        listings = (await hall.get(None, "/listings", limit=100))["items"][:DEALS]
        say(f"opening {len(listings)} deals")
        took = [await _deal_to_inbox_ms(hall, university, company, each["listing_id"]) for each in listings]
        return statistics.quantiles(took, n=20)[18]
    finally:
        await hall.close()


async def _deal_to_inbox_ms(hall: Hall, university: Party, company: Party, listing_id: str) -> float:
    began = 0.0

    async def open_deal() -> dict[str, object]:
        nonlocal began
        began = time.monotonic()  # of the try that is taken: the first may be before contract knows the listing
        return await hall.post(company, "/deals", {"listing_id": listing_id, "message": "?"})

    async with listening(hall, university, "notification_added") as stream:
        await stream.until_listening(10)
        deal = await once_known(open_deal)
        link = f"/api/v1/deals/{deal['deal_id']}"
        while (heard := await stream.next(15)) is not None:
            if heard.data["link"] == link:
                took = (time.monotonic() - began) * 1000
                inbox = await hall.get(university, "/notifications", limit=5)
                if link not in [item["link"] for item in inbox["items"]]:
                    raise RuntimeError("announced, and not in the inbox")
                return took
    raise RuntimeError("no notification came")
