"""Figures of documents, without a hall: one contract of middling length, as the service makes and signs it.

pdf_p50_ms      from the facts of a deal to its PDF/A
sign_p50_ms     one PAdES signature with the hall's own time-stamp
verify_per_s    documents with two signatures checked a second, on one processor
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from services.contract.adapters.papers.typeset import typeset
from services.contract.adapters.seals.checking import check_pdf, loaded_roots
from services.contract.adapters.seals.pades import Act, sign
from tests.unit.contract.paper_makers import authority, draft, facts, signed

ROUNDS = 30


def measure(_folder: Path, _say: Callable[[str], None]) -> dict[str, float]:
    """Raises RuntimeError where a document does not verify: a figure of broken work is none."""
    holders, roots, final = authority(), loaded_roots(authority().roots), signed()
    numbers = iter(range(10_000))

    def check() -> None:
        if not check_pdf(final, roots).good:
            raise RuntimeError("the document does not verify")

    return {
        # A number of its own each time, so that nothing remembered helps.
        "pdf_p50_ms": _p50_ms(lambda: typeset(facts(deal_id=f"bench-{next(numbers)}"))),
        "sign_p50_ms": _p50_ms(lambda: sign(draft(), holders.university, holders.stamper, Act("Licensor", "Lin", "x"))),
        "verify_per_s": 1000 / _p50_ms(check),
    }


def _p50_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
