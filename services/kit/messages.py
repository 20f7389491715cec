"""Texts for people, from message catalogues (TOML), Chinese beside English.

[right-not-found]
title = { en = "No such right", zh = "没有这项权利" }
detail = { en = "There is no right {right_id} in your organisation.", zh = "贵机构名下没有权利 {right_id}。" }
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh")


class Catalogue:
    """Texts by dotted key and language."""

    def __init__(self, texts: dict[str, dict[str, str]]) -> None:
        self._texts = texts

    @classmethod
    def load(cls, *paths: Path) -> "Catalogue":
        """Later files win. Raises ValueError where a text lacks a language."""
        texts: dict[str, dict[str, str]] = {}
        for path in paths:
            for key, text in _leaves(tomllib.loads(path.read_text(encoding="utf-8"))):
                if missing := [language for language in LANGUAGES if language not in text]:
                    raise ValueError(f"{path}: {key} lacks {', '.join(missing)}")
                texts[key] = text
        return cls(texts)

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def text(self, key: str, language: str, **params: Any) -> str:
        """The text of `key`, filled. Raises KeyError for an unknown key or a missing parameter."""
        texts = self._texts[key]
        return texts.get(language, texts["en"]).format(**params)

    def raw(self, key: str) -> dict[str, str]:
        return self._texts[key]


def _leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    for name, node in tree.items():
        if all(isinstance(value, str) for value in node.values()):
            yield f"{prefix}{name}", node
        else:
            yield from _leaves(node, f"{prefix}{name}.")


def preferred_language(accept_language: str | None, fallback: str = "en") -> str:
    """The better of our languages for an Accept-Language header (RFC 9110 §12.5.4)."""
    best, best_quality = fallback, 0.0
    for part in (accept_language or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.split("-")[0].lower()
        quality = _quality(parameters)
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
