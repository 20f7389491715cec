"""A contract service on a real database, the members who use it, and the events it hears."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from google.protobuf.message import Message
from sqlalchemy import text
from zayton.common.v1 import types_pb2 as types
from zayton.gateway.v1 import events_pb2 as gateway_events
from zayton.listing.v1 import events_pb2 as listing_events

from services.kit import protos
from services.kit.auth import Principal
from services.kit.envelope import Event, decode, type_name
from services.kit.ids import new_id
from services.kit.inbox import remember
from services.kit.service import Service
from services.kit.topics import topic_of
from tests.support.records import raw
from tests.support.tokens import Issuer, principal

Json = dict[str, Any]

EXCLUSIVE: Json = {"form": "exclusive_licence", "fixed_fee": {"minor_units": 80_000_000, "currency": "CNY"}}
ORDINARY: Json = {"form": "ordinary_licence"}
PAID: Json = ORDINARY | {"fixed_fee": {"minor_units": 1_000_003, "currency": "CNY"}}


@dataclass
class Hall:
    service: Service
    issuer: Issuer
    client: httpx.AsyncClient
    university: Principal = field(
        default_factory=lambda: principal("university", organisation_name="Haixia University")
    )
    company: Principal = field(default_factory=lambda: principal("company", organisation_name="Jinjiang Cells"))
    rival: Principal = field(default_factory=lambda: principal("company", organisation_name="Rival Ltd"))
    broker: Principal = field(default_factory=lambda: principal("broker", organisation_name="Harbour Brokers"))

    # Events heard.

    async def hear(self, *events: Event[Any]) -> None:
        """As the consumer does it: remembered and handled in one transaction."""
        async with self.service.database.transaction() as session:
            await self.service.handlers.handle(session, await remember(session, events))

    async def organisations(self) -> None:
        for who in (self.university, self.company, self.rival, self.broker):
            organisation = gateway_events.Organisation(
                organisation_id=str(who.organisation_id),
                name=who.organisation_name,
                kind=protos.text_to_enum(gateway_events.OrganisationKind, who.organisation_kind),
            )
            message = gateway_events.OrganisationRegistered(organisation=organisation)
            await self.hear(event(message, who.organisation_id, 1))

    async def listed(self, right: listing_events.Right | None = None) -> UUID:
        """A published listing of a right of the university, both heard of. Returns the listing's id."""
        right = right or self.right()
        await self.hear(event(listing_events.RightRegistered(right=right), UUID(right.right_id), 1))
        listing = self.listing(right)
        await self.hear(event(listing_events.ListingPublished(listing=listing), UUID(listing.listing_id), 1))
        return UUID(listing.listing_id)

    def right(self, *encumbrances: types.Encumbrance, **changes: Any) -> listing_events.Right:
        values: Json = {
            "right_id": str(new_id()),
            "organisation_id": str(self.university.organisation_id),
            "kind": types.RIGHT_KIND_INVENTION,
            "number": "CN201710117081.7",
            "title": "A membrane",
            "owner_name": self.university.organisation_name,
            "status": types.RIGHT_STATUS_GRANTED,
            "expires_at": protos.timestamp(datetime(2037, 3, 1, tzinfo=UTC)),
            "encumbrances": encumbrances,
        }
        return listing_events.Right(**(values | changes))

    def listing(self, right: listing_events.Right, **changes: Any) -> listing_events.Listing:
        values: Json = {
            "listing_id": str(new_id()),
            "organisation_id": right.organisation_id,
            "organisation_name": self.university.organisation_name,
            "right": right,
            "status": listing_events.LISTING_STATUS_PUBLISHED,
        }
        return listing_events.Listing(**(values | changes))

    # Requests.

    async def post(self, who: Principal | None, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.client.post(
            f"/api/v1/deals{path}", json=body if body is not None else {}, headers=self.headers(who) | headers
        )

    async def get(self, who: Principal | None, path: str = "", **headers: str) -> httpx.Response:
        return await self.client.get(f"/api/v1/deals{path}", headers=self.headers(who) | headers)

    def headers(self, who: Principal | None) -> dict[str, str]:
        return self.issuer.headers(who) if who else {}

    # The path, step by step.

    async def inquired(
        self, listing_id: UUID | None = None, *, by: Principal | None = None, broker: bool = True
    ) -> str:
        body: Json = {"listing_id": str(listing_id or await self.listed()), "message": "May we?"}
        if broker:
            body["broker_organisation_id"] = str(self.broker.organisation_id)
        return str(good(await self.post(by or self.company, "", body), 201)["deal_id"])

    async def offered(self, deal_id: str, terms: Json, *, by: Principal | None = None, **more: Any) -> str:
        """Returns the id of the offer."""
        answer = await self.post(by or self.university, f"/{deal_id}/offers", {"terms": terms, **more})
        return str(good(answer, 201)["open_offer_id"])

    async def agreed(self, terms: Json, listing_id: UUID | None = None, *, by: Principal | None = None) -> str:
        """A deal whose terms the licensee accepted."""
        deal_id = await self.inquired(listing_id, by=by)
        offer_id = await self.offered(deal_id, terms)
        good(await self.post(by or self.company, f"/{deal_id}/offers/{offer_id}/accept"))
        return deal_id

    async def signed(self, terms: Json, listing_id: UUID | None = None) -> str:
        deal_id = await self.agreed(terms, listing_id)
        for who in (self.university, self.company):
            good(await self.post(who, f"/{deal_id}/signatures"), 201)
        return deal_id

    async def sealed(self, terms: Json, listing_id: UUID | None = None) -> str:
        deal_id = await self.signed(terms, listing_id)
        await self.work()
        return deal_id

    async def work(self) -> None:
        """What the worker's jobs have to do, done."""
        for job in self.service.jobs:
            while await job.step(self.service.database):
                pass

    async def state(self, deal_id: str) -> str:
        return str(await self.value("SELECT state FROM deals WHERE deal_id = :id", id=UUID(deal_id)))

    # A look inside.

    async def value(self, statement: str, **values: Any) -> Any:
        async with self.service.database.transaction() as session:
            return (await session.execute(text(statement), values)).scalar()

    async def published(self, deal_id: str) -> list[Event[Message]]:
        async with self.service.database.transaction() as session:
            rows = await session.execute(
                text("SELECT headers, payload, topic FROM outbox WHERE key = :key ORDER BY id"), {"key": deal_id}
            )
            events = [(decode(raw(headers), payload), topic) for headers, payload, topic in rows]
        assert all(topic_of(each.type) == topic for each, topic in events)
        return [each for each, _ in events]

    async def times(self, change: str) -> None:
        """Move clocks by SQL, as waiting would."""
        async with self.service.database.transaction() as session:
            await session.execute(text(change))

    async def fire_timers(self) -> None:
        while await self.service.timers.fire_next("contract", self.service.database):
            pass


def event(message: Message, subject: UUID, version: int, **changes: Any) -> Event[Any]:
    name = type_name(type(message))
    values: Json = {
        "id": str(new_id()),
        "source": f"/zayton/{name.split('.')[1]}",
        "type": name,
        "time": datetime.now(UTC),
        "subject": str(subject),
        "version": version,
        "data": message,
    }
    return Event(**(values | changes))


def good(response: httpx.Response, status: int = 200) -> Json:
    assert response.status_code == status, response.text
    body: Json = response.json()
    return body


def refused(response: httpx.Response, status: int, slug: str) -> Json:
    """The problem of a refusal."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: Json = response.json()
    assert body["type"].rpartition("/")[2] == slug, body
    return body


async def together(*requests: Callable[[], Any]) -> list[httpx.Response]:
    """Send requests at once, each in a transaction of its own."""
    return list(await asyncio.gather(*(request() for request in requests)))


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()
