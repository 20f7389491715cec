"""Checks what strangers hand in, in a process that may die of it: with little memory, and little processor time.

It is started when somebody asks, which takes a few seconds, and goes when nobody has asked for a while.
"""

import asyncio
import ctypes
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

from services.contract.domain.verdict import Fault, Verdict

_MEMORY = 1_500_000_000  # bytes of address space, libraries included
_PROCESSOR_S = 20
_IDLE_S = 120.0
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_MOST_WAITING = 8
_PDF, _ZIP = b"%PDF-", b"PK\x03\x04"


class TooBusy(Exception):
    """So many documents wait to be checked that another would wait too long."""


def kind_of(content: bytes) -> str | None:
    """pdf, evidence, or None for anything else. By content: a name says nothing."""
    # ISO 32000-1, annex H: readers take a header anywhere in the first kilobyte. A signed contract begins with it.
    return "pdf" if content.startswith(_PDF) else "evidence" if content.startswith(_ZIP) else None


def check(content: bytes, roots: str) -> Verdict:
    """In this process: for files of one's own. Blocking."""
    from services.contract.adapters.seals.bundle import check_bundle
    from services.contract.adapters.seals.checking import check_pdf, loaded_roots

    believed = loaded_roots(roots) if roots else []
    return (check_bundle if kind_of(content) == "evidence" else check_pdf)(content, believed)


class Sandbox:
    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0
        self._idle: asyncio.TimerHandle | None = None

    async def check(self, content: bytes, roots: str) -> Verdict:
        """Raises TooBusy."""
        if self._waiting >= _MOST_WAITING:
            raise TooBusy
        self._waiting += 1
        if self._idle:
            self._idle.cancel()
        pool = self._pool = self._pool or _new_pool()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(pool, _limited, content, roots)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            return Verdict(kind_of(content) or "", "", faults=(Fault("not-readable", {"reason": "limits"}),))
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._idle = loop.call_later(_IDLE_S, self.close)

    def close(self) -> None:
        pool, self._pool = self._pool, None
        if self._idle:
            self._idle.cancel()
        if pool:
            pool.shutdown(wait=False, cancel_futures=True)


def _new_pool() -> ProcessPoolExecutor:
    # A fork of a process with threads may deadlock; a process of its own also brings none of our secrets along.
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_confine)


def _confine() -> None:
    """At the start of the process: it has little memory, and goes when the one it works for is killed."""
    if sys.platform == "linux":
        parent = multiprocessing.parent_process()
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if parent is None or os.getppid() != parent.pid:
            os._exit(1)  # it was killed before we could ask to be told
    with suppress(ImportError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _limited(content: bytes, roots: str) -> Verdict:
    with suppress(ImportError):
        import resource

        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + _PROCESSOR_S, hard))
    return check(content, roots)
