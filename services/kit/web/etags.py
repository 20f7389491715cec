"""ETags of resources that carry a version, and the If-Match that guards a change of one."""

from typing import Annotated

from fastapi import Depends, Header, Response

from services.kit.problems import FieldError, IfMatchRequired, InvalidInput, VersionMismatch

_BIGINT_DIGITS = 18


def etag(response: Response, version: int) -> None:
    response.headers["ETag"] = f'"{version}"'


def _if_match(
    if_match: Annotated[str | None, Header(description='The ETag last read, such as "3".')] = None,
) -> int | None:
    if if_match is None:
        raise IfMatchRequired
    if if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _BIGINT_DIGITS):
        raise InvalidInput(errors=[FieldError("#If-Match", "if-match")])
    return int(digits)


# The version the caller holds; None for `*`, which matches any.
IfMatch = Annotated[int | None, Depends(_if_match)]


def check_match(held: int | None, current: int) -> None:
    """Raises VersionMismatch (412) unless the caller holds the current version."""
    if held is not None and held != current:
        raise VersionMismatch(given=held, current=current)
