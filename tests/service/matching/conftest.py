"""Matching on a real PostgreSQL: events handed over as the consumer of the kit would, jobs stepped by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import ConsumerRecord
from google.protobuf.message import Message
from sqlalchemy import select
from zayton.common.v1 import types_pb2 as common
from zayton.listing.v1 import events_pb2 as listing_events
from zayton.matching.v1 import events_pb2 as matching_events

from services.kit import clock
from services.kit.auth import Principal
from services.kit.consumer import Consumer, Retry
from services.kit.db import Database
from services.kit.envelope import headers_for, type_name
from services.kit.protos import text_to_enum, timestamp
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.tables import outbox
from services.kit.topics import topic_of
from services.matching.bootstrap import build
from tests.support.tokens import Issuer, principal

TEXTS = {
    "zh": (
        "一种高镍三元锂电池用阻燃电解液",
        "本发明公开一种电解液，含氟代碳酸乙烯酯和磷腈阻燃剂，与高镍三元正极匹配，循环寿命长。",
    ),
    "en": (
        "Flame-retardant electrolyte for nickel-rich lithium cells",
        "An electrolyte with fluoroethylene carbonate and a phosphazene flame retardant for nickel-rich cathodes.",
    ),
}
FILLER = (
    "水稻育秧盘清洗机",
    "石墨烯导热膜的卷绕装置",
    "自动驾驶车辆的路径规划方法",
    "瓷砖釉面缺陷的视觉检测",
    "海带晾晒架",
    "医用一次性采血针",
    "桥梁支座更换工装",
    "茶叶杀青机的温控方法",
    "降噪耳机的校准方法",
    "无人机巡检光伏板的方法",
)


class World:
    """Makes listings happen, lets organisations ask, and does the worker's work when told to."""

    def __init__(self, service: Service, issuer: Issuer) -> None:
        self.service = service
        self._issuer = issuer
        self._consumer = Consumer(
            "matching", service.database, service.handlers, "127.0.0.1:9", retry=Retry(delays_s=(0.0,))
        )
        self._offset = 0
        self.university = principal("university", "admin", organisation_name="泉州试验大学")
        self.company = principal("company", "admin", organisation_name="刺桐电池有限公司")
        self.stranger = principal("company", "admin", organisation_name="旁观公司")

    # what listing tells

    def listing(
        self, language: str = "zh", *, owner: Principal | None = None, **changes: Any
    ) -> listing_events.Listing:
        """A published listing of a granted patent that answers `demand()`; `right_*` changes its right."""
        owner = owner or self.university
        title, abstract = TEXTS[language]
        right = listing_events.Right(
            right_id=str(uuid4()),
            organisation_id=str(owner.organisation_id),
            kind=common.RIGHT_KIND_INVENTION,
            office="CN",
            number="CN202119900001.9",
            title=title,
            abstract=abstract,
            ipc=["H01M 10/0525", "H01M 10/0567"],
            status=common.RIGHT_STATUS_GRANTED,
            expires_at=timestamp(datetime.now(UTC) + timedelta(days=3650)),
            language=language,
        )
        for name in [name for name in changes if name.startswith("right_")]:
            _set(right, name.removeprefix("right_"), changes.pop(name))
        message = listing_events.Listing(
            listing_id=str(uuid4()),
            organisation_id=str(owner.organisation_id),
            organisation_name=owner.organisation_name,
            right=right,
            status=listing_events.LISTING_STATUS_PUBLISHED,
            deal_forms=[common.DEAL_FORM_ORDINARY_LICENCE],
            price=common.AskingPrice(form=common.PRICE_FORM_FIXED, minimum=_money(80_000_000)),
        )
        for name, value in changes.items():
            _set(message, name, value)
        return message

    def filler(self) -> list[listing_events.Listing]:
        """Listings that answer nothing, so that words have frequencies."""
        return [self.listing(right_title=title, right_abstract=title, right_ipc=["A01B 1/00"]) for title in FILLER]

    def record(
        self, message: Message, subject: str, version: int = 1, *, event_id: str = ""
    ) -> ConsumerRecord[bytes, bytes]:
        event_type = type_name(type(message))
        topic = topic_of(event_type)
        headers = headers_for(
            event_id=event_id or str(uuid4()),
            source="/zayton/listing",
            event_type=event_type,
            time=datetime.now(UTC),
            subject=subject,
            version=version,
            traceparent=None,
        )
        self._offset += 1
        encoded = [(name, value.encode()) for name, value in headers.items()]
        value = message.SerializeToString()
        return ConsumerRecord(topic, 0, self._offset, 0, 0, subject.encode(), value, None, 0, 0, encoded)

    async def hear(self, *records: ConsumerRecord[bytes, bytes]) -> None:
        await self._consumer.process(records)

    async def publish(self, *listings: listing_events.Listing, version: int = 1) -> None:
        published = [listing_events.ListingPublished(listing=each) for each in listings]
        await self.hear(*[self.record(each, each.listing.listing_id, version) for each in published])

    async def change(self, listing: listing_events.Listing, version: int) -> None:
        message = listing_events.ListingChanged(listing=listing)
        await self.hear(self.record(message, listing.listing_id, version))

    async def withdraw(self, listing: listing_events.Listing, version: int) -> None:
        listing.status = listing_events.LISTING_STATUS_WITHDRAWN
        message = listing_events.ListingWithdrawn(listing=listing, reason="sold elsewhere")
        await self.hear(self.record(message, listing.listing_id, version))

    async def right_status(self, right: listing_events.Right, status: str, version: int) -> None:
        right.status = text_to_enum(common.RightStatus, status)
        await self.hear(self.record(listing_events.RightStatusChanged(right=right), right.right_id, version))

    async def burden(self, right: listing_events.Right, version: int, **burden: Any) -> None:
        del right.encumbrances[:]
        if burden:
            right.encumbrances.add(**burden)
        await self.hear(self.record(listing_events.RightEncumbrancesChanged(right=right), right.right_id, version))

    # what the worker does

    async def work(self) -> None:
        """Step every job until none has more to do; then again, for what one has left to another."""
        for job in (*self.service.jobs, *self.service.jobs):
            while await job.step(self.service.database):
                pass

    async def told(self, kind: type[Message]) -> list[Any]:
        """Facts of one type that matching has published, in order."""
        statement = select(outbox.c.headers, outbox.c.payload).order_by(outbox.c.id)
        async with self.service.database.transaction() as session:
            rows = (await session.execute(statement)).all()
        return [kind.FromString(row.payload) for row in rows if row.headers["ce_type"] == type_name(kind)]

    async def found(self) -> list[matching_events.Match]:
        return [each.match for each in await self.told(matching_events.MatchFound)]

    # what organisations do

    def client(self, person: Principal | None, language: str = "en") -> httpx.AsyncClient:
        headers = (self._issuer.headers(person) if person else {}) | {"Accept-Language": language}
        transport = httpx.ASGITransport(app=self.service.app)
        return httpx.AsyncClient(transport=transport, base_url="http://matching", headers=headers)

    async def call(
        self,
        person: Principal | None,
        method: str,
        path: str,
        *,
        language: str = "en",
        status: int = 200,
        **options: Any,
    ) -> Any:
        async with self.client(person, language) as client:
            answer = await client.request(method, f"/api/v1{path}", **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, person: Principal | None = None, **changes: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.call(
            person or self.company, "POST", "/demands", status=201, json=demand() | changes
        )
        return answer

    async def matches(self, person: Principal, *, language: str = "en", **query: Any) -> list[dict[str, Any]]:
        answer = await self.call(person, "GET", "/matches", params={"limit": 100} | query, language=language)
        items: list[dict[str, Any]] = answer["items"]
        return items


def demand() -> dict[str, Any]:
    return {
        "title": "高镍三元动力电池电解液",
        "problem": "现有电解液与高镍三元正极不匹配，需要阻燃、循环寿命长的电解液。",
        "ipc": ["h01m10/0525"],
        "deal_forms": ["ordinary_licence"],
        "territories": ["CN"],
        "budget": {"minor_units": 100_000_000, "currency": "CNY"},
        "language": "zh",
    }


def _money(minor_units: int) -> common.Money:
    return common.Money(minor_units=minor_units, currency="CNY")


def _set(message: Any, name: str, value: Any) -> None:
    field = getattr(message, name)
    if isinstance(value, list):
        del field[:]
        field.extend(value)
    elif isinstance(value, Message):
        field.CopyFrom(value)
    else:
        setattr(message, name, value)


@pytest.fixture
async def service(
    service_database: Callable[..., Awaitable[Database]], settings_for: Callable[..., Settings], issuer: Issuer
) -> AsyncIterator[Service]:
    database = await service_database("matching")
    service = build(settings_for(database), verifier=issuer.verifier())
    yield service
    await service.close()


@pytest.fixture
def world(service: Service, issuer: Issuer) -> World:
    return World(service, issuer)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock of the service forward."""

    def move(by: timedelta) -> None:
        class Moved(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return datetime.now(tz) + by

        monkeypatch.setattr(clock, "datetime", Moved)

    return move
