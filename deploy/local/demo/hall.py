"""The hall as a client sees it: requests that may be repeated until they are answered, and its live stream.

The hall may be killed and started again at any moment. A request that got no answer is sent again; every POST carries
one Idempotency-Key for all its tries, so nothing is done twice.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import orjson

Json = dict[str, Any]
JSON_LINES = "application/x-ndjson"
_COME_BACK_LATER = frozenset({429, 502, 503, 504})
_IN_FLIGHT = "idempotency-key-in-flight"
_STARTING_S = 20.0
_STREAM_SILENCE_S = 40.0  # longer than two of its heartbeats


class Refused(Exception):
    """The hall said no (RFC 9457)."""

    def __init__(self, request: str, status: int, problem: Json) -> None:
        self.status = status
        self.slug = str(problem.get("type", "")).rpartition("/")[2].rpartition(":")[2]
        faults = problem.get("errors") or []
        self.codes = {str(fault.get("code")) for fault in faults}
        places = "; ".join(f"{fault.get('pointer')}: {fault.get('detail')}" for fault in faults)
        said = f"{problem.get('title', '')}. {problem.get('detail', '')} {places}".strip()
        super().__init__(f"{request}: {status} {said}")

    @property
    def may_be_too_early(self) -> bool:
        """Whether the service asked may only not have heard yet of what another did."""
        return self.status == httpx.codes.NOT_FOUND or any(code.startswith("unknown-") for code in self.codes)


class Unreachable(Exception):
    """The hall did not answer for as long as we are willing to wait. `seconds` is that time."""

    def __init__(self, request: str, seconds: float, reason: str) -> None:
        super().__init__(f"{request}: {reason}")
        self.request = request
        self.seconds = seconds
        self.reason = reason


@dataclass
class Party:
    """An organisation of the demo and its administrator, who acts for it."""

    kind: str
    organisation_id: str
    name: str
    email: str
    password: str = field(repr=False)
    token: str = field(default="", repr=False)


class Hall:
    def __init__(
        self,
        base_url: str,
        *,
        language: str,
        patience_s: float = 120.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`transport` is for tests."""
        self._patience_s = patience_s
        self.client = httpx.AsyncClient(
            base_url=base_url,
            # Without compression: a compressed answer comes in chunks and waits for delayed acknowledgements.
            headers={"accept-language": language, "accept-encoding": "identity"},
            timeout=httpx.Timeout(30.0, connect=5.0),
            transport=transport,
        )

    async def close(self) -> None:
        await self.client.aclose()

    async def ready(self) -> None:
        """Wait for a hall that is just starting. Raises Unreachable."""
        await self._send("GET", "/readyz", None, patience_s=_STARTING_S)

    async def get(self, party: Party | None, path: str, **params: Any) -> Json:
        return await self._send("GET", f"/api/v1{path}", party, params=params)

    async def post(self, party: Party | None, path: str, body: Json | None = None, **params: Any) -> Json:
        content = orjson.dumps({} if body is None else body)
        return await self._post(party, path, content, "application/json", params)

    async def post_lines(self, party: Party | None, path: str, content: bytes, **params: Any) -> Json:
        return await self._post(party, path, content, JSON_LINES, params)

    async def get_file(self, party: Party | None, path: str) -> bytes:
        return (await self._answer("GET", f"/api/v1{path}", party)).content

    async def post_file(self, party: Party | None, path: str, content: bytes, kind: str) -> Json:
        return await self._post(party, path, content, kind, {})

    async def _post(self, party: Party | None, path: str, content: bytes, kind: str, params: Json) -> Json:
        headers = {"content-type": kind, "idempotency-key": str(uuid4())}
        return await self._send("POST", f"/api/v1{path}", party, params=params, content=content, headers=headers)

    async def sign_in(self, party: Party) -> None:
        """A new access token. Doing it twice does no harm, so it carries no key."""
        body = orjson.dumps({"email": party.email, "password": party.password})
        kind = {"content-type": "application/json"}
        answer = await self._send("POST", "/api/v1/sessions", None, content=body, headers=kind)
        party.token = answer["access_token"]

    async def _send(self, method: str, path: str, party: Party | None, **request: Any) -> Json:
        return dict((await self._answer(method, path, party, **request)).json())

    async def _answer(self, method: str, path: str, party: Party | None, **request: Any) -> httpx.Response:
        """Raises Refused for a final no, Unreachable when patience ends."""
        patience_s = request.pop("patience_s", self._patience_s)
        deadline = time.monotonic() + patience_s
        headers = request.pop("headers", {})
        pause_s, signed_in_again = 0.2, False
        while True:
            bearer = {"authorization": f"Bearer {party.token}"} if party else {}
            try:
                answer = await self.client.request(method, path, headers={**headers, **bearer}, **request)
            except httpx.TransportError as error:
                reason = repr(error)
            else:
                if answer.is_success:
                    return answer
                if answer.status_code == httpx.codes.UNAUTHORIZED and party and not signed_in_again:
                    await self.sign_in(party)
                    signed_in_again = True
                    continue
                refusal = Refused(f"{method} {path}", answer.status_code, _problem(answer))
                if answer.status_code not in _COME_BACK_LATER and refusal.slug != _IN_FLIGHT:
                    raise refusal
                reason = str(refusal)
                pause_s = max(pause_s, _asked_to_wait_s(answer))
            if time.monotonic() + pause_s > deadline:
                raise Unreachable(f"{method} {path}", patience_s, reason)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.6, 3.0)


def _problem(answer: httpx.Response) -> Json:
    try:
        return dict(answer.json())
    except ValueError:
        return {"title": answer.text[:200]}


def _asked_to_wait_s(answer: httpx.Response) -> float:
    asked = answer.headers.get("retry-after", "0")
    return min(float(asked), 30.0) if asked.isdigit() else 0.0


async def once_known(ask: Callable[[], Awaitable[Json]], within_s: float = 30.0) -> Json:
    """Ask again while the hall does not know what we mean: its services hear of one another's doings by events.

    Raises the last Refused when the time is over.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            return await ask()
        except Refused as refusal:
            if not refusal.may_be_too_early or time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.3)


@dataclass(frozen=True)
class Heard:
    type: str
    data: Json


class Stream:
    """A party's live stream (server-sent events), taken up again where it broke off."""

    def __init__(self, hall: Hall, party: Party, types: str) -> None:
        self._hall = hall
        self._party = party
        self._types = types
        self._last_id = ""
        self._heard: asyncio.Queue[Heard | Exception] = asyncio.Queue()
        self._listening = asyncio.Event()

    async def next(self, within_s: float) -> Heard | None:
        """The next event; None when nothing came in time. Raises what ended the stream for good."""
        try:
            heard = await asyncio.wait_for(self._heard.get(), max(within_s, 0))
        except TimeoutError:
            return None
        if isinstance(heard, Exception):
            raise heard
        return heard

    async def listen(self) -> None:
        """Runs until cancelled, or refused for good."""
        while True:
            # The hall may be down, or close the stream: we come back.
            with suppress(httpx.TransportError):
                try:
                    await self._listen_once()
                except (Refused, Unreachable) as error:
                    self._heard.put_nowait(error)
                    self._listening.set()
                    return
            await asyncio.sleep(0.5)

    async def _listen_once(self) -> None:
        headers = {"authorization": f"Bearer {self._party.token}", "accept": "text/event-stream"}
        if self._last_id:
            headers["last-event-id"] = self._last_id
        query = {"types": self._types}
        timeout = httpx.Timeout(10.0, read=_STREAM_SILENCE_S)
        async with self._hall.client.stream(
            "GET", "/api/v1/stream", params=query, headers=headers, timeout=timeout
        ) as answer:
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                await self._hall.sign_in(self._party)
                return
            if answer.status_code in _COME_BACK_LATER:
                return
            if not answer.is_success:
                await answer.aread()
                raise Refused("GET /api/v1/stream", answer.status_code, _problem(answer))
            await self._take_in(answer.aiter_lines())

    async def _take_in(self, lines: AsyncIterator[str]) -> None:
        """Lines of an event stream (HTML Living Standard §9.2.6), as far as this hall uses it."""
        kind, last_id = "message", self._last_id
        data: list[str] = []
        async for line in lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line == "":
                self._last_id = last_id
                self._listening.set()
                if data:
                    self._heard.put_nowait(Heard(kind, orjson.loads("\n".join(data))))
                kind, data = "message", []
            elif name == "event":
                kind = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                last_id = value

    async def until_listening(self, within_s: float) -> bool:
        """Whether the stream has begun, so that nothing that happens from now on is missed."""
        try:
            await asyncio.wait_for(self._listening.wait(), within_s)
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def listening(hall: Hall, party: Party, types: str) -> AsyncIterator[Stream]:
    stream = Stream(hall, party, types)
    task = asyncio.create_task(stream.listen(), name="demo-stream")
    try:
        yield stream
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
