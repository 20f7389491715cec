"""The way of a deal, as people look at it: where it is, when it got there, and what its record proves."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.pages.api import Json

# Stages in the order in which deals come to them: their name, the states they hold, the event that began each.
STAGES: tuple[tuple[str, frozenset[str], str], ...] = (
    ("inquiry", frozenset({"inquiry", "nda"}), "opened"),
    ("offer", frozenset({"offer", "counter"}), "offer_made"),
    ("agreed", frozenset({"term_sheet", "due_diligence", "contract_draft", "approval"}), "offer_accepted"),
    ("signing", frozenset({"signing"}), "party_signed"),
    ("signed", frozenset({"signed"}), "contract_signed"),
    ("held", frozenset({"funded", "disputed"}), "payment_held"),
    ("recordal", frozenset({"recordal_filed", "recordal_refused", "recorded"}), "recordal_filed"),
    ("released", frozenset({"released"}), "payment_released"),
    ("active", frozenset({"active"}), "deal_activated"),
)
ENDED = frozenset({"rejected", "withdrawn", "offer_expired", "terminated", "refunded", "expired"})
_START = "0" * 64


@dataclass(frozen=True)
class Step:
    """`how`: done, now, ended or ahead. `at` is when the deal came to it."""

    name: str
    how: str
    at: str | None


def course(state: str, history: Sequence[Json]) -> list[Step]:
    """The stages of a deal. What it passed over is left out; one that ended has the stages it came to, and its end."""
    began: dict[str, str] = {}
    for entry in history:
        began.setdefault(entry["event"], entry["at"])
    current = next((place for place, (_, states, _) in enumerate(STAGES) if state in states), len(STAGES))
    steps = []
    for place, (name, _, event) in enumerate(STAGES):
        at = began.get(event)
        if place == current:
            steps.append(Step(name, "now", at))
        elif place < current:
            steps += [Step(name, "done", at)] if at else []
        else:
            steps.append(Step(name, "ahead", None))
    if state in ENDED:
        steps.append(Step(state, "ended", history[-1]["at"] if history else None))
    return steps


def first_broken(history: Sequence[Json]) -> int | None:
    """The first entry that does not fit the chain of hashes, told anew from what the API shows; None if all do."""
    expected = _START
    for number, entry in enumerate(history, start=1):
        said: dict[str, Any] = {name: value for name, value in entry.items() if name != "hash"}
        if (entry["sequence"], entry["previous_hash"], entry["hash"]) != (number, expected, sha256(said)):
            return number
        expected = entry["hash"]
    return None


def sha256(data: Any) -> str:
    """Hexadecimal SHA-256 over canonical JSON: sorted keys, no spaces, UTF-8."""
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
