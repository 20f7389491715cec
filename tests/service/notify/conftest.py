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
from zayton.gateway.v1.events_pb2 import MemberChanged, MemberJoined, MemberLeft, MemberRole, OrganisationRegistered

from services.kit.auth import Principal, Role
from services.kit.consumer import Consumer, Retry
from services.kit.db import Database
from services.kit.envelope import headers_for, type_name
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.topics import topic_of
from services.notify.bootstrap import build
from tests.support.tokens import Issuer, principal

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
async def service(
    service_database: Callable[..., Awaitable[Database]], settings_for: Callable[..., Settings], issuer: Issuer
) -> AsyncIterator[Service]:
    database = await service_database("notify")
    service = build(settings_for(database, secret_key="a secret of tests"), verifier=issuer.verifier())
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

    def __init__(self, service: Service, issuer: Issuer) -> None:
        self.service = service
        self._issuer = issuer
        self.now = NOON
        self._consumer = Consumer(
            "notify", service.database, service.handlers, "127.0.0.1:9", retry=Retry(delays_s=(0.0,))
        )
        self._offset = 0

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

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
        self._offset += 1
        return ConsumerRecord(
            topic=topic,
            partition=0,
            offset=self._offset,
            timestamp=0,
            timestamp_type=0,
            key=str(subject).encode(),
            value=message.SerializeToString(),
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
    member.name, member.email, member.language = person.name, "li@example.org", person.language
    member.role = MemberRole.Value(f"MEMBER_ROLE_{person.role.upper()}")


@pytest.fixture
def world(service: Service, issuer: Issuer) -> World:
    return World(service, issuer)
