"""What people asked for and what they were told, so that afterwards every promise can be held against the tables."""

import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from deploy.local.demo.hall import Refused, Unreachable

SERVER_FAULT = 500


@dataclass
class Diary:
    """`accepted`, `refused` and `unanswered` hold, by kind of effect, the marks by which an effect is found."""

    accepted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unanswered: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    latencies_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refusals: Counter[str] = field(default_factory=Counter)
    faulty: list[str] = field(default_factory=list)  # answers that no caller deserves: 500 and the like
    requests: int = 0
    attempts: int = 0

    @asynccontextmanager
    async def asking(self, kind: str, mark: str | None = None) -> AsyncIterator[None]:
        """One request, however many attempts it takes. With `mark` its effect is looked for afterwards."""
        began = time.perf_counter()
        self.requests += 1
        try:
            yield
        except Refused as refusal:
            self.refusals[f"{kind}: {refusal.status} {refusal.slug}"] += 1
            if refusal.status >= SERVER_FAULT:
                self.faulty.append(str(refusal))
            if mark is not None:
                (self.unanswered if refusal.status >= SERVER_FAULT else self.refused)[kind].add(mark)
            raise
        except Unreachable:
            self.refusals[f"{kind}: no answer"] += 1
            if mark is not None:
                self.unanswered[kind].add(mark)
            raise
        except BaseException:
            if mark is not None:
                self.unanswered[kind].add(mark)  # broken off at the end of the run
            raise
        if mark is not None:
            self.accepted[kind].add(mark)
        self.latencies_ms[kind].append((time.perf_counter() - began) * 1000)

    @property
    def promised(self) -> int:
        return sum(map(len, self.accepted.values()))
