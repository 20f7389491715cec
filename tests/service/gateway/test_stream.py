"""The live stream: who sees what, and that nobody who comes back misses anything."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import orjson
import pytest
from google.protobuf.message import Message
from sqlalchemy import func, select, text, update
from zayton.contract.v1 import events_pb2 as contract
from zayton.listing.v1 import events_pb2 as listing
from zayton.matching.v1 import events_pb2 as matching
from zayton.notify.v1 import events_pb2 as notify

from deploy.serving import serving
from gateway.bootstrap import Gateway, build
from gateway.housekeeping import tidy
from gateway.settings import GatewaySettings
from gateway.stream.store import handlers, resume
from gateway.stream.tail import PAGE, Tail
from gateway.tables import StreamRow
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.envelope import type_name
from services.kit.ids import new_id
from services.kit.inbox import Event
from tests.service.gateway.test_over_http import free_port
from tests.support.people import Hall, Person, problem

_numbers = count(1)


def event(data: Message) -> Event[Message]:
    return Event(
        id=str(new_id()),
        source="/zayton/test",
        type=type_name(type(data)),
        time=utcnow(),
        subject=str(new_id()),
        version=1,
        data=data,
    )


async def happen(database: Database, *facts: Message) -> None:
    """What the worker does with a batch."""
    async with database.transaction() as session:
        await handlers.handle(session, [event(fact) for fact in facts])


def published(organisation_id: str, title: str | None = None) -> listing.ListingPublished:
    return listing.ListingPublished(
        listing=listing.Listing(
            listing_id=str(new_id()),
            organisation_id=organisation_id,
            status=listing.LISTING_STATUS_PUBLISHED,
            right=listing.Right(title=title or f"Patent {next(_numbers)}"),
        )
    )


def demanded(organisation_id: str, title: str) -> matching.DemandPosted:
    return matching.DemandPosted(demand=matching.Demand(organisation_id=organisation_id, title=title))


@dataclass
class Heard:
    id: int
    type: str
    data: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.data["title"])


class Listener:
    """Reads one connection."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.last_id = 0

    async def next(self, *, within_s: float = 5) -> Heard:
        async with asyncio.timeout(within_s):
            kind, data = "", ""
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    data = value
                elif name == "id":
                    self.last_id = int(value)
                elif not line and data:
                    return Heard(self.last_id, kind, orjson.loads(data))
        raise EOFError

    async def many(self, number: int) -> list[Heard]:
        return [await self.next() for _ in range(number)]

    async def silent(self, *, for_s: float = 0.4) -> bool:
        try:
            await self.next(within_s=for_s)
        except TimeoutError:
            return True
        return False


Listen = Callable[..., Any]


@dataclass
class Front:
    gateway: Gateway
    hall: Hall
    base: str

    @asynccontextmanager
    async def listening(
        self, person: Person | None = None, *, after: int | str | None = None, types: str = ""
    ) -> AsyncIterator[Listener]:
        headers = {"Authorization": f"Bearer {person.token}"} if person else {}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        async with (
            httpx.AsyncClient(base_url=self.base, headers=headers, timeout=10) as client,
            client.stream("GET", "/api/v1/stream", params={"types": types} if types else {}) as response,
        ):
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-cache"
            listener = Listener(response)
            async with asyncio.timeout(5):
                async for line in listener._lines:
                    if line.startswith("id: "):
                        listener.last_id = int(line[4:])
                        break
            yield listener


@asynccontextmanager
async def serve(settings: GatewaySettings) -> AsyncIterator[Front]:
    gateway = build(settings, {})
    hall = Hall(gateway)
    bound = free_port()
    async with serving(gateway.asgi, bound, before_stop=gateway.hang_up):
        yield Front(gateway, hall, f"http://127.0.0.1:{bound.getsockname()[1]}")
    await hall.close()
    await gateway.close()


@pytest.fixture
async def front(settings: GatewaySettings, quick_passwords: None) -> AsyncIterator[Front]:  # noqa: ARG001
    async with serve(settings.model_copy(update={"stream_heartbeat_s": 0.2})) as front:
        yield front


async def test_everybody_hears_what_is_public_and_nobody_anothers_private_events(
    front: Front, database: Database
) -> None:
    one, other = await front.hall.administrator("university"), await front.hall.administrator("company")
    async with front.listening(one) as ones, front.listening(other) as others, front.listening() as anonymous:
        await happen(
            database,
            demanded(one.organisation_id, "private of one"),
            demanded(other.organisation_id, "private of other"),
            published(one.organisation_id, "for everybody"),
        )
        assert [heard.title for heard in await ones.many(2)] == ["private of one", "for everybody"]
        assert [heard.title for heard in await others.many(2)] == ["private of other", "for everybody"]
        assert (await anonymous.next()).title == "for everybody"
        assert await ones.silent()
        assert await others.silent()
        assert await anonymous.silent()


async def test_nor_when_they_resume(front: Front, database: Database) -> None:
    one, other = await front.hall.administrator("university"), await front.hall.administrator("company")
    await happen(database, published(one.organisation_id, "first"))
    deal = contract.Deal(
        deal_id=str(new_id()),
        licensor_organisation_id=one.organisation_id,
        licensee_organisation_id=str(new_id()),
    )
    await happen(database, demanded(one.organisation_id, "secret"), contract.DealOpened(deal=deal, message="secret"))
    await happen(database, published(other.organisation_id, "last"))
    for tail_forgets in (False, True):
        if tail_forgets:
            front.gateway.parts.tail._complete_after = 10**9
        async with front.listening(other, after=0) as others, front.listening(one, after=0) as ones:
            assert [heard.title for heard in await others.many(2)] == ["first", "last"]
            assert await others.silent()
            kinds = [heard.type for heard in await ones.many(4)]
            assert kinds == ["listing_published", "demand_posted", "deal_opened", "listing_published"]


async def test_the_listing_side_of_a_match_hears_of_it_without_the_budget(front: Front, database: Database) -> None:
    company, university = await front.hall.administrator("company"), await front.hall.administrator()
    reason = matching.Reason(code="price", parameters={"budget": "123456789"})
    match = matching.Match(
        match_id=str(new_id()),
        demand_organisation_id=company.organisation_id,
        listing_organisation_id=university.organisation_id,
        reasons=[reason],
    )
    async with front.listening(company) as demand_side, front.listening(university) as listing_side:
        await happen(database, matching.MatchFound(match=match))
        assert "123456789" in str((await demand_side.next()).data)
        heard = await listing_side.next()
        assert heard.type == "match_found"
        assert "123456789" not in str(heard.data)


async def test_a_stream_can_be_narrowed_to_some_types(front: Front, database: Database) -> None:
    one = await front.hall.administrator()
    async with front.listening(one, types="demand_posted, match_found") as listener:
        await happen(database, published(one.organisation_id), demanded(one.organisation_id, "wanted"))
        assert (await listener.next()).type == "demand_posted"
        assert await listener.silent()


async def test_whoever_comes_back_misses_nothing_and_hears_nothing_twice(front: Front, database: Database) -> None:
    one = await front.hall.administrator()
    heard: list[int] = []
    last: int | None = None
    for start in range(0, 40, 10):
        async with front.listening(one, after=last) as listener:
            await happen(database, *(published(one.organisation_id, str(n)) for n in range(start, start + 5)))
            heard += [int((await listener.next()).title) for _ in range(5)]
            last = listener.last_id
        await happen(database, *(published(one.organisation_id, str(n)) for n in range(start + 5, start + 10)))
    async with front.listening(one, after=last) as listener:
        heard += [int((await listener.next()).title) for _ in range(40 - len(heard))]
    assert heard == list(range(40))


async def test_events_of_others_move_the_place_to_resume_from(front: Front, database: Database) -> None:
    one, other = await front.hall.administrator(), await front.hall.administrator()
    async with front.listening(one) as listener:
        before = listener.last_id
        await happen(database, demanded(other.organisation_id, "not for one"))
        assert await listener.silent(for_s=1)
        assert listener.last_id == before + 1


async def test_more_than_a_page_is_caught_up_with(front: Front, database: Database) -> None:
    one = await front.hall.administrator()
    many = PAGE * 2 + 7
    await happen(database, *(published(one.organisation_id, str(number)) for number in range(many)))
    front.gateway.parts.tail._complete_after = 10**9  # as if all of it were long ago
    async with front.listening(one, after=0) as listener:
        assert [int(heard.title) for heard in await listener.many(many)] == list(range(many))


async def test_resuming_from_before_retention_is_answered_with_a_reset(
    front: Front, database: Database, settings: GatewaySettings
) -> None:
    one = await front.hall.administrator()
    await happen(database, *(published(one.organisation_id) for _ in range(3)))
    async with database.transaction() as session:
        await session.execute(update(StreamRow).values(stored_at=utcnow() - timedelta(days=30)))
    await happen(database, published(one.organisation_id, "kept"))
    await tidy(database, settings)
    async with database.transaction() as session:
        known = await resume(session)
        assert (await session.execute(select(func.count()).select_from(StreamRow))).scalar_one() == 1
    assert known.newest == known.floor + 1

    async with front.listening(one, after=known.floor - 1) as listener:
        reset = await listener.next()
        assert (reset.type, reset.data, reset.id) == ("reset", {"resumes_after": known.newest}, known.newest)
        await happen(database, published(one.organisation_id, "next"))
        assert (await listener.next()).title == "next"
    async with front.listening(one, after=known.floor) as listener:
        assert (await listener.next()).title == "kept"


async def test_an_id_of_another_halls_stream_is_answered_with_a_reset(front: Front) -> None:
    async with front.listening(after=10**9) as listener:
        assert (await listener.next()).type == "reset"


@pytest.mark.parametrize("after", ["abc", "-1", "1.5", "9" * 30])
async def test_an_id_that_is_none_is_refused(front: Front, after: str) -> None:
    answer = await front.hall.anonymous.get("/api/v1/stream", headers={"Last-Event-ID": after})
    assert (answer.status_code, problem(answer)) == (422, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == "#Last-Event-ID"


async def test_an_unknown_type_is_refused(front: Front) -> None:
    answer = await front.hall.anonymous.get("/api/v1/stream?types=match_found,weather")
    assert (answer.status_code, problem(answer)) == (422, "invalid-input")
    assert "weather" in answer.json()["errors"][0]["detail"]


async def test_a_bad_token_is_refused_not_made_anonymous(front: Front) -> None:
    answer = await front.hall.client("a.b.c").get("/api/v1/stream")
    assert (answer.status_code, problem(answer)) == (401, "unauthenticated")


async def test_a_stream_ends_with_its_token(settings: GatewaySettings, quick_passwords: None) -> None:  # noqa: ARG001
    changes = {"access_token_s": 2, "stream_heartbeat_s": 0.2}
    async with serve(settings.model_copy(update=changes)) as front:
        one = await front.hall.administrator()
        async with front.listening(one) as listener:
            with pytest.raises(EOFError):
                await listener.next()


async def test_a_hall_that_stops_ends_its_streams_at_once(settings: GatewaySettings) -> None:
    async with serve(settings.model_copy(update={"stream_heartbeat_s": 60})) as front:
        listening = front.listening()
        listener = await listening.__aenter__()
        async with asyncio.timeout(2):
            await front.gateway.hang_up()
            with pytest.raises(EOFError):
                await listener.next()
        await listening.__aexit__(None, None, None)


async def test_the_stream_goes_on_when_the_database_drops_its_connections(front: Front, database: Database) -> None:
    one = await front.hall.administrator()
    async with front.listening(one) as listener:
        async with database.transaction() as session:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            await session.execute(text(others + "AND pid <> pg_backend_pid()"))
        await happen(database, published(one.organisation_id, "after the break"))
        assert (await listener.next(within_s=10)).title == "after the break"


async def test_numbers_become_visible_in_their_order(database: Database) -> None:
    """A writer that is slow to commit holds up the next one, so that no reader can go past its rows."""
    owner = str(new_id())
    async with database.transaction() as slow:
        await handlers.handle(slow, [event(published(owner, "slow"))])
        quick = asyncio.create_task(happen(database, published(owner, "quick")))
        await asyncio.sleep(0.3)
        assert not quick.done()
        async with database.transaction() as reader:
            assert (await resume(reader)).newest == 0
    await quick
    async with database.transaction() as session:
        rows = (await session.execute(select(StreamRow).order_by(StreamRow.id))).scalars().all()
    assert [row.data["title"] for row in rows] == ["slow", "quick"]


async def test_a_notification_reaches_its_person_and_no_colleague(front: Front, database: Database) -> None:
    person = await front.hall.administrator()
    colleague = await front.hall.colleague(person, "agent")
    telling = notify.Telling(user_id=person.user_id, notification_id=str(new_id()), title="For you", text="Only.")
    fact = notify.NotificationAdded(organisation_id=person.organisation_id, kind="offer_made", tellings=[telling])
    async with front.listening(person) as mine, front.listening(colleague) as theirs, front.listening() as public:
        await happen(database, fact)
        heard = await mine.next()
        assert (heard.type, heard.title) == ("notification_added", "For you")
        assert await theirs.silent()
        assert await public.silent()
        start = heard.id - 1
    async with front.listening(person, after=start) as again, front.listening(colleague, after=start) as theirs:
        assert (await again.next()).title == "For you"
        assert await theirs.silent()


async def test_a_reader_among_many_writers_sees_every_row(database: Database) -> None:
    """Without the lock this loses rows: numbers are given before they can be seen."""
    owner, writers, each = str(new_id()), 4, 15
    seen: list[int] = []
    tail = Tail(database, capacity=20)
    await tail.ready()

    async def write(writer: int) -> None:
        for _ in range(each):
            async with database.transaction() as session:
                await handlers.handle(session, [event(published(owner))])
                await asyncio.sleep(writer * 0.01)  # some are slow to commit

    async def read() -> None:
        last = 0
        while len(seen) < writers * each:
            rows, last = await tail.after(last, ())
            seen.extend(row.id for row in rows)
            if not rows:
                await tail.wait(last, 5)

    async with asyncio.timeout(60):
        await asyncio.gather(read(), *(write(writer) for writer in range(writers)))
    await tail.close()
    async with database.transaction() as session:
        written = (await session.execute(select(StreamRow.id).order_by(StreamRow.id))).scalars().all()
    assert seen == written


async def test_a_connection_holds_one_page_however_slow_it_is(database: Database) -> None:
    tail = Tail(database, capacity=10)
    await tail.ready()
    await happen(database, *(published(str(new_id())) for _ in range(PAGE + 50)))
    async with asyncio.timeout(10):
        while tail.newest < PAGE + 50:
            await tail.wait(tail.newest, 5)
    assert len(tail._rows) == 10
    first, last = await tail.after(0, ())
    assert len(first) == PAGE
    rest, end = await tail.after(last, ())
    assert ([row.id for row in first + rest], end) == (list(range(1, PAGE + 51)), PAGE + 50)
    await tail.close()
