"""What operators see of search."""

from prometheus_client import Counter, Gauge, Histogram

SEARCHES = Histogram(
    "zayton_search_seconds",
    "Searches by what answered them",
    ["index", "answered_by"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)
FALLBACKS = Counter("zayton_search_fallbacks", "Searches that PostgreSQL answered for another", ["index", "reason"])
MIRROR_WAITING = Gauge("zayton_search_mirror_waiting", "Changes that Meilisearch has not heard of", ["index"])
MIRROR_LAG = Gauge("zayton_search_mirror_lag_seconds", "Age of the oldest of these changes", ["index"])
MIRROR_FAILURES = Counter("zayton_search_mirror_failures", "Batches that Meilisearch did not take", ["index", "reason"])
