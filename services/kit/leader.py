"""Relay, timers and jobs run in one worker of a service at a time: the one that holds an advisory lock.

The lock lives on a connection of its own, which also hears the wake-ups. When it is lost, all that was led stops at
once, and whichever worker gets the lock next goes on from the tables.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import structlog
from sqlalchemy.engine import make_url

from services.kit import telemetry
from services.kit.db import Database

log = structlog.get_logger()

Duty = Callable[[asyncio.Event], Awaitable[None]]


class LeadershipLost(ConnectionError):
    """The connection that held the lock is gone."""


class Leader:
    def __init__(self, service: str, database: Database, duties: Sequence[Duty]) -> None:
        self._service = service
        self._database = database
        self._duties = duties
        self.leading = False

    async def run(self) -> None:
        """Lead whenever this worker can, until cancelled. A duty that fails is started anew, alone, after a pause."""
        while True:
            try:
                await self._lead_once()
            except Exception as error:  # noqa: BLE001  # whatever it is, a worker that no longer tries would go unseen
                log.warning("leader_retries", service=self._service, error=repr(error))
            finally:
                self.leading = False
                telemetry.forget_what_a_leader_measures(self._service)
            await asyncio.sleep(1)

    async def _lead_once(self) -> None:
        url = make_url(self._database.url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(url, server_settings=self._database.server_settings, timeout=10)
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended(current_schema(), 0))"):
                return
            self.leading = True
            log.info("leading", service=self._service)
            wakeups = [asyncio.Event() for _ in self._duties]

            def wake(*_notification: object) -> None:
                for event in wakeups:
                    event.set()

            await connection.add_listener(f"{self._database.schema}_work", wake)
            async with asyncio.TaskGroup() as group:
                for duty, event in zip(self._duties, wakeups, strict=True):
                    group.create_task(self._keep(duty, event))
                group.create_task(_watch(connection))
        except* LeadershipLost:
            log.warning("leadership_lost", service=self._service)
        finally:
            connection.terminate()

    async def _keep(self, duty: Duty, work: asyncio.Event) -> None:
        delay = 0.2
        while True:
            try:
                await duty(work)
            except Exception as error:  # noqa: BLE001  # whatever it is, the duty goes on; the log tells of it
                log.warning("duty_restarts", service=self._service, error=repr(error), delay_s=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)


async def _watch(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Raise LeadershipLost once the server no longer answers on the lock's connection."""
    while True:
        await asyncio.sleep(1)
        try:
            await asyncio.wait_for(connection.execute("SELECT 1"), timeout=5)
        except Exception as error:
            # A server that is restarted also leaves the driver in states that have no error class of their own.
            raise LeadershipLost from error
