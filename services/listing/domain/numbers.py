"""Patent numbers (DOMAIN.md §1): what a holder writes, and the one canonical form behind it.

    CN application   CN202310375785.X   year, type, 7-digit serial, check digit; since 2003-10
                     CN95115608.X       two-digit year, type, 5-digit serial, check digit; before
                     CN85100001         some of 1985-88 carry no check digit
    PCT application  PCT/CN2018/082782  receiving office, year, serial; two-digit year and 5 digits before 2004
    US grant         US9153231, USRE36823, USD123456, USPP12345, USH1234

`CN`, `ZL`, spaces, the full stop and full-width characters may be there or not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import takewhile, zip_longest

from services.listing.domain.characters import Char, Fault, is_digit, is_letter, joined, scan
from services.listing.domain.errors import invalid_number
from services.listing.domain.vocabulary import RightKind, RightStatus

FIRST_YEAR = 1985  # the Chinese office opened on 1985-04-01
_LAST_SHORT_YEAR = 2003
_YEARS_WITHOUT_CHECK = range(1985, 1989)
_CN_KINDS = {
    "1": RightKind.INVENTION,
    "2": RightKind.UTILITY_MODEL,
    "3": RightKind.DESIGN,
    "8": RightKind.INVENTION,  # PCT entering the national phase
    "9": RightKind.UTILITY_MODEL,  # the same
}
_CN_SHAPES = {12: 4, 8: 2}  # characters before the check digit -> digits of the year
_SHORT_YEAR = 2
_CN_PUBLICATION_KINDS = "ABCSUY"
_PCT_FIRST_YEAR = 1978  # the treaty's first applications
_PCT_SHAPES = {(2 + 4, 6), (2 + _SHORT_YEAR, 5)}  # receiving office and year, serial
_US_KINDS = {
    "": RightKind.INVENTION,
    "RE": RightKind.INVENTION,
    "H": RightKind.INVENTION,
    "D": RightKind.DESIGN,
    "PP": RightKind.PLANT_VARIETY,
}
_US_MOST_DIGITS = 8
_US_KIND_CODES = "ABCEFHIPS"
_NOT_GRANTED = frozenset({RightStatus.PENDING, RightStatus.WITHDRAWN_OR_REJECTED, RightStatus.INVALIDATED})


class Form(StrEnum):
    CN_APPLICATION = "cn_application"
    PCT_APPLICATION = "pct_application"
    US_GRANT = "us_grant"


@dataclass(frozen=True)
class PatentNumber:
    """A parsed number. `office` is a WIPO ST.3 code; `year` that of filing where the number tells it."""

    raw: str
    canonical: str
    office: str
    form: Form
    kind: RightKind | None = None
    year: int | None = None
    claims_grant: bool = False

    def is_passing_off(self, status: RightStatus) -> bool:
        """Whether it says ZL (granted) of a right that is not granted."""
        return self.claims_grant and status in _NOT_GRANTED


def parse_number(raw: str, today: date) -> PatentNumber:
    """The number in `raw`. Raises InvalidNumber with the position of the first wrong character in `raw`."""
    try:
        return _parse(raw, today)
    except Fault as fault:
        raise invalid_number(raw, fault) from fault


def cn_check_digit(body: str) -> str:
    """The check digit of 12 or 8 digits: weights 2 to 9, then 2 to 5; the sum modulo 11, where 10 is X."""
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(body))
    return "0123456789X"[total % 11]


def _parse(raw: str, today: date) -> PatentNumber:
    chars = scan(raw)
    if not chars:
        raise Fault("number-empty", 0)
    start = joined(chars[:3])
    if start == "PCT":
        return _pct(raw, chars[3:], today)
    if start.startswith("US"):
        return _us(raw, chars[2:])
    return _cn(raw, chars, today)


def _cn(raw: str, chars: list[Char], today: date) -> PatentNumber:
    prefixes: set[str] = set()
    while (prefix := joined(chars[:2])) in {"CN", "ZL"} - prefixes:
        prefixes.add(prefix)
        chars = chars[2:]
    if chars and is_letter(chars[0].value):
        raise Fault("office-unknown", chars[0].position)
    body, check = _cn_parts(raw, chars)
    year_digits = _CN_SHAPES[len(body)]
    digits = joined(body)
    year = _cn_year(body, year_digits, today)
    if digits[year_digits] not in _CN_KINDS:
        raise Fault("cn-type", body[year_digits].position, given=digits[year_digits])
    expected = cn_check_digit(digits)
    if check is None:
        if year_digits != _SHORT_YEAR or year not in _YEARS_WITHOUT_CHECK:
            raise Fault("check-digit-missing", len(raw.rstrip()), expected=expected)
    elif check.value != expected:
        raise Fault("check-digit", check.position, given=check.value, expected=expected)
    return PatentNumber(
        raw=raw,
        canonical=f"CN{digits}" + (f".{check.value}" if check else ""),
        office="CN",
        form=Form.CN_APPLICATION,
        kind=_CN_KINDS[digits[year_digits]],
        year=year,
        claims_grant="ZL" in prefixes,
    )


def _cn_parts(raw: str, chars: list[Char]) -> tuple[list[Char], Char | None]:
    """The digits before the check digit, and the check digit if there is one."""
    symbols = [char for char in chars if char.value != "."]
    for place, char in enumerate(symbols):
        if is_digit(char.value) or (char.value == "X" and place in _CN_SHAPES):
            continue
        if place in (7, 8, 9) and char.value in _CN_PUBLICATION_KINDS and place == len(symbols) - 1:
            raise Fault("publication-number", char.position, given=char.value)
        raise Fault("unexpected-character", char.position, given=char.value)
    longest = max(_CN_SHAPES) + 1
    if len(symbols) > longest:
        raise Fault("number-too-long", symbols[longest].position, digits=str(len(symbols)))
    length = next((length for length in _CN_SHAPES if len(symbols) in (length, length + 1)), None)
    if length is None:
        raise Fault("number-length", len(raw.rstrip()), digits=str(len(symbols)))
    body, check = symbols[:length], next(iter(symbols[length:]), None)
    for char in body:
        if not is_digit(char.value):
            raise Fault("unexpected-character", char.position, given=char.value)
    _stop_before_check(chars, check)
    return body, check


def _stop_before_check(chars: list[Char], check: Char | None) -> None:
    for char, following in zip(chars, [*chars[1:], None], strict=True):
        if char.value == "." and (check is None or following != check):
            raise Fault("full-stop", char.position)


def _cn_year(body: list[Char], year_digits: int, today: date) -> int:
    year = int(joined(body[:year_digits]))
    latest = today.year
    if year_digits == _SHORT_YEAR:
        year += 1900 if year + 1900 >= FIRST_YEAR else 2000
        latest = _LAST_SHORT_YEAR
    if not FIRST_YEAR <= year <= latest:
        raise Fault("year", body[0].position, given=joined(body[:year_digits]), first=str(FIRST_YEAR), last=str(latest))
    return year


def _pct(raw: str, chars: list[Char], today: date) -> PatentNumber:
    before, middle, serial = _pct_parts(raw, chars)
    wrong = before[:1]
    wrong += [char for char in middle[:2] if not is_letter(char.value)]
    wrong += [char for char in middle[2:] + serial if not is_digit(char.value)]
    if wrong:
        raise Fault("unexpected-character", wrong[0].position, given=wrong[0].value)
    if (len(middle), len(serial)) not in _PCT_SHAPES:
        raise Fault("pct-shape", len(raw.rstrip()))
    written = joined(middle[2:])
    year = int(written)
    if len(written) == _SHORT_YEAR:
        year += 1900 if year + 1900 >= _PCT_FIRST_YEAR else 2000
    if not _PCT_FIRST_YEAR <= year <= today.year:
        bounds = {"first": str(_PCT_FIRST_YEAR), "last": str(today.year)}
        raise Fault("year", middle[2].position, given=written, **bounds)
    canonical = f"PCT/{joined(middle)}/{joined(serial)}"
    return PatentNumber(raw, canonical, "WO", Form.PCT_APPLICATION, year=year)


def _pct_parts(raw: str, chars: list[Char]) -> tuple[list[Char], list[Char], list[Char]]:
    """What stands before the first slash, between the two, and after."""
    slashes = [place for place, char in enumerate(chars) if char.value == "/"]
    match slashes:
        case [first, second]:
            return chars[:first], chars[first + 1 : second], chars[second + 1 :]
        case [_, _, third, *_]:
            raise Fault("unexpected-character", chars[third].position, given="/")
        case _:
            raise Fault("pct-shape", len(raw.rstrip()))


def _us(raw: str, chars: list[Char]) -> PatentNumber:
    # People group the digits (US 9,153,231) and add the kind code of the document (B2).
    symbols = [char for char in chars if char.value != ","]
    letters = _leading(symbols, is_letter)
    digits = _leading(symbols[len(letters) :], is_digit)
    rest = symbols[len(letters) + len(digits) :]
    series = joined(letters)
    if series not in _US_KINDS:
        raise Fault("us-series", letters[0].position, given=series)
    if not digits:
        position = rest[0].position if rest else len(raw.rstrip())
        raise Fault("number-length", position, digits="0")
    _us_kind_code(rest)
    number = joined(digits).lstrip("0")
    if not number:
        raise Fault("unexpected-character", digits[0].position, given="0")
    if len(number) > _US_MOST_DIGITS:
        raise Fault("number-too-long", digits[_US_MOST_DIGITS].position, digits=str(len(number)))
    return PatentNumber(raw, f"US{series}{number}", "US", Form.US_GRANT, kind=_US_KINDS[series])


def _us_kind_code(rest: list[Char]) -> None:
    for char, belongs in zip_longest(rest, (_US_KIND_CODES.__contains__, is_digit)):
        if char is not None and not (belongs and belongs(char.value)):
            raise Fault("unexpected-character", char.position, given=char.value)


def _leading(chars: list[Char], belongs: Callable[[str], bool]) -> list[Char]:
    return list(takewhile(lambda char: belongs(char.value), chars))
