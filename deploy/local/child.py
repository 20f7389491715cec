"""A program that the hall starts: it writes to a log file, and does not outlive the hall, however that ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson
import psutil

LAUNCHER = Path(__file__).with_name("launch.py")
Ready = Callable[[], Awaitable[bool]]
LOG_LIMIT = 5_000_000  # bytes; a larger log is moved aside at the next start


class CannotStart(Exception):
    """A server could not be started. The text says why and what to do about it, for the person at the terminal."""


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int


@dataclass(frozen=True)
class EndSignals:
    """How a program is told to end: when asked to, when that took too long, and when the hall died under it."""

    polite: int = signal.SIGTERM
    final: int = signal.SIGKILL
    orphan: int = signal.SIGKILL
    patience_s: float = 10


class Child:
    """One program under the hall's care. `home` is ZAYTON_HOME: logs/NAME.log and run/NAME.json are kept there."""

    def __init__(self, name: str, home: Path, ends: EndSignals | None = None) -> None:
        self.name = name
        self.log = home / "logs" / f"{name}.log"
        self._note = home / "run" / f"{name}.json"
        self._ends = ends or EndSignals()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spawn(
        self,
        command: Sequence[str | Path],
        *,
        account: Account | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start `command`, as another user if `account` is given.

        Call it from a thread that lives as long as the hall: Linux ties the child to the thread that started it.
        """
        account = account or Account(0, 0)
        launch = [os.getpid(), self._ends.orphan, account.uid, account.gid]
        self._note.parent.mkdir(parents=True, exist_ok=True)
        with open_log(self.log) as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", LAUNCHER, *map(str, launch), *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl-C reaches the hall alone, which then stops its children in order
            )
        self._note.write_bytes(orjson.dumps({"pid": self._process.pid, "created": _created(self._process.pid)}))

    async def stop(self) -> None:
        """End the program and wait until it is gone. Does nothing when it is not running."""
        if self._process is not None:
            await _end(psutil.Process(self._process.pid) if self.running() else None, self._ends)
            self._process.wait()
            self._process = None
        self._note.unlink(missing_ok=True)

    async def end_orphan(self) -> None:
        """End what an earlier hall that was killed left running."""
        try:
            note = orjson.loads(self._note.read_bytes())
            orphan = psutil.Process(note["pid"])
            # Process ids are used again: only the same start time makes it the same process.
            same = abs(_created(orphan.pid) - note["created"]) < 1
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError, psutil.Error):
            return
        if same:
            await _end(orphan, self._ends)

    def _last_words(self, lines: int = 12) -> str:
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8_192))
            end = log.read().decode(errors="replace").splitlines()[-lines:]
        return "\n".join([f"The end of {self.log}:", *end])

    async def until(self, ready: Ready, *, within_s: float) -> None:
        """Wait until `ready()` is true. When the program ends or is too slow it is stopped, and CannotStart raised."""
        try:
            await self._wait_for(ready, time.monotonic() + within_s)
        except BaseException:
            await self.stop()
            raise

    async def _wait_for(self, ready: Ready, deadline: float) -> None:
        while not await ready():
            if not self.running():
                raise CannotStart(f"{self.name} ended while starting. {self._last_words()}")
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.name} took too long to start. {self._last_words()}")
            await asyncio.sleep(0.05)


def open_log(path: Path) -> BinaryIO:
    """A log file to append to. One that grew large is moved aside first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def free_port(wanted: int | None = None) -> int:
    """A port of 127.0.0.1 that nobody listens on: `wanted` where it is free, else any."""
    for port in (wanted, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotStart("No port of 127.0.0.1 is free.")


def answers(port: int) -> bool:
    """Whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _created(pid: int) -> float:
    return float(psutil.Process(pid).create_time())


async def _end(process: psutil.Process | None, ends: EndSignals) -> None:
    if process is None:
        return
    for signal_number, patience_s in ((ends.polite, ends.patience_s), (ends.final, 10)):
        try:
            process.send_signal(signal_number)
        except psutil.NoSuchProcess:
            return
        if await _gone(process, patience_s):
            return
    raise CannotStart(f"Process {process.pid} does not end. Stop it by hand: kill -9 {process.pid}")


async def _gone(process: psutil.Process, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        # A zombie has ended; its parent collects it later.
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        await asyncio.sleep(0.02)
    return False
