"""Listing on a real PostgreSQL, asked through its ASGI app; events handed over as the consumer of the kit would."""

import json
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Any

import httpx
from google.protobuf.message import Message
from sqlalchemy import select

from services.kit.auth import Principal
from services.kit.consumer import Consumer, Retry
from services.kit.envelope import decode
from services.kit.service import Service
from services.kit.tables import dead_letters, outbox
from services.listing.entrypoints.jobs import import_step, lapse_step
from tests.support.records import raw, record
from tests.support.tokens import Issuer

NUMBER = "CN202310375785.X"
RIGHT = {
    "number": NUMBER,
    "title": "一种硫铟锌及其制备方法",
    "abstract": "本发明公开了一种硫铟锌。",
    "status": "granted",
}
TERMS = {
    "summary": "可见光下稳定产氢的光催化材料。",
    "deal_forms": ["ordinary_licence"],
    "price": {"form": "fixed", "minimum": {"minor_units": 80_000_000, "currency": "CNY"}},
    "maturity": "prototype",
}


class Hall:
    """The service, and those who use it."""

    def __init__(self, service: Service, issuer: Issuer, stack: AsyncExitStack) -> None:
        self.service = service
        self.database = service.database
        self._issuer = issuer
        self._stack = stack
        self.consumer = Consumer(
            "listing", service.database, service.handlers, "127.0.0.1:9", retry=Retry(delays_s=(0.0,))
        )

    async def client(self, who: Principal | None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.service.app)
        headers = self._issuer.headers(who) if who else {}
        client = httpx.AsyncClient(transport=transport, base_url="http://listing/api/v1", headers=headers)
        return await self._stack.enter_async_context(client)

    async def hear(self, *facts: tuple[Message, Any]) -> None:
        """Hand over facts of aggregates to the consumer, and again: nothing may happen twice."""
        records = [record(message, subject) for message, subject in facts]
        await self.consumer.process(records)
        await self.consumer.process(records)
        async with self.database.transaction() as session:
            letters = (await session.execute(select(dead_letters.c.error))).scalars().all()
        assert not letters

    async def facts(self) -> list[tuple[str, Any]]:
        """Published facts in order: short type name, message. Each aggregate's versions only rise."""
        async with self.database.transaction() as session:
            rows = (await session.execute(select(outbox).order_by(outbox.c.id))).all()
        events = [decode(raw(row.headers), row.payload) for row in rows]
        versions: dict[str, int] = {}
        for event in events:
            assert event.version >= versions.get(event.subject, 1)
            versions[event.subject] = event.version
        return [(event.type.rpartition(".")[2], event.data) for event in events]

    async def fact_names(self) -> list[str]:
        return [name for name, _ in await self.facts()]

    async def work(self) -> None:
        """Do what the worker has to do."""
        while await import_step(self.database):
            pass
        while await lapse_step(self.database):
            pass


async def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201, 202), answer.text
    body: dict[str, Any] = answer.json()
    return body


async def new_right(us: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    return await made(await us.post("/rights", json=RIGHT | changes))


async def new_listing(us: httpx.AsyncClient, right: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return await made(await us.post("/listings", json=TERMS | {"right_id": right["right_id"]} | changes))


async def published(us: httpx.AsyncClient, right: dict[str, Any], **changes: Any) -> dict[str, Any]:
    listing = await new_listing(us, right, **changes)
    return await made(await us.post(f"/listings/{listing['listing_id']}/publish"))


def sheet(rows: Iterable[dict[str, Any] | str | bytes]) -> bytes:
    lines = []
    for row in rows:
        if isinstance(row, bytes):
            lines.append(row)
        else:
            lines.append((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)).encode())
    return b"\n".join(lines)


async def start_import(us: httpx.AsyncClient, body: bytes, *, publish: bool = False) -> dict[str, Any]:
    headers = {"content-type": "application/x-ndjson"}
    return await made(await us.post("/imports", params={"publish": publish}, content=body, headers=headers))
