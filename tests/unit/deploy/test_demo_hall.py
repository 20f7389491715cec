"""The demo's client goes on where the hall comes and goes, and does nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from deploy.local.demo import hall as module
from deploy.local.demo.hall import Hall, Party, Refused, Stream, Unreachable, once_known

Answer = httpx.Response | Exception


class Scripted(httpx.AsyncBaseTransport):
    """Answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers: Iterator[Answer] = iter(answers)
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Lines(httpx.AsyncByteStream):
    def __init__(self, text: str, *, breaks: bool = False) -> None:
        self._text, self._breaks = text, breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._text.encode()
        if self._breaks:
            raise httpx.ReadError("the hall was killed")
        await asyncio.Event().wait()


def problem(status: int, slug: str = "x", **more: object) -> httpx.Response:
    return httpx.Response(status, json={"type": f"https://zayton/{slug}", "title": "No", "detail": "Not so.", **more})


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    real = asyncio.sleep

    async def at_once(_seconds: float) -> None:
        await real(0)

    monkeypatch.setattr(module.asyncio, "sleep", at_once)


@pytest.fixture
def party() -> Party:
    return Party("company", "o1", "Works", "a@zayton.example", "a good password", token="old")


def hall(transport: Scripted, patience_s: float = 60.0) -> Hall:
    return Hall("http://hall", language="en", patience_s=patience_s, transport=transport)


async def test_a_post_without_an_answer_is_repeated_under_one_key(party: Party) -> None:
    gone, busy = httpx.ConnectError("refused"), problem(503)
    transport = Scripted(gone, httpx.ReadError("cut off"), busy, httpx.Response(201, json={"deal_id": "d1"}))
    assert await hall(transport).post(party, "/deals", {"a": 1}) == {"deal_id": "d1"}
    assert len({request.headers["idempotency-key"] for request in transport.asked}) == 1
    assert {request.content for request in transport.asked} == {b'{"a":1}'}
    assert len(transport.asked) == 4


async def test_two_posts_have_two_keys(party: Party) -> None:
    transport = Scripted(httpx.Response(201, json={}), httpx.Response(201, json={}))
    one = hall(transport)
    await one.post(party, "/demands")
    await one.post(party, "/demands")
    assert len({request.headers["idempotency-key"] for request in transport.asked}) == 2


async def test_a_key_in_flight_is_waited_for(party: Party) -> None:
    transport = Scripted(problem(409, "idempotency-key-in-flight"), httpx.Response(201, json={"done": True}))
    assert await hall(transport).post(party, "/deals") == {"done": True}


async def test_a_final_no_is_told_with_its_places_and_not_repeated(party: Party) -> None:
    faults = [{"pointer": "/number", "code": "check-digit", "detail": "The check digit is wrong."}]
    transport = Scripted(problem(422, "invalid-number", errors=faults))
    with pytest.raises(Refused, match=r"No\. Not so\. /number: The check digit is wrong\.") as caught:
        await hall(transport).post(party, "/rights")
    assert (caught.value.slug, caught.value.codes) == ("invalid-number", {"check-digit"})
    assert len(transport.asked) == 1


async def test_patience_ends(party: Party) -> None:
    transport = Scripted(*[httpx.ConnectError("refused")] * 3)
    with pytest.raises(Unreachable, match=r"GET /api/v1/me: .*refused"):
        await hall(transport, patience_s=0.0).get(party, "/me")
    assert len(transport.asked) == 1


async def test_an_expired_token_is_renewed_once(party: Party) -> None:
    transport = Scripted(problem(401), httpx.Response(201, json={"access_token": "new"}), httpx.Response(200, json={}))
    await hall(transport).get(party, "/me")
    assert [request.headers.get("authorization") for request in transport.asked] == ["Bearer old", None, "Bearer new"]
    refusing = Scripted(problem(401), httpx.Response(201, json={"access_token": "new"}), problem(401))
    with pytest.raises(Refused):
        await hall(refusing).get(party, "/me")


@pytest.mark.parametrize("early", [problem(404), problem(422, errors=[{"code": "unknown-broker"}])])
async def test_what_is_not_known_yet_is_asked_for_again(party: Party, early: httpx.Response) -> None:
    transport = Scripted(early, httpx.Response(201, json={"deal_id": "d1"}))
    one = hall(transport)
    assert await once_known(lambda: one.post(party, "/deals")) == {"deal_id": "d1"}


async def test_what_stays_unknown_is_refused_in_the_end(party: Party) -> None:
    one = hall(Scripted(problem(404)))
    with pytest.raises(Refused):
        await once_known(lambda: one.get(party, "/matches/m1"), within_s=-1)


FIRST = (
    'retry: 2000\nid: 7\n\nevent: match_found\ndata: {"match_id":"a"}\nid: 8\n\nid: 9\n\nevent: match_found\ndata: {"ma'
)
SECOND = 'id: 9\n\nevent: match_found\ndata: {"match_id":"b"}\nid: 10\n\n'


async def test_the_stream_is_taken_up_where_it_broke_off(party: Party) -> None:
    transport = Scripted(
        httpx.ConnectError("not up yet"),
        problem(503),
        httpx.Response(200, stream=Lines(FIRST, breaks=True)),
        problem(401),
        httpx.Response(201, json={"access_token": "new"}),
        httpx.Response(200, stream=Lines(SECOND)),
    )
    stream = Stream(hall(transport), party, "match_found")
    task = asyncio.create_task(stream.listen())
    assert await stream.until_listening(5)
    heard = [await stream.next(5), await stream.next(5)]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [(each.type, each.data) for each in heard if each] == [
        ("match_found", {"match_id": "a"}),
        ("match_found", {"match_id": "b"}),
    ]
    resumed = transport.asked[-1].headers
    assert (resumed["last-event-id"], resumed["authorization"]) == ("9", "Bearer new")


async def test_a_stream_that_is_refused_says_why(party: Party) -> None:
    stream = Stream(hall(Scripted(problem(403, "forbidden"))), party, "match_found")
    await stream.listen()
    with pytest.raises(Refused, match="403"):
        await stream.next(1)


async def test_silence_is_no_event(party: Party) -> None:
    assert await Stream(hall(Scripted()), party, "match_found").next(0.01) is None
