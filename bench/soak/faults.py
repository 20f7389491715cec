"""What befalls the hall: a process of it killed with -9, asked to end, or held still; the broker; the database."""

import asyncio
import json
import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

Say = Callable[[str], None]

# Fault → how often among all.
KINDS = {"kill a process": 5, "end a process": 2, "hold a process": 2, "kill kafka": 2, "restart postgres": 2}
HELD_S = 8.0


class Faults:
    """`counts` by kind, `log` as they happened."""

    def __init__(self, home: Path, say: Say) -> None:
        self._home = home
        self._say = say
        self._deck: list[str] = []
        self.counts: Counter[str] = Counter()
        self.names: Counter[str] = Counter()

    async def go_on(self, enough: asyncio.Event, every_s: float) -> None:
        while not enough.is_set():
            try:
                async with asyncio.timeout(every_s):
                    await enough.wait()
            except TimeoutError:
                await self.one()

    async def one(self) -> None:
        """The next fault of a shuffled deck, so that a short run meets each kind."""
        if not self._deck:
            self._deck = [kind for kind, number in KINDS.items() for _ in range(number)]
            random.shuffle(self._deck)
        kind = self._deck.pop()
        name = {"kill kafka": "kafka", "restart postgres": "postgres"}.get(kind) or random.choice(self._processes())
        process = self._process(name)
        if process is None:
            self._say(f"{name} is being started just now; no fault this time")
            return
        self._say(f"fault: {kind} ({name})")
        self.counts[kind] += 1
        self.names[name] += 1
        await self._strike(kind, process)

    async def _strike(self, kind: str, process: psutil.Process) -> None:
        try:
            if kind == "hold a process":
                process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(HELD_S)
                process.send_signal(signal.SIGCONT)
            elif kind == "end a process":
                process.send_signal(signal.SIGTERM)
            elif kind == "restart postgres":
                # SIGINT ends all sessions and writes everything down; SIGQUIT leaves the rest to recovery.
                process.send_signal(random.choice((signal.SIGINT, signal.SIGQUIT)))
            else:
                process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            self._say("it was gone already")

    def _processes(self) -> list[str]:
        return sorted(
            path.stem for path in (self._home / "run").glob("*.json") if path.stem.endswith(("-api", "-worker"))
        )

    def _process(self, name: str) -> psutil.Process | None:
        try:
            note = json.loads((self._home / "run" / f"{name}.json").read_bytes())
            return psutil.Process(note["pid"])
        except (FileNotFoundError, json.JSONDecodeError, psutil.NoSuchProcess):
            return None


class Memory:
    """Sizes of the hall's processes over the run, in MB."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen: dict[tuple[str, int], list[tuple[float, float]]] = {}

    async def watch(self, enough: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not enough.is_set():
            for path in (self._home / "run").glob("*.json"):
                self._look(path, loop.time())
            try:
                async with asyncio.timeout(5):
                    await enough.wait()
            except TimeoutError:
                continue

    def _look(self, path: Path, now: float) -> None:
        try:
            pid = json.loads(path.read_bytes())["pid"]
            process = psutil.Process(pid)
            total = sum(map(_share, (process, *process.children(recursive=True))))
        except (FileNotFoundError, json.JSONDecodeError, psutil.Error):
            return
        if total:  # one that has just been killed has nothing any more
            self._seen.setdefault((path.stem, pid), []).append((now, total / 2**20))

    def growth(self) -> dict[str, dict[str, float]]:
        """Of the life of each process that was longest without a fault: its length, size a while after the start and at
        the end, and growth a minute between.
        """
        longest: dict[str, list[tuple[float, float]]] = {}
        for (name, _), series in self._seen.items():
            if len(series) > len(longest.get(name, [])):
                longest[name] = series
        return {name: _growth(series) for name, series in sorted(longest.items())}


def _share(process: psutil.Process) -> float:
    """Pages that several processes share count in parts (PSS), where the system tells; else the resident set."""
    memory = process.memory_full_info()
    return float(getattr(memory, "pss", 0) or memory.rss)


def _growth(series: list[tuple[float, float]]) -> dict[str, float]:
    # The first quarter is warming up: pools fill, code is loaded.
    steady = series[len(series) // 4 :]
    (began, first), (ended, last) = steady[0], steady[-1]
    minutes = (ended - began) / 60
    return {
        "minutes": round((series[-1][0] - series[0][0]) / 60, 1),
        "first_mb": round(first, 1),
        "last_mb": round(last, 1),
        "mb_per_minute": round((last - first) / minutes, 2) if minutes else 0.0,
    }
