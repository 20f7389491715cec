"""What the demo lists and looks for: the bundled sample, or somebody's own patents."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parent.parent / "sample"
DEMANDS_OF_OWN_DATA = 20
_NOT_OF_THE_API = ("expects", "fictional")
_LONGEST_TITLE = 120
_LONGEST_PROBLEM = 2_000
_SHORTEST_PROSPECT = 20
_PATENT_WORDS = re.compile(r"本|一种|该|The (present )?invention", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[。；！？\n]|[.!?;](?:\s|$)")


class UnusableData(Exception):
    """The file cannot be read as patents. `reason` says why, `line` where (from 1)."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}")
        self.path, self.line, self.reason = path, line, reason


@dataclass(frozen=True)
class Wanted:
    """A demand to post, and the titles of the patents a person would call a fit."""

    body: dict[str, Any]
    expects: frozenset[str]


@dataclass(frozen=True)
class Material:
    """`lines` are JSON Lines of `rows` patents. `borrowed` tells that the demands were made from these patents."""

    lines: bytes
    rows: int
    demands: tuple[Wanted, ...]
    borrowed: bool


def material(data: Path | None) -> Material:
    """Raises UnusableData, or OSError where the file cannot be opened."""
    if data is not None:
        return _from_own(data)
    lines = (SAMPLE / "listings.jsonl").read_bytes()
    titles = {row["number"]: row["title"] for row in map(json.loads, lines.splitlines())}
    demands = tuple(
        Wanted(
            {name: value for name, value in row.items() if name not in _NOT_OF_THE_API},
            frozenset(titles[number] for number in row["expects"]),
        )
        for row in map(json.loads, (SAMPLE / "demands.jsonl").read_bytes().splitlines())
    )
    return Material(lines, len(lines.splitlines()), demands, borrowed=False)


def _from_own(path: Path) -> Material:
    lines = path.read_bytes()
    rows = list(_rows(path, lines))
    if not rows:
        raise UnusableData(path, 1, "there is no patent in it")
    by_language = [
        telling
        for language in ("zh", "en")
        if (telling := _telling([row for row in rows if _language(_text(row, "title")) == language]))
    ]
    share = DEMANDS_OF_OWN_DATA // len(by_language)
    chosen = [row for telling in by_language for row in telling[:: max(1, len(telling) // share)][:share]]
    return Material(lines, len(rows), tuple(_demand(row) for row in chosen), borrowed=True)


def _telling(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that say in the words of the market what they are good for, as a company would ask; else all."""
    return [
        row
        for row in rows
        if len(_text(row, "prospect")) >= _SHORTEST_PROSPECT and not _PATENT_WORDS.match(_text(row, "prospect"))
    ] or rows


def _rows(path: Path, lines: bytes) -> Iterator[dict[str, Any]]:
    """Rows with a number and a title. Others are left for the hall to judge."""
    for place, line in enumerate(lines.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UnusableData(path, place, str(error)) from error
        if not isinstance(row, dict):
            raise UnusableData(path, place, "not a JSON object")
        if _text(row, "number") and _text(row, "title"):
            yield row


def _demand(row: dict[str, Any]) -> Wanted:
    problem = _text(row, "prospect") or _text(row, "title")
    title = _SENTENCE_END.split(problem)[0][:_LONGEST_TITLE]
    body = {"title": title, "problem": problem[:_LONGEST_PROBLEM], "language": _language(problem)}
    return Wanted(body, frozenset({_text(row, "title")}))


def _language(text: str) -> str:
    return "zh" if re.search("[\u4e00-\u9fff]", text) else "en"


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""
