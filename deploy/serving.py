"""Serves an ASGI app on a bound socket for the length of a block."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # whoever serves decides what a signal means


async def _nothing() -> None:
    return


@asynccontextmanager
async def serving(
    app: ASGIApp, bound: socket.socket, *, before_stop: Callable[[], Awaitable[None]] = _nothing
) -> AsyncIterator[None]:
    """Serve for the length of the block. On the way out running requests are finished, for at most eight seconds."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # by default it believes whoever calls from this machine; the gateway knows better
        timeout_keep_alive=65,
        timeout_graceful_shutdown=8,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound]), name="web")
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the web server ended while starting; its log says why")
            await asyncio.sleep(0.01)
        yield
    finally:
        await before_stop()
        server.should_exit = True
        await task
