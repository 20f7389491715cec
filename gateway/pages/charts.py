"""Figures as shapes. Charts are drawn beside their numbers, never instead of them: the text is what a screen reader and
a printer get, the drawing is decoration that the eye compares.
"""

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH = 1_000  # units of a bar's drawing, stretched to the width there is
_SEEN = 4  # the shortest bar that is not nothing


@dataclass(frozen=True)
class Bar:
    label: str
    value: int
    width: int
    href: str | None = None
    note: str = ""


def bars(items: Iterable[tuple[str, int, str | None, str]]) -> list[Bar]:
    """Bars to scale, from (label, value, link, note)."""
    given = list(items)
    most = max((value for _, value, _, _ in given), default=0)
    return [Bar(label, value, _width(value, most), href, note) for label, value, href, note in given]


def _width(value: int, most: int) -> int:
    return 0 if value <= 0 else max(_SEEN, round(WIDTH * value / most))
