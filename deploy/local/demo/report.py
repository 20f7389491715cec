"""What the demo shows, for people or as one JSON object per step.

Results go to standard output, progress to standard error.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.kit.messages import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "messages.toml")


class Failed(Exception):
    """The demo cannot go on. The message is for the person at the terminal, in their language."""


class Report:
    def __init__(self, language: str, *, as_json: bool) -> None:
        self.language = language
        self._as_json = as_json
        self._out = Console(highlight=False)
        self._progress = Console(stderr=True)
        self._begun = self._step_begun = time.monotonic()

    def text(self, key: str, /, **params: Any) -> str:
        return TEXTS.text(key, self.language, **params)

    def failure(self, key: str, /, **params: Any) -> Failed:
        """The exception to raise."""
        return Failed(self.text(f"failed.{key}", **params))

    def step(self, name: str, identity: str, /, **facts: Any) -> None:
        """A step is done: `identity` is the id of what it made, `facts` fill its text and are in the JSON."""
        now = time.monotonic()
        took_s, total_s = now - self._step_begun, now - self._begun
        self._step_begun = now
        if self._as_json:
            line = {"step": name, "id": identity, "elapsed_s": round(took_s, 3), "total_s": round(total_s, 3), **facts}
            print(orjson.dumps(line).decode(), flush=True)
            return
        text = escape(self.text(f"step.{name}", **facts))
        self._out.print(f"[green]✔[/] {took_s:7.2f} s  [bold]{text}[/]  [dim]{escape(identity)}[/]", soft_wrap=True)

    def detail(self, text: str) -> None:
        """A line under the last step, for people alone."""
        if not self._as_json:
            self._out.print(f"             {escape(text)}", soft_wrap=True)

    def failed(self, message: str) -> None:
        if self._as_json:
            total_s = round(time.monotonic() - self._begun, 3)
            print(orjson.dumps({"step": "failed", "message": message, "total_s": total_s}).decode(), flush=True)
        self._progress.print(f"[red]✘[/] {escape(message)}", soft_wrap=True)

    @contextmanager
    def bar(self, key: str, total: int) -> Iterator["Bar"]:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._progress, transient=True) as progress:
            yield Bar(progress, progress.add_task(self.text(f"progress.{key}"), total=total))


class Bar:
    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress = progress
        self._task = task

    def at(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)
