"""Work that goes on in the background of a service, step by step, each step a transaction of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from services.kit.db import Database


async def woken(work: asyncio.Event, within_s: float = 1) -> None:
    """Wait until `work` is set, or for so long. (asyncio.wait_for of Python 3.11 may swallow a cancellation here.)"""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await work.wait()


@dataclass(frozen=True)
class Job:
    """`step` does a bounded piece of work and returns True where more waits. Repeating it after a crash is safe."""

    name: str
    step: Callable[[Database], Awaitable[bool]]

    async def run(self, database: Database, work: asyncio.Event) -> None:
        """Step while there is work; then wait to be woken, looking once a second in case a wake-up was lost."""
        while True:
            work.clear()
            more = True
            while more:
                more = await self.step(database)
            await woken(work)
