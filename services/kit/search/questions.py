"""What somebody typed, as units to be looked for: each a condition on terms, strict and as it may have been meant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from services.kit.search import analysis

_SHORTEST_MISTYPED = 4  # letters: shorter words have too many neighbours
_SHORTEST_PREFIX = 2
_MOST_UNITS = 48  # of a query: a pasted abstract is understood by its first units
_LONGEST_REMAINDER = 5
_MOST_VARIANTS = 32


@dataclass(frozen=True)
class Unit:
    """`exact` and `lenient` are tsquery texts; `lenient` includes `exact`. `term` stands for it in statistics.
    `surfaces` are the folded stems or characters to highlight, `prefix` what highlighted words may start with.
    """

    term: str
    exact: str
    lenient: str
    surfaces: frozenset[str]
    prefix: str | None = None


def lexeme(term: str, *, prefix: bool = False) -> str:
    quoted = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'{':*' if prefix else ''}"


def any_of(conditions: Iterable[str]) -> str:
    return " | ".join(f"({condition})" for condition in conditions)


def all_of(conditions: Iterable[str]) -> str:
    return " & ".join(f"({condition})" for condition in conditions)


def units_of(text: str) -> list[Unit]:
    """Of a text in any mix of languages, the last word perhaps unfinished. None where there is nothing to look for."""
    found: dict[str, Unit] = {}
    pieces = list(analysis.pieces(text))
    for place, (piece, is_run) in enumerate(pieces):
        last = place == len(pieces) - 1
        for unit in _of_run(piece) if is_run else [_of_word(piece, last=last)]:
            found.setdefault(unit.exact, unit)
        if len(found) >= _MOST_UNITS:
            break
    return list(found.values())[:_MOST_UNITS]


def _of_run(run: str) -> list[Unit]:
    if len(run) == 1:
        # Each character starts a pair or ends a run, so that this prefix finds it anywhere.
        condition = lexeme(run, prefix=True)
        return [Unit(run, condition, condition, frozenset(run))]
    units = []
    sounds = [term for syllables in analysis.syllables_of(run) for term in analysis.syllable_terms(syllables)]
    for pair, sound in zip(analysis.pairs(run), sounds, strict=True):
        exact = lexeme(pair)
        # Who types by sound picks a wrong character of the right sound.
        units.append(Unit(pair, exact, any_of((exact, lexeme(sound))), frozenset((pair,))))
    return units


def _of_word(word: str, *, last: bool) -> Unit:
    stem = analysis.stem(word)
    exact = lexeme(stem)
    meant = [exact]
    unfinished = last and len(word) >= _SHORTEST_PREFIX
    if unfinished:
        meant.append(lexeme(word, prefix=True))
    if sounds := _sounds(word, unfinished=unfinished):
        meant.append(sounds)
    return Unit(stem, exact, any_of(meant), frozenset((stem,)), word if unfinished else None)


def _sounds(word: str, *, unfinished: bool) -> str | None:
    """A word read as pinyin: its pairs of syllables, the last of which may be unfinished."""
    if syllables := analysis.as_syllables(word):
        return all_of([lexeme(term) for term in analysis.syllable_terms(list(syllables))])
    if not unfinished:
        return None
    for cut in range(1, min(_LONGEST_REMAINDER, len(word) - 1) + 1):
        head, remainder = word[:-cut], word[-cut:]
        syllables = analysis.as_syllables(head) or ((head,) if analysis.is_syllable(head) else ())
        if syllables:
            *whole, part = analysis.syllable_terms([*syllables, remainder])
            return all_of([*map(lexeme, whole), lexeme(part, prefix=True)])
    return None


def bonds_of(text: str, units: Sequence[Unit]) -> list[str]:
    """Conditions that words stand side by side as they do in the text, each as it may have been meant."""
    by_term = {unit.term: unit for unit in units}
    found: dict[str, None] = {}
    pieces = list(analysis.pieces(text))
    for (first, first_is_run), (second, second_is_run) in pairwise(pieces):
        one, other = by_term.get(analysis.stem(first)), by_term.get(analysis.stem(second))
        if first_is_run or second_is_run or one is None or other is None:
            continue
        meant = [analysis.bond(left, right) for left in sorted(one.surfaces) for right in sorted(other.surfaces)]
        found.setdefault(any_of(map(lexeme, meant[:_MOST_VARIANTS])))
    return list(found)


def mistypable(text: str) -> set[str]:
    """The words of a text that may hold a typing error."""
    return {
        piece
        for piece, is_run in analysis.pieces(text)
        if not is_run and len(piece) >= _SHORTEST_MISTYPED and piece.isalpha()
    }


def corrected(units: list[Unit], words: Mapping[str, Collection[str]]) -> list[Unit]:
    """`words` are the words of the index that each mistypable word is one error away from."""
    meant: dict[str, set[str]] = {}
    for typed, candidates in words.items():
        meant.setdefault(analysis.stem(typed), set()).update(map(analysis.stem, candidates))
    done = []
    for unit in units:
        stems = sorted(meant.get(unit.term, set()) - {unit.term})
        if not stems:
            done.append(unit)
            continue
        lenient = any_of((unit.lenient, *map(lexeme, stems)))
        done.append(replace(unit, lenient=lenient, surfaces=unit.surfaces.union(stems)))
    return done


def number_condition(text: str) -> str | None:
    """Where a text holds register numbers: that a document has any of them, or one that starts so."""
    found = [lexeme(f"#{number}", prefix=True) for number, _ in analysis.numbers_in(text)]
    return any_of(found) if found else None
