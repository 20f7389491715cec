"""Reading symbols that people typed or pasted, without losing where each character stood."""

from typing import NamedTuple

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_TO_ASCII = 0xFEE0
_STOPS = {"。": ".", "｡": "."}


class Char(NamedTuple):
    """A character as it counts (ASCII, upper case) and its position in the raw string, from 0."""

    value: str
    position: int


class Fault(Exception):
    """What is wrong with a raw string, and where. `code` names the text, `params` fill it."""

    def __init__(self, code: str, position: int, **params: str) -> None:
        super().__init__(code, position)
        self.code, self.position, self.params = code, position, params


def scan(raw: str) -> list[Char]:
    """The characters that count: full-width forms made ASCII, letters upper case, spaces left out."""
    return [Char(_plain(char), position) for position, char in enumerate(raw) if not char.isspace()]


def _plain(char: str) -> str:
    if ord(char) in _FULL_WIDTH:
        char = chr(ord(char) - _TO_ASCII)
    char = _STOPS.get(char, char)
    # Only ASCII: upper() of other letters can give two characters, or turn ı into I.
    return char.upper() if char.isascii() else char


def is_digit(char: str) -> bool:
    """ASCII digits alone: str.isdigit() takes ² and Arabic-Indic digits too."""
    return char.isascii() and char.isdigit()


def is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()


def joined(chars: list[Char]) -> str:
    return "".join(char.value for char in chars)
