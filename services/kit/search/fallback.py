"""Search that degrades and does not fail: when the first adapter does not answer, the second does, in the same call."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import structlog

from services.kit.search import metrics
from services.kit.search.port import Finder, Hit, Results, Search, SearchQuery, Suggestion

log = structlog.get_logger()

T = TypeVar("T")


class Breaker:
    """Open after `failures` in a row, so that nobody waits for what does not answer; one caller tries again after a
    pause, which doubles until it answers.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        pause_s: float = 1.0,
        longest_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._first_pause_s = pause_s
        self._longest_s = longest_s
        self._clock = clock
        self._failed = 0
        self._pause_s = pause_s
        self._try_at = 0.0

    def lets_through(self) -> bool:
        if self._failed < self._failures:
            return True
        if self._clock() < self._try_at:
            return False
        # This caller tries; the others go on without until it knows.
        self._try_at = self._clock() + self._pause_s
        return True

    def succeeded(self) -> None:
        self._failed = 0
        self._pause_s = self._first_pause_s

    def failed(self) -> None:
        self._failed += 1
        if self._failed == self._failures:
            self._try_at = self._clock() + self._pause_s
        elif self._failed > self._failures:
            self._pause_s = min(self._pause_s * 2, self._longest_s)
            self._try_at = self._clock() + self._pause_s

    @property
    def is_open(self) -> bool:
        return self._failed >= self._failures


class FallbackSearch:
    """Asks `first`; where it raises OSError, as all adapters do that do not answer, `second`. Results tell by whom."""

    def __init__(self, index: str, first: Finder, second: Search, breaker: Breaker | None = None) -> None:
        self._index = index
        self._first = first
        self._second = second
        self._breaker = breaker or Breaker()

    async def search(self, query: SearchQuery) -> Results:
        started = time.perf_counter()
        results = await self._either(lambda search: search.search(query))
        metrics.SEARCHES.labels(self._index, results.answered_by).observe(time.perf_counter() - started)
        return results

    async def suggest(
        self, text: str, *, limit: int = 8, filters: Mapping[str, Sequence[str]] | None = None
    ) -> list[Suggestion]:
        return await self._either(lambda search: search.suggest(text, limit=limit, filters=filters))

    async def similar(
        self, document_id: UUID, *, limit: int = 8, filters: Mapping[str, Sequence[str]] | None = None
    ) -> Sequence[Hit]:
        return await self._second.similar(document_id, limit=limit, filters=filters)

    async def _either(self, ask: Callable[[Finder], Awaitable[T]]) -> T:
        if not self._breaker.lets_through():
            metrics.FALLBACKS.labels(self._index, "breaker").inc()
            return await ask(self._second)
        try:
            answer = await ask(self._first)
        except OSError as error:
            self._breaker.failed()
            reason = str(getattr(error, "reason", type(error).__name__))
            metrics.FALLBACKS.labels(self._index, reason).inc()
            log.warning("search_falls_back", index=self._index, reason=reason, error=str(error))
            return await ask(self._second)
        self._breaker.succeeded()
        return answer
