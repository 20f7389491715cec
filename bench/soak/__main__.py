"""`make soak ARGS="--minutes 10"`: prints a table, writes bench/results/soak.json. Exit code 1 where a promise broke.

A hall of separate processes on Apache Kafka, in a folder of its own that is kept where something was found.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bench.soak import people
from bench.soak.checks import Findings, examine
from bench.soak.diary import Diary
from bench.soak.faults import Faults, Memory
from bench.soak.people import Market, Person
from deploy.local.broker import missing_for_apache
from deploy.local.demo.hall import Hall, Party
from deploy.local.home import Home
from deploy.services import SCHEMAS
from tests.support.halls import HallProcess, status_now, unheard

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "bench" / "results" / "soak.json"
EVERY_S = 20.0
QUIET_WITHIN_S = 240.0


@dataclass
class Run:
    """One soak: what it was told, what happened, what was found."""

    minutes: float
    faults: Faults
    memory: Memory
    diary: Diary = field(default_factory=Diary)
    findings: Findings = field(default_factory=Findings)
    began: float = field(default_factory=time.monotonic)
    quiet_after_s: float | None = None

    def figures(self) -> dict[str, Any]:
        latencies = {kind: times for kind, times in sorted(self.diary.latencies_ms.items()) if len(times) > 1}
        return {
            "minutes": self.minutes,
            "requests": self.diary.requests,
            "attempts": self.diary.attempts,
            "effects": self.diary.promised,
            "faults": self.faults.counts.total(),
            "faults_by_kind": dict(self.faults.counts),
            "lost": self.findings.lost.total(),
            "doubled": self.findings.doubled.total(),
            "unwanted": self.findings.unwanted.total(),
            "other_findings": self.findings.others,
            "examples": self.findings.examples,
            "quiet_after_s": self.quiet_after_s,
            "p95_ms": {kind: round(_p95(times)) for kind, times in latencies.items()},
            "refusals": dict(self.diary.refusals.most_common()),
            "memory": self.memory.growth(),
        }


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[18]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="how long people trade (default: %(default)s)")
    parser.add_argument("--every", type=float, default=EVERY_S, help="seconds between faults (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=0.6, help="seconds a person rests (default: %(default)s)")
    given = parser.parse_args()
    if reason := missing_for_apache():
        sys.exit(reason)
    console = Console(highlight=False)
    home = Path(tempfile.mkdtemp(prefix="zayton-soak-")) / "home"
    home.parent.chmod(0o755)  # PostgreSQL may run as another account, and has to get there
    run = _soak(home, given, console)
    for table in (_table(run), _latencies(run), _memory(run)):
        console.print(table)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    about = {"measured_at": datetime.now(UTC).isoformat(), "cores": os.cpu_count(), "load_1min": os.getloadavg()[0]}
    RESULTS.write_text(
        json.dumps({**run.figures(), "about": about}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}")
    if run.findings.good:
        shutil.rmtree(home.parent, ignore_errors=True)
        return
    for each in (*run.findings.others, *run.findings.examples):
        console.print(f"[red]found[/] {each}", markup=True, soft_wrap=True)
    console.print(f"Kept for a look: {home.parent}")
    sys.exit(1)


def _soak(home: Path, given: argparse.Namespace, console: Console) -> Run:
    library = PROJECT / ".zayton" / "kafka" / "lib"
    if library.exists():
        # The jars of `zayton up --kafka apache` serve here too; they are fetched once.
        (home / "kafka").mkdir(parents=True)
        (home / "kafka" / "lib").symlink_to(library)
    hall = HallProcess(home)
    console.print("Starting a hall of separate processes on Apache Kafka")
    hall.start("--separate", "--kafka", "apache", within_s=300)
    try:
        run = Run(given.minutes, Faults(home, lambda text: console.print(f"[dim]{text}[/]")), Memory(home))
        with _live(console, run):
            asyncio.run(_trade(hall, run, given))
            _until_quiet(hall, run)
        console.print("Holding what was promised against what is there")
        run.findings = asyncio.run(examine(dict.fromkeys(SCHEMAS, hall.database_url), run.diary))
        if run.quiet_after_s is None:
            run.findings.others.append(f"not quiet {QUIET_WITHIN_S:.0f} s after the last request: {_noise(hall)}")
        return run
    finally:
        hall.stop()


@contextmanager
def _live(console: Console, run: Run) -> Iterator[None]:
    """A line that tells how it goes, four times a second."""

    def line() -> Text:
        diary, left = run.diary, max(0.0, run.began + run.minutes * 60 - time.monotonic())
        told = f"{diary.requests} requests, {diary.promised} effects promised, {run.faults.counts.total()} faults"
        return Text(f"{left:5.0f} s left  {told}" if left else f"waiting until all is heard  {told}")

    with Live(get_renderable=line, console=console, refresh_per_second=4, transient=True):
        yield


async def _trade(hall: HallProcess, run: Run, given: argparse.Namespace) -> None:
    client = Hall(hall.url, language="zh", patience_s=180)

    async def counted(_request: object) -> None:
        run.diary.attempts += 1

    client.client.event_hooks["request"].append(counted)
    market, enough = Market(), asyncio.Event()
    try:
        crowd = await _crowd(client, run.diary, market, Home(hall.home))
        run.began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for person, doings in crowd:
                tasks.create_task(people.go_on(person, doings, enough, given.pause))
            tasks.create_task(run.faults.go_on(enough, given.every))
            tasks.create_task(run.memory.watch(enough))
            await asyncio.sleep(given.minutes * 60)
            enough.set()
    finally:
        await client.close()


async def _crowd(client: Hall, diary: Diary, market: Market, home: Home) -> list[tuple[Person, list[people.Doing]]]:
    login, _ = home.first_login()
    operator = Party("operator", "", "Zayton", login.email, login.password)
    parties = {
        kind: [await people.register(client, diary, market, kind) for _ in range(number)]
        for kind, number in (("university", 3), ("company", 3), ("broker", 1))
    }
    doings = {"university": people.UNIVERSITY, "company": people.COMPANY, "broker": people.BROKER}
    everybody = [(party, doings[kind]) for kind, some in parties.items() for party in some]
    everybody += [(operator, people.OPERATOR), (operator, people.VISITOR), (operator, people.VISITOR)]
    for party, _ in everybody:
        await client.sign_in(party)
    return [(Person(client, diary, market, party), some) for party, some in everybody]


def _until_quiet(hall: HallProcess, run: Run) -> None:
    began = time.monotonic()
    while time.monotonic() - began < QUIET_WITHIN_S:
        with suppress(Exception):  # parts of the hall may still be coming back
            if not unheard(status_now(hall)):
                run.quiet_after_s = round(time.monotonic() - began, 1)
                return
        time.sleep(1)


def _noise(hall: HallProcess) -> str:
    try:
        return "; ".join(map(str, unheard(status_now(hall))))
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what keeps the hall from being quiet
        return repr(error)


def _table(run: Run) -> Table:
    figures = run.figures()
    table = Table("figure", "value", "goal", "")
    for name, goal in (("requests", ""), ("attempts", ""), ("effects", ""), ("faults", "")):
        table.add_row(name, f"{figures[name]:,}", goal, "")
    for name in ("lost", "doubled", "unwanted"):
        table.add_row(name, f"{figures[name]}", "0", "met" if figures[name] == 0 else "[bold]missed[/]")
    others = len(run.findings.others)
    table.add_row("other findings", f"{others}", "0", "met" if others == 0 else "[bold]missed[/]")
    table.add_row("quiet after", f"{run.quiet_after_s} s", "", "")
    return table


def _latencies(run: Run) -> Table:
    table = Table("request", "p95, faults included", "how many")
    for kind, p95 in run.figures()["p95_ms"].items():
        table.add_row(kind, f"{p95:,} ms", f"{len(run.diary.latencies_ms[kind]):,}")
    return table


def _memory(run: Run) -> Table:
    table = Table("memory of", "warm", "at the end", "over", "growth")
    for name, grown in run.figures()["memory"].items():
        sizes = (f"{grown['first_mb']} MB", f"{grown['last_mb']} MB", f"{grown['minutes']} min")
        table.add_row(name, *sizes, f"{grown['mb_per_minute']:+} MB/min")
    return table


if __name__ == "__main__":
    main()
