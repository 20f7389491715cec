"""Reading a trail that somebody hands in: does each line say what its hash says, and are all of them there?"""

from collections.abc import Iterator, Sequence
from typing import Any

from services.contract.domain.evidence import START, sha256
from services.contract.domain.verdict import Fault

Line = dict[str, Any]


def trail_faults(lines: Sequence[Line], *, expected: int | None = None) -> Iterator[Fault]:
    """What is wrong with the lines, in their order. `expected` is how many there were when the trail was exported."""
    numbers = [line.get("sequence") for line in lines]
    previous = START
    for position, line in enumerate(lines, start=1):
        if line.get("hash") != sha256({name: value for name, value in line.items() if name != "hash"}):
            yield Fault("trail-line-changed", {"line": numbers[position - 1]})
        elif line.get("previous_hash") != previous and numbers[position - 1] == position:
            yield Fault("trail-line-unchained", {"line": position})
        previous = str(line.get("hash"))
    complete = range(1, (expected if expected is not None else len(lines)) + 1)
    for number in complete:
        if number not in numbers:
            yield Fault("trail-line-missing", {"line": number})
    if set(numbers) >= set(complete) and numbers != sorted(numbers, key=lambda number: (number is None, number)):
        yield Fault("trail-out-of-order")
    if len(numbers) > len(complete) or len(set(numbers)) < len(numbers):
        yield Fault("trail-line-added")


def of_event(lines: Sequence[Line], event: str) -> Iterator[dict[str, Any]]:
    """The data of each line of an event."""
    for line in lines:
        if line.get("event") == event and isinstance(line.get("data"), dict):
            yield line["data"]
