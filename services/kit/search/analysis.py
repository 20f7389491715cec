"""Text as terms that two writings of one thing share.

    石墨烯电极      石墨 墨烯 烯电 电极 极     character pairs, and the last character alone, so that 极 finds it, too
    Neural nets    neural net               stemmed words
    pinyin         ~shi'mo ~mo'xi           pairs of syllables, of headlines only
    numbers        #2023103757850           digits of a register number, its country and punctuation gone
    bonds          neural net               two words side by side, of headlines only
    facets         kind=invention           a value of a facet: no text has a term with = in it

Pairs beat word segmentation for Chinese in every task measured.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from threading import Lock

from pypinyin import lazy_pinyin
from pypinyin.contrib.tone_convert import to_normal
from pypinyin.pinyin_dict import pinyin_dict
from snowballstemmer import stemmer

_IDEOGRAPHS = "\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_PIECE = re.compile(rf"(?P<run>[{_IDEOGRAPHS}]+)|(?P<word>[^\W_{_IDEOGRAPHS}]+)")
_LONGEST_WORD = 40
_LONGEST_SYLLABLE = 6  # zhuang

# A register number: an office's letters, digits grouped in any way, a check digit, a kind of document.
_NUMBER = re.compile(
    r"(?<![A-Z0-9])(?P<office>(?:CN|ZL|PCT|US|EP|WO|JP|KR|DE|D|RE|PP|H|[\s./])*)"
    r"(?P<digits>\d(?:[\s.,/\-]*\d){4,17})(?P<check>\s*\.?\s*X(?![A-Z]))?(?P<kind>\s*[A-HSUY]\d?)?(?![A-Z0-9])"
)
_OFFICES_WITHOUT_MEANING = re.compile(r"PCT|CN|ZL|US|[\s./]")

_UNSPEAKABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")

_english = stemmer("english")
_english_lock = Lock()  # a stemmer keeps the word it works on in itself


def clean(text: str) -> str:
    """Without what no text of ours has and no server takes: control characters, halves of surrogate pairs."""
    return _UNSPEAKABLE.sub("", text)


def fold(text: str) -> str:
    """Full-width and compatibility forms folded (NFKC), lower case, clean."""
    return unicodedata.normalize("NFKC", clean(text)).lower()


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The English stem of a folded word; other alphabets and words with digits stay as they are."""
    if not (word.isascii() and word.isalpha()):
        return word[:_LONGEST_WORD]
    with _english_lock:
        return str(_english.stemWord(word))[:_LONGEST_WORD]


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of ideographs (True) and single words (False), folded, in reading order."""
    for piece, _, is_run in placed_pieces(fold(text)):
        yield piece, is_run


def placed_pieces(folded: str) -> Iterator[tuple[str, int, bool]]:
    """The pieces of a text that is folded already, each with where it starts."""
    for match in _PIECE.finditer(folded):
        yield match.group(), match.start(), match.lastgroup == "run"


def pairs(run: str) -> list[str]:
    return list(map(str.__add__, run, run[1:]))


def text_terms(text: str) -> set[str]:
    found: set[str] = set()
    for piece, is_run in pieces(text):
        if is_run:
            found.update(pairs(piece))
            found.add(piece[-1])
        else:
            found.add(stem(piece))
    return found


def bonds(text: str) -> set[str]:
    """Words that stand side by side, as `first second`: what tells two names apart that consist of the same words."""
    stems = [None if is_run else stem(piece) for piece, is_run in pieces(text)]
    return {bond(first, second) for first, second in pairwise(stems) if first is not None and second is not None}


def bond(first: str, second: str) -> str:
    return f"{first} {second}"


def words(text: str) -> set[str]:
    """The words of an alphabet in a text: what typing errors are looked for among."""
    return {piece[:_LONGEST_WORD] for piece, is_run in pieces(text) if not is_run and piece.isalpha()}


def has_pieces(text: str) -> bool:
    """Whether there is anything in a text that can be looked for."""
    return next(pieces(text), None) is not None


def runs(text: str) -> list[str]:
    return [piece for piece, is_run in pieces(text) if is_run]


def syllables_of(text: str) -> Iterator[list[str]]:
    """The pinyin of each run of ideographs, a syllable for each of them; one without pinyin stands for itself."""
    for run in runs(text):
        yield lazy_pinyin(run, errors=list)  # type: ignore[arg-type]  # a list is taken; the stubs forget it


def pinyin_terms(text: str) -> set[str]:
    return {term for syllables in syllables_of(text) for term in syllable_terms(syllables)}


def syllable_terms(syllables: list[str]) -> list[str]:
    return [f"~{first}'{second}" for first, second in pairwise(syllables)]


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    readings = {to_normal(reading) for entry in pinyin_dict.values() for reading in entry.split(",")}
    return frozenset(reading for reading in readings if reading.isascii() and reading.isalpha())


def is_syllable(word: str) -> bool:
    return word in _syllables()


@lru_cache(maxsize=4096)
def as_syllables(word: str) -> tuple[str, ...]:
    """A word of the alphabet read as pinyin, the fewest syllables first; empty where it cannot be, or is but one."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - _LONGEST_SYLLABLE), end):
            before = best[start]
            if before is None or word[start:end] not in _syllables():
                continue
            current = best[end]
            if current is None or len(before) + 1 < len(current):
                best[end] = (*before, word[start:end])
    found = best[-1] or ()
    return found if len(found) > 1 else ()


def numbers_in(text: str) -> list[tuple[str, tuple[int, int]]]:
    """Register numbers in a text, without country and punctuation, each with the place it was read from."""
    found = []
    for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text).upper()):
        digits = re.sub(r"\D", "", match["digits"])
        series = _OFFICES_WITHOUT_MEANING.sub("", match["office"])
        found.append((f"{series}{digits}{'X' if match['check'] else ''}", match.span()))
    return found


def number_terms(number: str) -> list[str]:
    """The term of an exact number; nothing where it is not of a form we know."""
    return [f"#{each}" for each, _ in numbers_in(number)]


def facet_code(term: str) -> int:
    """A facet's term as a number, which is counted three times as fast."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "big", signed=True)


def facet_term(name: str, value: str) -> str:
    # A lexeme has a longest length; a facet's value is a name, never that long.
    return f"{name}={clean(value)[:200]}"


@lru_cache(maxsize=8192)
def deletions(word: str) -> frozenset[str]:
    """The word, and with any one letter left out: two words within one typing error share one of these."""
    return frozenset((word, *(word[:place] + word[place + 1 :] for place in range(len(word)))))


def is_one_error_away(word: str, other: str) -> bool:
    """Whether one letter put in, left out, changed or swapped with the next makes one of the other."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return word == other
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    rest, other_rest = word[start:], other[start:]
    swapped = rest[1:2] + rest[:1] + rest[2:]
    return rest[1:] == other_rest[1:] or rest[1:] == other_rest or rest == other_rest[1:] or swapped == other_rest
