"""IPC symbols (DOMAIN.md §1): `H01` class, `H01M` subclass, `H01M 10` main group, `H01M 10/0525` group."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache

_SYMBOL = re.compile(r"([A-H]\d{2})(?:([A-Z])(?:\s*(\d{1,4})(?:/(\d{2,6}))?)?)?")


class Level(StrEnum):
    """How close two symbols are, closest first."""

    GROUP = "group"
    MAIN_GROUP = "main_group"
    SUBCLASS = "subclass"
    CLASS = "class"


def canonical(raw: str) -> str | None:
    """`h01m10/0525` → `H01M 10/0525`; None where it is no symbol."""
    match = _SYMBOL.fullmatch(raw.strip().upper())
    if match is None:
        return None
    cls, letter, main, sub = match.groups()
    if letter is None:
        return str(cls)
    if main is None:
        return f"{cls}{letter}"
    return f"{cls}{letter} {main}/{sub}" if sub else f"{cls}{letter} {main}"


def prefixes(symbol: str) -> dict[Level, str]:
    """The symbol itself and what it belongs to, as far as it is given: down from its group, if it names one."""
    found = {Level.CLASS: symbol[:3]}
    if len(symbol) > len("H01"):
        found[Level.SUBCLASS] = symbol[:4]
    if " " in symbol:
        found[Level.MAIN_GROUP] = symbol.partition("/")[0]
    if "/" in symbol:
        found[Level.GROUP] = symbol
    return found


def closest(one: Iterable[str], other: Iterable[str]) -> tuple[Level, str] | None:
    """The narrowest thing two sets of symbols share; None where not even a class is common."""
    mine, theirs = _by_level(tuple(one)), _by_level(tuple(other))
    for level in Level:
        if shared := mine[level] & theirs[level]:
            return level, min(shared)
    return None


def terms(symbols: Iterable[str]) -> set[str]:
    """What a text with these symbols can be looked up by, beside its words: classes are too wide for that."""
    levels = (Level.SUBCLASS, Level.MAIN_GROUP, Level.GROUP)
    found = [prefixes(symbol) for symbol in symbols]
    return {f"ipc:{each[level]}" for each in found for level in levels if level in each}


@lru_cache(maxsize=4096)
def _by_level(symbols: tuple[str, ...]) -> Mapping[Level, set[str]]:
    found: dict[Level, set[str]] = {level: set() for level in Level}
    for symbol in symbols:
        for level, prefix in prefixes(symbol).items():
            found[level].add(prefix)
    return found
