"""What the doctor says: a finding by its name, its texts in messages.toml."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from services.kit.messages import Catalogue

TEXTS = Catalogue.load(Path(__file__).with_name("messages.toml"))


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """`slug` names the texts: `what`, and a `cure` unless all is well. `part` is what was looked at."""

    part: str
    slug: str
    level: Level = Level.OK
    params: dict[str, Any] = field(default_factory=dict)

    def what(self, language: str) -> str:
        return TEXTS.text(f"{self.slug}.what", language, **self.params)

    def cure(self, language: str) -> str:
        if self.level is Level.OK:
            return ""
        return TEXTS.text(f"{self.slug}.cure", language, **self.params)

    def as_json(self, language: str) -> dict[str, Any]:
        return {
            "part": self.part,
            "finding": self.slug,
            "level": self.level,
            "what": self.what(language),
            "cure": self.cure(language),
            "details": self.params,
        }


def ok(part: str, slug: str, **params: Any) -> Finding:
    return Finding(part, slug, Level.OK, params)


def warn(part: str, slug: str, **params: Any) -> Finding:
    return Finding(part, slug, Level.WARN, params)


def fail(part: str, slug: str, **params: Any) -> Finding:
    return Finding(part, slug, Level.FAIL, params)
