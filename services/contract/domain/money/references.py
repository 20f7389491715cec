"""Payment references that banks know and check: structured creditor references (ISO 11649), RF + check + number."""

import re
import secrets

from stdnum.iso7064 import mod_97_10
from stdnum.iso11649 import is_valid

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which are misread
_LENGTH = 12
_START = re.compile(r"RF(?=\d{2}ZT)")


def new_reference() -> str:
    """RF62ZT7K2M…: unique by chance of 1 in 10^15 and by a constraint; a wrong character is noticed by its check."""
    number = "ZT" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH - 2))
    return f"RF{mod_97_10.calc_check_digits(number + 'RF')}{number}"


def references_in(text: str) -> list[str]:
    """Every sound reference of ours within a bank's free text, however spaced and cased."""
    packed = re.sub(r"[^0-9A-Z]", "", text.upper())
    found = [packed[start.start() : start.start() + 4 + _LENGTH] for start in _START.finditer(packed)]
    return list(dict.fromkeys(each for each in found if len(each) == 4 + _LENGTH and is_valid(each)))
