"""The unified social credit code of a Chinese organisation (GB 32100-2015; DOMAIN.md §1)."""

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from gateway.domain.errors import InvalidRegistrationCode
from services.kit.problems import FieldError

LENGTH = 18
_ALPHABET = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")
_DIGITS = frozenset("0123456789")
_SEPARATORS = frozenset(" -")
_DIGITS_ONLY = 8  # registering body, kind of organisation and six digits of region


def parse(raw: str, *, pointer: str = "/unified_social_credit_code") -> str:
    """The code in canonical form: 18 characters, upper case, no separators.

    A valid code does not prove that the organisation exists. Raises InvalidRegistrationCode with the position of the
    first fault in `raw`.
    """
    try:
        return str(uscc.validate(raw))
    except ValidationError as error:
        raise InvalidRegistrationCode(code=raw, errors=[_locate(raw, pointer)]) from error


def _locate(raw: str, pointer: str) -> FieldError:
    places = [position for position, character in enumerate(raw) if character not in _SEPARATORS]
    for index, position in enumerate(places[:LENGTH]):
        allowed = _DIGITS if index < _DIGITS_ONLY else _ALPHABET
        if raw[position].upper() not in allowed:
            return FieldError(pointer, "uscc-character", position, {"character": raw[position]})
    if len(places) != LENGTH:
        position = places[LENGTH] if len(places) > LENGTH else len(raw)
        return FieldError(pointer, "uscc-length", position, {"length": len(places)})
    expected = uscc.calc_check_digit("".join(raw[position] for position in places[:-1]))
    return FieldError(pointer, "uscc-check-digit", places[-1], {"expected": expected})
