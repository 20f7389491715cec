"""Starts servers in order, brings back those that die, and stops all of them in reverse order."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import starmap
from typing import Self

from deploy.local.server import Progress, Server, silent


@dataclass(frozen=True)
class Care:
    """How closely servers are watched, in seconds."""

    look_every_s: float = 0.2  # at the process, which costs next to nothing
    ask_every_s: float = 5.0  # the server itself
    answer_within_s: float = 15.0  # on a machine that is overloaded a healthy server is slow, and a restart no cure
    silent_for_s: float = 60.0  # a process that answers nothing for so long is started anew
    first_pause_s: float = 0.5  # between attempts to bring a server back, doubled each time
    longest_pause_s: float = 30.0
    steady_after_s: float = 60.0  # a server up for so long starts again without a pause


class Supervisor:
    """`async with Supervisor() as supervisor: await supervisor.start(server)`; on the way out all are stopped."""

    def __init__(self, *, say: Progress = silent, care: Care | None = None) -> None:
        self._say = say
        self._care = care or Care()
        self._groups: list[list[tuple[Server, asyncio.Task[None]]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.stop()

    async def start(self, *servers: Server) -> None:
        """Start servers together and keep them up. Raises CannotStart where one does not come up this first time."""
        group: list[tuple[Server, asyncio.Task[None]]] = []
        self._groups.append(group)
        # All are waited for, so that one that came up beside one that did not is known and stopped.
        results = await asyncio.gather(*(self._start_one(server, group) for server in servers), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def stop(self) -> None:
        """Stop what was started together together, the last started first. One that fails does not spare the others."""
        failures: list[BaseException] = []
        while self._groups:
            results = await asyncio.gather(*starmap(_let_go, self._groups.pop()), return_exceptions=True)
            failures += [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise BaseExceptionGroup("Servers did not stop", failures)

    async def _start_one(self, server: Server, group: list[tuple[Server, asyncio.Task[None]]]) -> None:
        await server.start()
        keeper = _Keeper(server, self._care, self._say)
        group.append((server, asyncio.create_task(keeper.run(), name=f"keep-{server.name}")))


async def _let_go(server: Server, keeping: asyncio.Task[None]) -> None:
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
    await server.stop()


class _Keeper:
    def __init__(self, server: Server, care: Care, say: Progress) -> None:
        self._server = server
        self._care = care
        self._say = say
        self._pause_s = 0.0
        self._up_since = self._answered = self._asked = time.monotonic()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._care.look_every_s)
            trouble = await self._trouble()
            if trouble:
                self._say(f"{self._server.name} {trouble}; starting it again")
                await self._bring_back()

    async def _trouble(self) -> str | None:
        if not self._server.running():
            return "ended"
        now = time.monotonic()
        if now - self._asked >= self._care.ask_every_s:
            if await self._answers():
                self._answered = time.monotonic()
            self._asked = time.monotonic()
        if self._asked - self._answered > self._care.silent_for_s:
            return "does not answer"
        return None

    async def _answers(self) -> bool:
        with suppress(Exception):  # whatever a health check meets, it is no answer
            async with asyncio.timeout(self._care.answer_within_s):
                return await self._server.alive()
        return False

    async def _bring_back(self) -> None:
        if time.monotonic() - self._up_since > self._care.steady_after_s:
            self._pause_s = 0.0
        back = False
        while not back:
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(max(self._pause_s * 2, self._care.first_pause_s), self._care.longest_pause_s)
            try:
                await self._server.restart()
                back = True
            except Exception as error:  # noqa: BLE001  # the person sees it, and we try again
                self._say(f"{self._server.name} is not back yet: {error}")
        self._up_since = self._answered = self._asked = time.monotonic()
        self._say(f"{self._server.name} is back")
