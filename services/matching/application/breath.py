import asyncio
import time

LONGEST_S = 0.005


class Breath:
    """Long computation on the event loop, giving way to others every few milliseconds.

    A thread would be no kinder: while it computes, the loop waits 5 ms for the interpreter at each of its own steps.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()

    async def take(self) -> None:
        if time.monotonic() - self._since > LONGEST_S:
            await asyncio.sleep(0)
            self._since = time.monotonic()
