"""Evidence that needs nobody's trust: canonical JSON, its SHA-256, and a chain of such hashes (DESIGN.md §7)."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

START = "0" * 64


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC, ending in Z: the one spelling of a time wherever it is hashed or shown."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def canonical_json(data: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces. Only text, whole numbers, booleans, null, lists and objects go in."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256(data: Any) -> str:
    """Hexadecimal SHA-256 over the canonical JSON of `data`."""
    return hashlib.sha256(canonical_json(data)).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One line of a deal's history. `hash` covers every other field, so a change anywhere breaks all that follows."""

    deal_id: UUID
    sequence: int
    at: datetime
    event: str
    actor: dict[str, Any]
    data: dict[str, Any]
    previous_hash: str
    hash: str

    @classmethod
    def after(
        cls,
        previous: "Entry | None",
        *,
        deal_id: UUID,
        at: datetime,
        event: str,
        actor: dict[str, Any],
        data: dict[str, Any],
    ) -> "Entry":
        """The entry that follows `previous` (None for the first)."""
        sequence = previous.sequence + 1 if previous else 1
        unhashed = cls(deal_id, sequence, at, event, actor, data, previous.hash if previous else START, "")
        return replace(unhashed, hash=unhashed.own_hash())

    def own_hash(self) -> str:
        """The hash this entry must have for what it says."""
        return sha256(
            {
                "deal_id": str(self.deal_id),
                "sequence": self.sequence,
                "at": utc_text(self.at),
                "event": self.event,
                "actor": self.actor,
                "data": self.data,
                "previous_hash": self.previous_hash,
            }
        )


def first_broken(entries: Iterable[Entry]) -> int | None:
    """Sequence number of the first entry that does not fit the chain, in order from the start; None if all do."""
    expected = START
    for number, entry in enumerate(entries, start=1):
        if entry.sequence != number or entry.previous_hash != expected or entry.hash != entry.own_hash():
            return number
        expected = entry.hash
    return None
