"""What the leading worker measures of its service, and that it stops telling when it leads no more."""

import asyncio
from contextlib import suppress

from fastapi import FastAPI
from prometheus_client import REGISTRY
from sqlalchemy import insert

from services.kit.leader import Leader
from services.kit.service import Service
from services.kit.tables import dead_letters
from services.kit.worker import measure
from tests.conftest import ServiceDatabase

LETTER = {"topic": "contract.deals.v1", "partition": 0, "offset": 1, "key": b"k", "headers": {}, "payload": b""}


def told(metric: str) -> float | None:
    return REGISTRY.get_sample_value(metric, {"service": "notify"})


async def test_a_leader_tells_of_dead_letters_and_of_the_outbox_until_it_leads_no_more(
    service_database: ServiceDatabase,
) -> None:
    database = await service_database("notify")
    service = Service("notify", database, FastAPI())
    async with database.transaction() as session:
        await session.execute(insert(dead_letters).values(**LETTER, reason="Poison", error="", attempts=1))
    measured = asyncio.Event()

    async def measuring(_work: asyncio.Event) -> None:
        await measure(service)
        measured.set()
        await asyncio.Event().wait()

    leading = asyncio.create_task(Leader("notify", database, [measuring]).run())
    await measured.wait()
    assert told("zayton_dead_letters") == 1
    assert told("zayton_outbox_backlog") == 0

    leading.cancel()
    with suppress(asyncio.CancelledError):
        await leading
    assert told("zayton_dead_letters") is None
    assert told("zayton_outbox_backlog") is None
