"""What a password must be: long rather than strange (NIST SP 800-63B §3.1.1)."""

from gateway.domain.errors import WeakPassword
from services.kit.problems import FieldError

MINIMUM = 10
MAXIMUM = 200  # argon2 would take more, but hashing megabytes is a way to tire the server
_FEWEST_DISTINCT = 4


def check_password(password: str, *, email: str, pointer: str = "/password") -> None:
    """Raises WeakPassword, located at `pointer`, naming what is wrong."""
    fault = _fault(password, email)
    if fault is not None:
        raise WeakPassword(errors=[FieldError(pointer, fault, params={"minimum": MINIMUM, "maximum": MAXIMUM})])


def _fault(password: str, email: str) -> str | None:
    if len(password) < MINIMUM:
        return "password-short"
    if len(password) > MAXIMUM:
        return "password-long"
    if len(set(password)) < _FEWEST_DISTINCT:
        return "password-uniform"
    if email.partition("@")[0].casefold() == password.casefold() or email.casefold() == password.casefold():
        return "password-is-email"
    return None
