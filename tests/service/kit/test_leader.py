"""Whatever becomes of the connection that holds the lock, a worker tries to lead again."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from services.kit.db import Database
from services.kit.leader import Leader


@pytest.mark.parametrize("fault", [asyncpg.InternalClientError("cannot switch to state 15"), OSError(), ValueError()])
async def test_what_is_led_is_led_again_after_any_fault(
    database: Database, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: asyncio.Queue[None] = asyncio.Queue()
    faults, execute = [fault], asyncpg.Connection.execute

    async def fail_once(self: Any, *arguments: Any) -> Any:
        if faults:
            raise faults.pop()
        return await execute(self, *arguments)

    async def duty(_work: asyncio.Event) -> None:
        starts.put_nowait(None)
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncpg.Connection, "execute", fail_once)
    leading = asyncio.create_task(Leader("kit", database, [duty]).run())
    async with asyncio.timeout(30):
        await starts.get()
        await starts.get()
    leading.cancel()
    with suppress(asyncio.CancelledError):
        await leading
