"""The newest rows of the stream in memory, read once for all connections of this process.

A connection that keeps up is served from here; one that resumes from further back, or reads slowly, from the database,
page by page. So a connection holds one page at most, however slow its reader is.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway.stream.store import resume, rows_after, visible_after
from gateway.tables import StreamRow
from services.kit.db import Database

log = structlog.get_logger()

PAGE = 200
_LOOK_ANYWAY_S = 2.0  # in case a wake-up was lost


class Tail:
    def __init__(self, database: Database, *, capacity: int = 2_000) -> None:
        self._database = database
        self._rows: deque[StreamRow] = deque(maxlen=capacity)
        self._complete_after = 0  # all rows above this number, up to `newest`, are in memory
        self.newest = 0
        self._new = asyncio.Condition()
        self._wake = asyncio.Event()
        self._ready = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self.closed = False

    async def ready(self) -> None:
        """Start with the first connection, and wait until the newest number is known."""
        if self._reading is None and not self.closed:
            self._reading = asyncio.create_task(self._read_on(), name="gateway-stream")
        await self._ready.wait()

    async def after(self, last: int, audiences: Collection[UUID]) -> tuple[list[StreamRow], int]:
        """The next page of rows that `audiences` may see, and the number up to which all was looked at."""
        newest = self.newest
        if last >= self._complete_after:
            start = bisect_right(self._rows, last, key=lambda row: row.id)
            looked_at = [self._rows[place] for place in range(start, min(start + PAGE, len(self._rows)))]
            rows = [row for row in looked_at if row.audience is None or row.audience in audiences]
            return rows, looked_at[-1].id if looked_at else last
        async with self._database.transaction() as session:
            rows = await visible_after(session, last, audiences, limit=PAGE)
        return rows, rows[-1].id if len(rows) == PAGE else max(newest, last, *(row.id for row in rows))

    async def wait(self, last: int, timeout_s: float) -> bool:
        """Whether there is something after `last` within the time. False also when the hall closes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._new:
                await self._new.wait_for(lambda: self.newest > last or self.closed)
        return self.newest > last

    async def hang_up(self) -> None:
        """Let all connections end: a server that stops waits for them."""
        self.closed = True
        async with self._new:
            self._new.notify_all()

    async def close(self) -> None:
        await self.hang_up()
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def _read_on(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError) as error:
                log.warning("stream_waits_for_database", error=repr(error))
                await asyncio.sleep(1)

    async def _listen(self) -> None:
        url = make_url(self._database.url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection: Any = await asyncpg.connect(url, server_settings=self._database.server_settings, timeout=10)
        try:
            await connection.add_listener(f"{self._database.schema}_stream", lambda *_: self._wake.set())
            if not self._ready.is_set():
                await self._start_at_newest()
            while not connection.is_closed():
                self._wake.clear()
                while await self._read_page():
                    pass
                # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_ANYWAY_S):
                        await self._wake.wait()
        finally:
            connection.terminate()

    async def _start_at_newest(self) -> None:
        async with self._database.transaction() as session:
            self.newest = self._complete_after = (await resume(session)).newest
        self._ready.set()

    async def _read_page(self) -> bool:
        """Read what is new. Returns whether there may be more."""
        async with self._database.transaction() as session:
            rows = await rows_after(session, self.newest, limit=PAGE)
        if rows:
            for row in rows:
                if len(self._rows) == self._rows.maxlen:
                    self._complete_after = self._rows[0].id
                self._rows.append(row)
            async with self._new:
                self.newest = rows[-1].id
                self._new.notify_all()
        return len(rows) == PAGE
