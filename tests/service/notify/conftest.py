"""Notify on a real PostgreSQL, its events handed over as the consumer of the kit would."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import ConsumerRecord
from google.protobuf.message import Message
from sqlalchemy import select, update
from zayton.gateway.v1.events_pb2 import MemberChanged, MemberJoined, MemberLeft, MemberRole, OrganisationRegistered

from services.kit.auth import Principal, Role
from services.kit.consumer import Consumer, Retry
from services.kit.db import Database
from services.kit.envelope import headers_for, type_name
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.tables import outbox
from services.kit.topics import topic_of
from services.notify.bootstrap import build
from services.notify.settings import NotifySettings
from tests.service.notify.servers import MailServer, Receiver
from tests.support.tokens import Issuer, principal

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Clock:
    """The time by which notices are made and deliveries sent; tests turn it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().running() as receiver:
        yield receiver


@pytest.fixture
def changes() -> dict[str, Any]:
    """Settings of the service, for modules to override."""
    return {}


@pytest.fixture
async def service(
    service_database: Callable[..., Awaitable[Database]],
    settings_for: Callable[..., Settings],
    issuer: Issuer,
    clock: Clock,
    changes: dict[str, Any],
) -> AsyncIterator[Service]:
    database = await service_database("notify")
    plain = settings_for(database, secret_key="a secret of tests", public_url="https://hall.test").model_dump()
    service = build(NotifySettings(**{**plain, **changes}), verifier=issuer.verifier(), clock=clock)
    yield service
    await service.close()


class Org:
    """An organisation of the test, with a count of its events."""

    def __init__(self, name: str) -> None:
        self.id = uuid4()
        self.name = name
        self.version = 0

    def next_version(self) -> int:
        self.version += 1
        return self.version


class World:
    """Makes events happen, as the other services publish them, and lets members look."""

    def __init__(self, service: Service, issuer: Issuer, clock: Clock) -> None:
        self.service = service
        self._issuer = issuer
        self.clock = clock
        self._consumer = Consumer(
            "notify", service.database, service.handlers, "127.0.0.1:9", retry=Retry(delays_s=(0.0,))
        )
        self._offset = 0

    @property
    def now(self) -> datetime:
        return self.clock.now

    def later(self, **delta: float) -> None:
        self.clock.later(**delta)

    async def work(self, name: str) -> None:
        """Let a job of the worker do what is due."""
        (job,) = [job for job in self.service.jobs if job.name == name]
        while await job.step(self.service.database):
            pass

    async def send_mails(self, **delta: float) -> None:
        """Let time pass, then let what is due be sent."""
        self.later(**delta)
        await self.work("mails")

    async def send_calls(self, **delta: float) -> None:
        self.later(**delta)
        await self.work("webhooks-answering")
        await self.work("webhooks-failing")

    async def hear_own(self) -> None:
        """Give notify what it published itself, as Kafka would."""
        async with self.service.database.transaction() as session:
            rows = (await session.execute(select(outbox).where(outbox.c.published_at.is_(None)))).all()
            await session.execute(update(outbox).values(published_at=self.now))
        heard = [row for row in rows if self.service.handlers.handles(row.headers["ce_type"])]
        await self.hear(*[self._as_record(row.topic, row.key, row.headers, row.payload) for row in heard])

    def record(
        self, message: Message, subject: UUID, version: int = 1, *, at: datetime | None = None, event_id: str = ""
    ) -> ConsumerRecord[bytes, bytes]:
        event_type = type_name(type(message))
        topic = topic_of(event_type)
        headers = headers_for(
            event_id=event_id or str(uuid4()),
            source=f"/zayton/{topic.partition('.')[0]}",
            event_type=event_type,
            time=at or self.now,
            subject=str(subject),
            version=version,
            traceparent=None,
        )
        return self._as_record(topic, str(subject), headers, message.SerializeToString())

    def _as_record(self, topic: str, key: str, headers: dict[str, str], payload: bytes) -> ConsumerRecord[bytes, bytes]:
        self._offset += 1
        return ConsumerRecord(
            topic=topic,
            partition=0,
            offset=self._offset,
            timestamp=0,
            timestamp_type=0,
            key=key.encode(),
            value=payload,
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=[(name, value.encode()) for name, value in headers.items()],
        )

    async def hear(self, *records: ConsumerRecord[bytes, bytes]) -> None:
        await self._consumer.process(records)

    async def organisation(self, name: str) -> Org:
        org = Org(name)
        message = OrganisationRegistered()
        message.organisation.organisation_id = str(org.id)
        message.organisation.name = name
        await self.hear(self.record(message, org.id, org.next_version()))
        return org

    def joined(
        self, org: Org, role: Role = Role.ADMIN, language: str = "en", *, version: int | None = None
    ) -> tuple[Principal, ConsumerRecord[bytes, bytes]]:
        person = principal("company", role, organisation_id=org.id, organisation_name=org.name, language=language)
        message = MemberJoined()
        _fill(message, person)
        return person, self.record(message, org.id, version or org.next_version())

    async def member(self, org: Org, role: Role = Role.ADMIN, language: str = "en") -> Principal:
        person, record = self.joined(org, role, language)
        await self.hear(record)
        return person

    async def change(self, org: Org, person: Principal, **changes: Any) -> None:
        message = MemberChanged()
        _fill(message, replace(person, **changes))
        await self.hear(self.record(message, org.id, org.next_version()))

    async def leave(self, org: Org, person: Principal) -> None:
        message = MemberLeft()
        _fill(message, person)
        await self.hear(self.record(message, org.id, org.next_version()))

    def client(self, person: Principal | None) -> httpx.AsyncClient:
        headers = self._issuer.headers(person) if person else {}
        transport = httpx.ASGITransport(app=self.service.app)
        return httpx.AsyncClient(transport=transport, base_url="http://notify", headers=headers)

    async def sees(self, person: Principal, **query: Any) -> list[dict[str, Any]]:
        async with self.client(person) as client:
            answer = await client.get("/api/v1/notifications", params={"limit": 100} | query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def unread(self, person: Principal) -> int:
        async with self.client(person) as client:
            return int((await client.get("/api/v1/notifications/unread-count")).json()["unread"])


def _fill(message: Any, person: Principal) -> None:
    member = message.member
    member.user_id, member.organisation_id = str(person.user_id), str(person.organisation_id)
    member.name, member.email, member.language = person.name, f"{person.user_id}@example.org", person.language
    member.role = MemberRole.Value(f"MEMBER_ROLE_{person.role.upper()}")


@pytest.fixture
def world(service: Service, issuer: Issuer, clock: Clock) -> World:
    return World(service, issuer, clock)
