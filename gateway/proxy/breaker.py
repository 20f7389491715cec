"""Circuit breaker: a service that does not answer is left alone for a while, and then asked once.

Written here because the libraries at hand either know no asyncio (pybreaker) or let every waiting request through when
half open (purgatory), which is what a service that just came back does not need.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass
class Breaker:
    """Opens after `failures` in a row, for `open_s` seconds. No locks: one event loop, no await inside."""

    failures: int = 5
    open_s: float = 10.0
    clock: Callable[[], float] = time.monotonic
    _failed: int = field(default=0, init=False)
    _opened_at: float | None = field(default=None, init=False)
    _probing: bool = field(default=False, init=False)

    @property
    def state(self) -> State:
        if self._opened_at is None:
            return State.CLOSED
        return State.HALF_OPEN if self._remaining() <= 0 else State.OPEN

    def refuses_for(self) -> float:
        """Seconds for which a request is refused; 0 lets it through. A request let through must be reported back."""
        if self._opened_at is None:
            return 0.0
        remaining = self._remaining()
        if remaining > 0:
            return remaining
        if self._probing:
            return 1.0
        self._probing = True
        return 0.0

    def succeeded(self) -> None:
        self._failed, self._opened_at, self._probing = 0, None, False

    def failed(self) -> None:
        self._failed += 1
        self._probing = False
        if self._opened_at is not None or self._failed >= self.failures:
            self._opened_at = self.clock()

    def abandoned(self) -> None:
        """The request ended without a verdict on the service, such as by a caller who hung up."""
        self._probing = False

    def _remaining(self) -> float:
        assert self._opened_at is not None
        return self._opened_at + self.open_s - self.clock()
