"""A newer version publishes while this one still runs: what it does not know yet is passed over, or waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from google.protobuf.json_format import Parse
from google.protobuf.message import Message
from sqlalchemy import RowMapping, select, text
from zayton.common.v1.types_pb2 import DEAL_FORM_ORDINARY_LICENCE
from zayton.gateway.v1.events_pb2 import Organisation, OrganisationRegistered
from zayton.listing.v1.events_pb2 import ListingPublished

from deploy.services import build, migrate
from services.kit import dead_letters, envelope
from services.kit.consumer import Consumer, Retry
from services.kit.db import Database
from services.kit.envelope import decode
from services.kit.ids import new_id
from services.kit.migrations import SchemaIsNewer
from services.kit.settings import Settings
from services.kit.tables import outbox
from tests.support.records import record

# Field 1999 of wire type 2, as a producer of the next version may add it: tag (1999 << 3 | 2), length, content.
ADDED = b"\xfa\x7c\x05later"
EXAMPLE = Path(__file__).parents[3] / "proto" / "examples" / "listing.listings.v1" / "ListingPublished.json"
Record = ConsumerRecord[bytes, bytes]
Started = Callable[[str], Awaitable[tuple[Consumer, Database]]]


@pytest.fixture
def started(service_database: Callable[..., Awaitable[Database]], settings_for: Callable[..., Settings]) -> Started:
    """The consumer of a service as it is today, and its database."""

    async def start(name: str) -> tuple[Consumer, Database]:
        database = await service_database(name)
        service = build(name, settings_for(database))
        return Consumer(name, database, service.handlers, "nowhere:1", retry=Retry(delays_s=(0.01,))), database

    return start


def registered(name: str) -> OrganisationRegistered:
    return OrganisationRegistered(organisation=Organisation(organisation_id=str(new_id()), name=name))


async def names(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list((await session.execute(text("SELECT name FROM organisations ORDER BY name"))).scalars())


async def buried(database: Database) -> Sequence[RowMapping]:
    async with database.transaction() as session:
        return await dead_letters.waiting(session)


async def sent_again(database: Database, service: str) -> list[Record]:
    """What `zayton dlq replay` puts into the outbox, as it comes out of Kafka."""
    async with database.transaction() as session:
        await dead_letters.replay(session, service)
    async with database.transaction() as session:
        rows = (await session.execute(select(outbox).where(~outbox.c.topic.endswith(".dlq")))).all()
    plain = record(registered("any"), new_id())
    return [
        replace(
            plain,
            topic=row.topic,
            key=row.key.encode(),
            value=row.payload,
            headers=[(name, value.encode()) for name, value in row.headers.items()],
        )
        for row in rows
    ]


def later_version(message: Message) -> bytes:
    """The bytes of a message to which, and to whose first part, a field was added."""
    part: Any = getattr(message, message.DESCRIPTOR.fields[0].name)
    part.MergeFromString(ADDED)
    return message.SerializeToString() + ADDED


@pytest.mark.parametrize("service", ["listing", "contract", "notify"])
async def test_added_fields_disturb_nobody(started: Started, service: str) -> None:
    consumer, database = await started(service)
    message = registered("新机构")
    today = record(message, message.organisation.organisation_id)
    tomorrow = replace(today, value=later_version(message))
    await consumer.process([tomorrow])
    assert await names(database) == ["新机构"]
    assert await buried(database) == []
    # They are kept by whoever passes the event on.
    event = decode(dict(tomorrow.headers), tomorrow.value or b"")
    assert event.data.SerializeToString().count(ADDED) == 2


async def test_a_type_of_the_next_version_waits_for_the_upgrade(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer, database = await started("notify")
    message = registered("后来者")
    unknown = record(message, message.organisation.organisation_id)
    known = record(registered("同时"), new_id())
    with monkeypatch.context() as older_version:
        older_version.setattr(envelope, "message_class", lambda _type: None)
        await consumer.process([unknown])
    await consumer.process([known])  # others go on
    assert await names(database) == ["同时"]
    (letter,) = await buried(database)
    assert (letter["reason"], letter["payload"]) == ("unknown-type", unknown.value)

    again = await sent_again(database, "notify")  # after the upgrade
    await consumer.process(again)
    await consumer.process(again)
    assert await names(database) == ["同时", "后来者"]
    assert await buried(database) == []


async def test_a_value_of_the_next_version_waits_for_the_upgrade_too(started: Started) -> None:
    """Protobuf passes on numbers of an enum that this version has no name for. What it means nobody may guess."""
    consumer, database = await started("matching")
    message = Parse(EXAMPLE.read_text(encoding="utf-8"), ListingPublished())
    message.listing.deal_forms[:] = [DEAL_FORM_ORDINARY_LICENCE, 97]
    new_form = record(message, message.listing.listing_id)
    message.listing.listing_id = str(new_id())
    message.listing.deal_forms[:] = [DEAL_FORM_ORDINARY_LICENCE]
    plain = record(message, message.listing.listing_id)
    await consumer.process([new_form, plain])
    async with database.transaction() as session:
        listed = (await session.execute(text("SELECT listing_id::text FROM listings"))).scalars().all()
    assert listed == [message.listing.listing_id]
    (letter,) = await buried(database)
    assert letter["payload"] == new_form.value
    assert "97" in letter["error"]


async def test_an_old_version_leaves_a_schema_of_a_newer_one_alone(started: Started) -> None:
    _, database = await started("notify")
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'of the next version'"))
    with pytest.raises(SchemaIsNewer, match="newer version"):
        await asyncio.to_thread(migrate, database.url, ["notify"])
    async with database.transaction() as session:
        revision = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
    assert revision == "of the next version"
