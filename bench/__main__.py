"""`make bench`: measures, prints a table, writes bench/results/latest.json. `--only events hall` picks parts."""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "latest.json"
# Figure → (goal, whether less is better). Those without a goal are printed for comparison.
GOALS = {
    "relay_ratio": (0.5, False),
    "consume_ratio": (0.5, False),
    "gateway_ratio": (1.5, True),
    "publish_to_match_p95_ms": (1_000, True),
    "search_p95_ms": (30, True),
    "search_p95_ms_200k": (80, True),
    "meilisearch_ratio": (1.3, True),
    "meilisearch_ratio_200k": (1.3, True),
    "typo_top3": (0.95, False),
    "typo_top3_200k": (0.95, False),
    "number_spellings": (1.0, False),
    "publish_to_searchable_p95_ms": (1_000, True),
    "ledger_ratio": (0.5, False),
    "start_s": (12, True),
    "rss_mb": (700, True),
    "page_p95_ms_home": (60, True),
    "page_p95_ms_results": (150, True),
    "page_p95_ms_listing": (60, True),
}
Say = Callable[[str], None]


# Modules of this package, each with `measure(folder, say)`: an empty folder of its own, and where to tell of progress.
PARTS = {
    "events": "events",
    "hall": "hall",
    "matching": "matching_quality",
    "search": "search",
    "notify": "notify",
    "documents": "documents",
    "pages": "pages",
    "money": "money",
}


def measure(part: str, say: Say) -> dict[str, float]:
    module = import_module(f"bench.{PARTS[part]}")
    with tempfile.TemporaryDirectory(prefix="zayton-bench-", ignore_cleanup_errors=True) as folder:
        figures: dict[str, float] = module.measure(Path(folder), say)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure")
    wanted = parser.parse_args().only
    console = Console()
    began = time.monotonic()
    figures: dict[str, float] = {}
    for name in wanted:
        console.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {name}")
        figures |= measure(name, lambda text: console.print(f"[dim]{time.monotonic() - began:6.0f} s    {text}[/]"))
    console.print(_table(figures))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    about = {"measured_at": datetime.now(UTC).isoformat(), "cores": os.cpu_count(), "load_1min": os.getloadavg()[0]}
    RESULTS.write_text(json.dumps({**figures, "about": about}, indent=2) + "\n", encoding="utf-8")
    console.print(f"Written to {RESULTS.relative_to(Path(__file__).parents[1])}")


def _table(figures: dict[str, float]) -> Table:
    table = Table("figure", "value", "goal", "")
    for name, value in figures.items():
        goal, less_is_better = GOALS.get(name, (None, False))
        met = goal is None or (value <= goal if less_is_better else value >= goal)
        verdict = "" if goal is None else "met" if met else "[bold]missed[/]"
        sign = "≤" if less_is_better else "≥"
        table.add_row(
            name, f"{value:,.3g}" if value < 100 else f"{value:,.0f}", f"{sign} {goal}" if goal else "", verdict
        )
    return table


if __name__ == "__main__":
    main()
