"""Symbols of the International Patent Classification (DOMAIN.md §1): canonical `H01M 10/0525`."""

import re
from functools import lru_cache

from services.listing.domain.characters import Fault, is_digit, is_letter, joined, scan

SECTIONS = "ABCDEFGH"
_MAIN_GROUP = range(1, 5)  # digits
_SUBGROUP = range(2, 7)
_VERSION = re.compile(r"\s*[(（]\s*\d{4}\s*[.．]\s*\d{2}\s*[)）]\s*[IN]?\s*$")


@lru_cache(maxsize=16_384)  # a sheet names the same groups over and over
def parse_ipc(raw: str) -> str:
    """The canonical symbol. Raises Fault with the position of the first wrong character in `raw`.

    Section A-H, two-digit class, subclass letter, main group of 1-4 digits, subgroup of 2-6. An edition in brackets
    behind it, as registers print it, is left out.
    """
    end = len(raw.rstrip())
    chars = scan(_VERSION.sub("", raw))
    expectations = (SECTIONS.__contains__, is_digit, is_digit, is_letter)
    for place, expected in enumerate(expectations):
        if place >= len(chars):
            raise Fault("ipc-too-short", end)
        if not expected(chars[place].value):
            raise Fault("ipc-character", chars[place].position, given=chars[place].value)
    groups = chars[4:]
    slash = next((place for place, char in enumerate(groups) if char.value == "/"), None)
    for place, char in enumerate(groups):
        if place != slash and not is_digit(char.value):
            raise Fault("ipc-character", char.position, given=char.value)
    if slash is None:
        raise Fault("ipc-too-short", end)
    main, sub = joined(groups[:slash]).lstrip("0"), joined(groups[slash + 1 :])
    if len(main) not in _MAIN_GROUP:
        raise Fault("ipc-main-group", groups[0].position)
    if len(sub) not in _SUBGROUP:
        raise Fault("ipc-subgroup", groups[slash].position + 1)
    return f"{joined(chars[:4])} {main}/{sub}"
