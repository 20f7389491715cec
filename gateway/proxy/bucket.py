"""Token buckets: `burst` requests at once, then `rate` a second, for each key."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    allowed: bool
    remaining: int
    reset_s: int  # until the next token if refused, else until the bucket is full again


@dataclass
class Buckets:
    """Held by this process. Of more than `keys` callers the longest silent one is forgotten, that is, refilled."""

    rate: float
    burst: int
    keys: int = 50_000
    clock: Callable[[], float] = time.monotonic
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, init=False)

    def take(self, key: str) -> Verdict:
        now = self.clock()
        level, at = self._levels.get(key, (float(self.burst), now))
        level = min(self.burst, level + (now - at) * self.rate)
        allowed = level >= 1
        if allowed:
            level -= 1
        self._levels[key] = (level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > self.keys:
            self._levels.popitem(last=False)
        missing = (self.burst - level) if allowed else (1 - level)
        return Verdict(allowed, int(level), math.ceil(missing / self.rate))
