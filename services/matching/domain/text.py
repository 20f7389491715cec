"""Text as terms: characters and character pairs for Chinese (Japanese and Korean too), stemmed words for English.

Which of the two applies is decided run by run: "LiFePO4正极材料" gives `lifepo4` and 正, 正极, 极, … alike. Pairs beat
word segmentation for Chinese in every task measured.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from snowballstemmer import stemmer

_IDEOGRAPHS = "\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_PIECE = re.compile(rf"(?P<run>[{_IDEOGRAPHS}]+)|(?P<word>\d+(?:\.\d+)+|[^\W_{_IDEOGRAPHS}]+)")
_REGISTER_NUMBER = re.compile(r"[a-z]{2}(\d{7,})")  # CN202310375785, ZL202310375785, US9153231
_LONGEST_WORD = 40
_SEPARATOR = "\x1f"

_english = stemmer("english")
_english_lock = Lock()  # a stemmer keeps the word it works on in itself


class Unit(NamedTuple):
    """The smallest readable piece: one ideograph or one word, as written (folded) and as compared (stemmed).

    `opens` says that it does not go on from the one before: the first ideograph of a run.
    """

    surface: str
    key: str
    ideograph: bool
    opens: bool = False


def fold(text: str) -> str:
    """Full-width and compatibility forms folded (NFKC), lower case."""
    return unicodedata.normalize("NFKC", text).lower()


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The English stem of a folded word.

    Other alphabets and words with digits stay as they are, but for a patent number, which loses its country so that it
    is found however it is written.
    """
    if not (word.isascii() and word.isalpha()):
        number = _REGISTER_NUMBER.fullmatch(word)
        return (number[1] if number else word)[:_LONGEST_WORD]
    with _english_lock:
        return str(_english.stemWord(word))[:_LONGEST_WORD]


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of ideographs (True) and single words (False), folded, in reading order."""
    for match in _PIECE.finditer(fold(text)):
        yield match.group(), match.lastgroup == "run"


class Script(StrEnum):
    IDEOGRAPHS = "ideographs"
    WORDS = "words"


def units(text: str) -> list[Unit]:
    found: list[Unit] = []
    for piece, is_run in pieces(text):
        if is_run:
            found.extend(Unit(character, character, True, place == 0) for place, character in enumerate(piece))
        else:
            found.append(Unit(piece, stem(piece), False))
    return found


def joined(keys: Iterable[str]) -> str:
    """Units as one string in which a run of them is found by `in`."""
    return _SEPARATOR + _SEPARATOR.join(keys) + _SEPARATOR


def joined_text(text: str) -> str:
    """A text in which `joined` units are found that follow each other there; a run of ideographs ends where it ends."""
    return joined(
        f"{_SEPARATOR}{_SEPARATOR.join(piece)}{_SEPARATOR}" if is_run else stem(piece) for piece, is_run in pieces(text)
    )


class Reading(NamedTuple):
    """A text's terms in reading order, repeated as they are, and the script that most of it is written in.

    `alone` are terms of a single character that stand alone.
    """

    terms: list[str]
    script: Script
    alone: set[str]

    def index_terms(self) -> set[str]:
        """The terms worth looking the text up by: pairs and words. An ideograph counts only where it stands alone."""
        return {term for term in self.terms if len(term) > 1} | self.alone


def read(text: str) -> Reading:
    terms: list[str] = []
    alone: set[str] = set()
    balance = 0
    for piece, is_run in pieces(text):
        if is_run:
            terms.extend(piece)
            terms.extend(map(str.__add__, piece, piece[1:]))
            balance += len(piece)
        else:
            terms.append(stem(piece))
            balance -= 2  # a word weighs as much as two ideographs, about what it says in Chinese
        if len(piece) == 1:
            alone.add(terms[-1])
    return Reading(terms, Script.IDEOGRAPHS if balance > 0 else Script.WORDS, alone)
