"""A whole hall as a user starts it, in a process of its own, on a folder and a port of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import orjson

from deploy.local.child import free_port
from deploy.local.home import Home
from deploy.local.status import HallStatus, status_of

PROJECT = Path(__file__).parents[2]
READY_WITHIN_S = 120.0


class HallProcess:
    """`zayton up`. The folder outlives it, so that it can be started again on the same data."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def database_url(self) -> str:
        return str(orjson.loads((self.home / "hall.json").read_bytes())["database_url"])

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def _log(self) -> Path:
        return self.home.parent / f"{self.home.name}.log"

    def output(self) -> str:
        """All it has said, over all its starts."""
        return self._log.read_text(encoding="utf-8")

    def start(self, *options: str, within_s: float = READY_WITHIN_S) -> None:
        """Start and wait until it is ready. Raises RuntimeError with its output where it is not."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command("up", *options), env=self._environment(), stdout=log, stderr=log)
        deadline = time.monotonic() + within_s
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the hall did not start: {self.output()[-3_000:]}")
            time.sleep(0.2)

    def kill(self) -> None:
        """As a power cut would: -9, no time to say goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As Ctrl-C does."""
        self._end(signal.SIGINT)

    def zayton(self, *arguments: str) -> "subprocess.Popen[str]":
        """Another command of `zayton` against this hall."""
        return subprocess.Popen(
            command(*arguments),
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def _end(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)
        if self._process:
            self._process.wait(60)

    def _is_ready(self) -> bool:
        # The gateway answers before the workers have joined; hall.json is written when all is up.
        if not (self.home / "hall.json").exists():
            return False
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).is_success
        except httpx.TransportError:
            return False

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(PROJECT), str(PROJECT / "proto")])
        ours = {"ZAYTON_HOME": str(self.home), "ZAYTON_PORT": str(self.port), "ZAYTON_URL": self.url}
        return {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", **ours}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from deploy.local.cli import main; main()", *arguments]


def finish(process: "subprocess.Popen[str]", within_s: float = 120) -> tuple[int, str]:
    """The exit code of a command, and all it said."""
    output, errors = process.communicate(timeout=within_s)
    return process.returncode, output + errors


def until_all_is_heard(hall: HallProcess, within_s: float = 120) -> None:
    """Wait until every service is well and has published all, and every consumer has read to the end."""
    deadline = time.monotonic() + within_s
    while found := unheard(status_now(hall)):
        assert time.monotonic() < deadline, found
        time.sleep(0.5)


def unheard(status: HallStatus) -> list[object]:
    return [
        *(
            each
            for each in status.services
            if not (each.api and each.worker) or each.outbox_backlog or each.dead_letters
        ),
        *(each for each in status.consumers if each.lag),
    ]


def status_now(hall: HallProcess) -> HallStatus:
    running = Home(hall.home).running()
    assert running
    return asyncio.run(status_of(running))
