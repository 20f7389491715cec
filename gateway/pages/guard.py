"""What stands between a form of another site and the hall: where a POST came from, and a token only our page has."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import urlsplit

from starlette.requests import Request

_DIGEST = hashlib.sha256().digest_size


class Forged(Exception):
    """A form that was not sent from a page of this hall, or from one of another session."""


def form_token(cookie: str) -> str:
    """Bound to the visitor's cookie. Masked anew each time, so that compression of the page tells nothing about it."""
    mask = secrets.token_bytes(_DIGEST)
    return urlsafe_b64encode(mask + _xor(mask, _secret(cookie))).decode().rstrip("=")


def check_form(request: Request, cookie: str, token: str, public_url: str) -> None:
    """Raises Forged."""
    if not _same_origin(request, public_url):
        raise Forged("origin")
    try:
        given = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as error:
        raise Forged("token") from error
    unmasked = _xor(given[:_DIGEST], given[_DIGEST:])
    if not cookie or len(given) != 2 * _DIGEST or not hmac.compare_digest(unmasked, _secret(cookie)):
        raise Forged("token")


def own_path(target: str | None) -> str | None:
    """A path of this hall to go on to; None for whatever a browser could take for another host, such as `//host`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc or "\\" in target else target


def _same_origin(request: Request, public_url: str) -> bool:
    """By Origin, which every browser sends with a POST. A proxy may have ended TLS, so the host decides."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    return urlsplit(origin).netloc in {request.headers.get("host", ""), urlsplit(public_url).netloc} - {""}


def _secret(cookie: str) -> bytes:
    return hmac.digest(cookie.encode(), b"form", "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=False))
