"""A member of a consumer group as a process: python -m tests.support.member NAME SCHEMA CRASH

It ends by SIGTERM, or kills itself with -9 where CRASH says:
`effect`   after an effect was written, before its transaction is committed;
`commit`   after the transaction was committed, before Kafka hears of it;
`never`    not at all.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.consumer import Consumer, Received
from services.kit.db import Database
from services.kit.inbox import Event, Handlers
from services.kit.settings import Settings
from services.kit.worker import working
from tests.support.events import recorder


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after_the_effect() -> None:
    handle = Handlers.handle

    async def handle_and_die(self: Handlers, session: AsyncSession, events: Sequence[Event[object]]) -> None:
        await handle(self, session, events)
        if events:
            die()

    Handlers.handle = handle_and_die  # type: ignore[method-assign, assignment]  # what a crash there would do


def die_after_the_commit() -> None:
    work_off = Consumer._work_off  # no public way leads between the two

    async def work_off_and_die(self: Consumer, received: list[Received]) -> None:
        await work_off(self, received)
        if received:
            die()

    Consumer._work_off = work_off_and_die  # type: ignore[method-assign]  # what a crash there would do


async def main() -> None:
    name, schema, crash = sys.argv[1:]
    settings = Settings()
    {"effect": die_after_the_effect, "commit": die_after_the_commit, "never": lambda: None}[crash]()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    database = Database(settings.database_url.get_secret_value(), schema, pool_size=3)
    async with working(recorder(name, database, "process"), settings):
        await ended.wait()
    await database.close()


asyncio.run(main())
