"""`zayton up`: starts the hall, says how far it is and where it is, and keeps it until asked to stop."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from deploy.local.child import CannotStart, open_log
from deploy.local.hall import Ready, Wanted, hall
from deploy.local.home import Home
from deploy.local.server import Progress
from deploy.web import STOP_SIGNALS, loop_factory, settled


def run(console: Console, wanted: Wanted) -> int:
    """Run a hall until SIGINT, SIGTERM or SIGHUP. Returns the exit code."""
    home = Home()
    began = time.monotonic()

    def say(message: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {escape(message)}", soft_wrap=True)

    try:
        with _logs_in(home.log), asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_until_stopped(home, wanted, console, say))
    except CannotStart as error:
        console.print(f"\n[bold red]The hall cannot start.[/] {escape(str(error))}", soft_wrap=True)
        return 1
    say("Stopped")
    return 0


async def _until_stopped(home: Home, wanted: Wanted, console: Console, say: Progress) -> None:
    """A signal cancels whatever goes on, be it starting or running, and all that was started is stopped on the way out.

    Further signals change nothing: half-stopped servers would be worse than a moment of patience.
    """
    this = asyncio.current_task()
    assert this is not None
    loop = asyncio.get_running_loop()
    asked: list[int] = []

    def stop(number: int) -> None:
        if not asked:
            this.cancel()
        asked.append(number)

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        async with hall(home, wanted, say) as ready:
            settled()
            console.print(_welcome(home, ready))
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        if not asked:
            raise


def _welcome(home: Home, ready: Ready) -> Panel:
    rows = Table.grid(padding=(0, 2))
    url = ready.running.base_url
    rows.add_row("Pages", f"{url}/")
    rows.add_row("API", f"{url}/api/v1")
    rows.add_row("Description", f"{url}/api/v1/openapi.json")
    if ready.login and ready.login_is_new:
        rows.add_row("First login", f"{ready.login.email}   {ready.login.password}")
        rows.add_row("", f"shown once; kept in {_short(home.login_file)} for your eyes only")
    elif ready.login:
        rows.add_row("First login", f"{ready.login.email}   password in {_short(home.login_file)}")
    rows.add_row("Logs", _short(home.log.parent))
    rows.add_row("Try", "zayton demo   zayton status   (Ctrl-C here stops the hall)")
    return Panel(rows, title=f"Zayton is ready after {ready.started_in_s:.1f} s", expand=False)


def _short(path: Path) -> str:
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


@contextmanager
def _logs_in(path: Path) -> Iterator[None]:
    """Send standard error to a file while the hall runs, so that its log does not run through what people read."""
    sys.stderr.flush()
    before = os.dup(2)
    with open_log(path) as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(before, 2)
        os.close(before)
