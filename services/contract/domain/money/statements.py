"""Lines of bank statements: what a bank says came and went, and what tells one line from another."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class StatementFormat(StrEnum):
    CSV = "csv"
    CAMT053 = "camt053"
    MT940 = "mt940"


class LineState(StrEnum):
    MATCHED = "matched"
    UNMATCHED = "unmatched"
    PROPOSED = "proposed"  # one operator has said what it is for; another has to agree


@dataclass(frozen=True)
class Line:
    """`amount` in minor units, negative where money left. `row` counts from 1 within its statement."""

    row: int
    booked_on: date
    amount: int
    currency: str
    text: str
    counterparty: str
    bank_reference: str


def fingerprints(lines: Iterable[Line]) -> list[tuple[str, Line]]:
    """Each line with what makes it itself, whatever statement it stands on.

    Lines that are alike in everything are told apart by their number among these: two equal payments of one day are
    two. A bank's own reference, where there is one, makes them differ anyway.
    """
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        about = (line.text, line.counterparty, line.bank_reference)
        said = "\x1f".join([line.booked_on.isoformat(), str(line.amount), line.currency, *about])
        seen[said] += 1
        found.append((hashlib.sha256(f"{said}\x1f{seen[said]}".encode()).hexdigest(), line))
    return found
