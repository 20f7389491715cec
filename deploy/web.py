"""What every process that serves needs, whatever it serves: its port, its event loop, the signals to stop."""

import asyncio
import errno
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Signals by which a terminal, a supervisor or a person asks a process to end.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PortTaken(OSError):
    """Somebody else listens there."""


def listener(host: str, port: int) -> socket.socket:
    """A socket bound to host:port that takes no connections yet. Raises PortTaken."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(error.errno, f"port {port} of {host} is in use") from error
        raise
    return bound


@asynccontextmanager
async def stop_signals() -> AsyncIterator[asyncio.Event]:
    """An event that is set when the process is asked to stop."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield stopping
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


def loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """The faster event loop where there is one: half the processor time per request."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.Loop


def settled() -> None:
    """What is loaded by now stays: garbage is no longer looked for in it, and less often in what comes.

    A consumer makes many objects for every event, and with Python's own thresholds they make it look through everything
    the process has loaded, again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
