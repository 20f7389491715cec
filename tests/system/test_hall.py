"""`zayton up` as people use it: started, interrupted, killed, started again, and looked at while it runs."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from services.kit.topics import all_topics
from tests.support.halls import HallProcess, command, finish, status_now, until_all_is_heard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SAMPLE = Path(__file__).parents[2] / "deploy" / "local" / "sample" / "listings.jsonl"
PASSWORD = "seven-harbours-of-zayton"


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HallProcess]:
    hall = HallProcess(tmp_path_factory.mktemp("hall") / "home")
    hall.start()
    yield hall
    hall.stop()


def children(hall: HallProcess) -> list[psutil.Process]:
    return psutil.Process(hall.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def child(hall: HallProcess, note: str) -> psutil.Process:
    return psutil.Process(json.loads((hall.home / "run" / f"{note}.json").read_bytes())["pid"])


def eventually(condition: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.1)


def ask(hall: HallProcess, *arguments: str) -> Any:
    """What a command answers in JSON."""
    output, errors = hall.zayton(*arguments, "--json").communicate(timeout=90)
    assert output, errors
    return json.loads(output)


def run(hall: HallProcess, *arguments: str) -> tuple[int, str]:
    return finish(hall.zayton(*arguments))


def sign_in_first_operator(hall: HallProcess) -> dict[str, Any]:
    login = json.loads((hall.home / "first-login").read_bytes())
    answer = httpx.post(f"{hall.url}/api/v1/sessions", json=login)
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


def register(hall: HallProcess, email: str, kind: str = "university") -> None:
    admin = {"name": "林", "email": email, "password": PASSWORD, "language": "zh"}
    body = {"name": "泉州试验大学", "kind": kind, "admin": admin}
    answer = httpx.post(f"{hall.url}/api/v1/organisations", json=body, timeout=30)
    assert answer.status_code == 201, answer.text


def test_it_tells_how_it_is(hall: HallProcess) -> None:
    assert sign_in_first_operator(hall)["organisation"]["kind"] == "operator"
    assert (hall.home / "first-login").stat().st_mode & 0o777 == 0o600
    assert (hall.home / "hall.json").stat().st_mode & 0o777 == 0o600
    topics = ask(hall, "topics")
    assert len(topics) == 2 * len(all_topics())
    assert all(topic["exists"] for topic in topics)
    register(hall, "first@zayton.example")
    until_all_is_heard(hall)
    assert ask(hall, "dlq", "list") == []
    assert ask(hall, "status") == status_now(hall).as_json()


def test_its_indexes_are_seen_and_built_anew(hall: HallProcess) -> None:
    seen = {(each["service"], each["index"], each["answered_by"]) for each in ask(hall, "status")["searches"]}
    assert seen == {("listing", "listings", "postgres"), ("matching", "demands", "postgres")}
    code, said = run(hall, "search", "rebuild")
    assert code == 0, said
    assert "listings: PostgreSQL" in said


def test_patents_are_imported_from_the_command_line(hall: HallProcess, tmp_path: Path) -> None:
    register(hall, "sheet@zayton.example")
    sheet = tmp_path / "patents.jsonl"
    rows = SAMPLE.read_text(encoding="utf-8").splitlines()[:5]
    sheet.write_text(
        "\n".join([*rows, '{"number": "CN202310375785.1", "title": "x", "abstract": "y"}']), encoding="utf-8"
    )
    who = ("--email", "sheet@zayton.example", "--password", PASSWORD)
    code, said = run(hall, "import", str(sheet), "--publish", *who)
    assert code == 1
    assert "6 rows: 5 accepted, 5 published, 1 rejected" in said
    assert "row 6, /number, character 16" in said
    code, said = run(hall, "import", str(sheet), "--email", "sheet@zayton.example", "--password", "a wrong password")
    assert code == 1
    assert "Refused" in said


def test_a_second_hall_on_the_same_folder_is_refused(hall: HallProcess) -> None:
    code, said = run(hall, "up")
    assert code == 1
    assert f"{hall.url} (process {hall.pid})" in said
    assert "ZAYTON_HOME" in said


def test_a_taken_port_is_named_with_the_setting(hall: HallProcess, tmp_path: Path) -> None:
    other = HallProcess(tmp_path / "other")
    other.port = hall.port
    code, said = run(other, "up")
    assert code == 1
    assert f"Port {hall.port} of 127.0.0.1 is in use" in said
    assert f"ZAYTON_PORT={hall.port + 1}" in said
    assert not (other.home / "postgres").exists()


def test_without_a_hall_commands_say_how_to_start_one(tmp_path: Path) -> None:
    code, said = run(HallProcess(tmp_path / "nowhere"), "status")
    assert code == 1
    assert "zayton up" in said


def test_a_killed_broker_comes_back_and_hears_all_again(hall: HallProcess) -> None:
    before = hall.output().count("mesh is back")
    child(hall, "mesh").kill()
    register(hall, "while-away@zayton.example")
    eventually(lambda: hall.output().count("mesh is back") == before + 1)
    assert all(topic["exists"] and topic["partitions"] == topic["partitions_wanted"] for topic in ask(hall, "topics"))
    until_all_is_heard(hall)
    organisations = [each for each in status_now(hall).consumers if each.topic == "gateway.organisations.v1"]
    # Each organisation is two events; the whole outbox was sent to the new broker.
    assert all(each.end >= 4 for each in organisations)


def test_a_killed_database_comes_back_with_its_data(hall: HallProcess) -> None:
    before = hall.output().count("postgres is back")
    child(hall, "postgres").kill()
    eventually(lambda: hall.output().count("postgres is back") == before + 1)
    assert sign_in_first_operator(hall)
    until_all_is_heard(hall)


@pytest.mark.parametrize("end", [HallProcess.stop, HallProcess.kill], ids=["Ctrl-C", "kill -9"])
def test_no_child_outlives_the_hall_and_the_next_finds_the_data(
    hall: HallProcess, end: Callable[[HallProcess], None]
) -> None:
    family = children(hall)
    assert {"postgres", "tansu"} <= {each.name() for each in family}
    end(hall)
    eventually(lambda: not alive(family), within_s=10)
    hall.start()
    assert sign_in_first_operator(hall)
    assert "shown once" not in hall.output().rpartition("is ready after")[2]
    until_all_is_heard(hall)


def test_an_interrupted_start_leaves_nothing_behind(tmp_path: Path) -> None:
    hall = HallProcess(tmp_path / "home")
    process = subprocess.Popen(command("up"), env=hall._environment(), stdout=subprocess.DEVNULL)
    eventually((hall.home / "run" / "postgres.json").exists)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not alive(family)


def test_each_part_in_a_process_of_its_own(tmp_path: Path) -> None:
    hall = HallProcess(tmp_path / "home")
    hall.start("--separate")
    try:
        names = {path.stem for path in (hall.home / "run").iterdir()}
        services = ("listing", "matching", "contract", "notify", "gateway")
        assert names == {"postgres", "mesh", *(f"{name}-{role}" for name in services for role in ("api", "worker"))}
        register(hall, "separate@zayton.example")
        until_all_is_heard(hall)

        before = child(hall, "listing-api").pid
        os.kill(before, signal.SIGKILL)
        eventually(lambda: "listing-api is back" in hall.output(), within_s=90)
        assert child(hall, "listing-api").pid != before
        eventually(lambda: status_now(hall).well)
        family = children(hall)
    finally:
        hall.stop()
    assert not alive(family)
