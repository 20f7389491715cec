"""A hall is saved while it works, and comes back on an empty machine with every service agreeing."""

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.agreement import disagreements
from deploy.local.home import Home
from deploy.services import SCHEMAS
from tests.support.halls import HallProcess, finish, until_all_is_heard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SAMPLE = Path(__file__).parents[2] / "deploy" / "local" / "sample" / "listings.jsonl"
PASSWORD = "seven-harbours-of-zayton"
COMPANY = "company@backup.example"


def registered(hall: HallProcess, email: str, kind: str) -> dict[str, str]:
    """A new organisation; the headers of its administrator."""
    admin = {"name": "林", "email": email, "password": PASSWORD, "language": "zh"}
    body = {"name": f"泉州 {kind}", "kind": kind, "admin": admin}
    assert httpx.post(f"{hall.url}/api/v1/organisations", json=body, timeout=30).status_code == 201
    return signed_in(hall, email)


def signed_in(hall: HallProcess, email: str) -> dict[str, str]:
    answer = httpx.post(f"{hall.url}/api/v1/sessions", json={"email": email, "password": PASSWORD}, timeout=30)
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


@contextmanager
def writing(hall: HallProcess) -> Iterator[list[str]]:
    """Demands are posted and patents imported for the length of the block. Yields the demands' ids, as they come."""
    company = registered(hall, COMPANY, "company")
    university = registered(hall, "university@backup.example", "university")
    posted: list[str] = []
    enough = threading.Event()

    def write() -> None:
        with httpx.Client(base_url=f"{hall.url}/api/v1", timeout=30) as client:
            lines = SAMPLE.read_bytes()
            kind = {"content-type": "application/x-ndjson"}
            client.post("/imports?publish=true", content=lines, headers=university | kind).raise_for_status()
            while not enough.is_set():
                body = {"title": f"锂电池 {len(posted)}", "problem": "需要更耐用的电池隔膜", "language": "zh"}
                posted.append(client.post("/demands", json=body, headers=company).raise_for_status().json()["id"])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield posted
    finally:
        enough.set()
        thread.join()


def demands(hall: HallProcess) -> list[str]:
    found: list[str] = []
    headers, path = signed_in(hall, COMPANY), "/api/v1/demands?limit=100"
    with httpx.Client(base_url=hall.url, headers=headers, timeout=30) as client:
        while path:
            page = client.get(path).raise_for_status()
            found += [each["id"] for each in page.json()["items"]]
            path = page.links.get("next", {}).get("url", "")
    return found


def run(hall: HallProcess, *arguments: str) -> tuple[int, str]:
    return finish(hall.zayton(*arguments))


def agreeing(hall: HallProcess) -> list[str]:
    return [str(each) for each in asyncio.run(disagreements(dict.fromkeys(SCHEMAS, hall.database_url)))]


def test_saved_under_load_restored_elsewhere_and_caught_up(tmp_path: Path) -> None:
    old, new = HallProcess(tmp_path / "old"), HallProcess(tmp_path / "new")
    file = tmp_path / "saved.tar"
    old.start()
    try:
        with writing(old) as posted:
            while len(posted) < 5:
                threading.Event().wait(0.05)
            before = list(posted)
            code, said = run(old, "backup", str(file), "--json")
            assert code == 0, said
            after = len(posted)
        assert len(posted) > after > 0
        code, said = run(old, "restore", str(file), "--force")
        assert code == 1
        assert "Stop all its processes first" in said
        all_demands = demands(old)
    finally:
        old.stop()
    assert file.stat().st_mode & 0o777 == 0o600

    new.home.mkdir()
    shutil.copy(old.home / "secret_key", new.home / "secret_key")
    code, said = run(new, "restore", str(file))
    assert code == 0, said
    new.start()
    try:
        until_all_is_heard(new)
        restored = demands(new)
        assert set(before) <= set(restored) <= set(all_demands)
        assert len(restored) == len(set(restored)) < len(all_demands)
        assert agreeing(new) == []
        assert not Home(new.home).login_file.exists()
        # It works on: what is new is heard everywhere too.
        registered(new, "later@backup.example", "broker")
        until_all_is_heard(new)
        assert agreeing(new) == []
        state: Any = json.loads(new.zayton("dlq", "list", "--json").communicate(timeout=60)[0])
        assert state == []
    finally:
        new.stop()
