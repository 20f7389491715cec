"""A hall of separate processes is changed under its load: its tables are widened as the next version's migrations do,
and its processes are ended one after another. Whoever was told yes has what they asked for, once; whoever was told no,
has not.
"""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from deploy.local.agreement import disagreements
from deploy.local.backup.schemas import connected
from deploy.services import SCHEMAS
from tests.support.events import eventually
from tests.support.halls import HallProcess, finish, until_all_is_heard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PASSWORD = "seven-harbours-of-zayton"
# Workers before the api of the same service, and the gateway, by which the load comes, last.
ENDED = ("contract-worker", "matching-worker", "matching-api", "gateway-api")
CLIENTS = 6


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HallProcess]:
    hall = HallProcess(tmp_path_factory.mktemp("rolling") / "home")
    hall.start("--separate", within_s=300)
    yield hall
    hall.stop()


@dataclass
class Told:
    """Titles of demands by the answer that was given: yes, no, or none at all."""

    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)


def signed_in(hall: HallProcess, email: str) -> dict[str, str]:
    answer = httpx.post(f"{hall.url}/api/v1/sessions", json={"email": email, "password": PASSWORD}, timeout=60)
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def company(hall: HallProcess) -> dict[str, str]:
    admin = {"name": "林", "email": "company@rolling.example", "password": PASSWORD, "language": "zh"}
    body = {"name": "泉州企业", "kind": "company", "admin": admin}
    assert httpx.post(f"{hall.url}/api/v1/organisations", json=body, timeout=60).status_code == 201
    return signed_in(hall, "company@rolling.example")


async def post_demands(hall: HallProcess, headers: dict[str, str], told: Told, enough: asyncio.Event, who: int) -> None:
    """One client that asks once and takes the answer as it comes: no second try hides anything."""
    number = 0
    async with httpx.AsyncClient(base_url=hall.url, headers=headers, timeout=60) as client:
        while not enough.is_set():
            number += 1
            title = f"需求 {who}-{number}"
            try:
                answer = await client.post(
                    "/api/v1/demands", json={"title": title, "problem": "隔膜", "language": "zh"}
                )
            except httpx.ConnectError:
                told.refused.append(title)  # nobody took the request
                await asyncio.sleep(0.2)
            except httpx.TransportError:
                told.unanswered.append(title)
            else:
                _note(told, title, answer)
                await asyncio.sleep(0.02 if answer.is_success else 0.2)


def _note(told: Told, title: str, answer: httpx.Response) -> None:
    if answer.status_code == 201:
        told.accepted.append(title)
    elif answer.status_code == 503 and answer.headers["content-type"] == "application/problem+json":
        assert int(answer.headers["retry-after"]) > 0
        told.refused.append(title)
    else:
        told.other.append(f"{title}: {answer.status_code} {answer.text[:200]}")


async def end(hall: HallProcess, name: str) -> None:
    """SIGTERM, as a rollout sends it, and wait until the next one serves."""
    note = hall.home / "run" / f"{name}.json"
    back = hall.output().count(f"{name} is back")
    os.kill(json.loads(note.read_bytes())["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 180
    while hall.output().count(f"{name} is back") == back:
        assert time.monotonic() < deadline, f"{name} does not come back"
        await asyncio.sleep(0.2)


async def widen(url: str) -> None:
    """What the next version's migrations do to tables that this version uses: every one of them gets more."""
    async with connected(url) as connection:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY($1)", list(SCHEMAS)
        )
        for schema, table in tables:
            await connection.execute(f'ALTER TABLE "{schema}"."{table}" ADD COLUMN of_the_next_version text')
        for schema in SCHEMAS:
            await connection.execute(f'CREATE TABLE "{schema}".of_the_next_version (id uuid PRIMARY KEY)')


async def demands_of(url: str) -> Counter[str]:
    async with connected(url) as connection:
        return Counter(row[0] for row in await connection.fetch("SELECT title FROM matching.demands"))


async def under_load(hall: HallProcess, headers: dict[str, str]) -> Told:
    told, enough = Told(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for who in range(CLIENTS):
            tasks.create_task(post_demands(hall, headers, told, enough, who))
        await asyncio.sleep(1)
        await widen(hall.database_url)
        for name in ENDED:
            before = len(told.accepted)
            await end(hall, name)

            async def more_accepted(enough_for_now: int = before + CLIENTS) -> bool:
                return len(told.accepted) >= enough_for_now

            await eventually(more_accepted, within_s=60)
        enough.set()
    return told


def test_processes_end_one_after_another_and_nothing_is_lost(hall: HallProcess) -> None:
    told = asyncio.run(under_load(hall, company(hall)))
    assert told.other == []
    until_all_is_heard(hall, 240)
    there = asyncio.run(demands_of(hall.database_url))
    assert {title: there[title] for title in told.accepted} == dict.fromkeys(told.accepted, 1)
    assert {title: there[title] for title in told.refused} == dict.fromkeys(told.refused, 0)
    # Only the gateway itself, ending, may leave somebody without an answer: at most one of each client.
    assert len(told.unanswered) <= CLIENTS
    assert all(there[title] <= 1 for title in told.unanswered)
    assert len(told.accepted) > 50
    assert told.refused  # an api of one process is away for a moment: that it was noticed shows there was load
    assert agreeing(hall) == []


def agreeing(hall: HallProcess) -> list[str]:
    return [str(each) for each in asyncio.run(disagreements(dict.fromkeys(SCHEMAS, hall.database_url)))]


def test_this_version_does_all_its_work_on_tables_of_the_next(hall: HallProcess) -> None:
    code, said = finish(hall.zayton("demo", "--json"), within_s=300)
    assert code == 0, said
    until_all_is_heard(hall, 240)
    assert agreeing(hall) == []
