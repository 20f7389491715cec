"""What a service encrypts and signs with: keys derived from the hall's secret, a setting or locally a file.

Secrets come newest first: the first one writes, all of them read, so that a secret can be changed while the hall runs.
"""

import base64
import hmac
import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_FILE, _OLD_FILE = "secret_key", "secret_key_old"
_KEY_BYTES = 32
_SIGNATURE_BYTES = 16  # links stay short, and 128 bits are not guessed


class HasSecret(Protocol):
    @property
    def home(self) -> Path: ...
    @property
    def secret_key(self) -> SecretStr | None: ...
    @property
    def secret_key_old(self) -> SecretStr | None: ...


def secrets_of(settings: HasSecret) -> tuple[str, ...]:
    """The secret that is written with, then those that are still read with. Locally the first one is made here."""
    if settings.secret_key is None and not (settings.home / _FILE).exists():
        _make_secret(settings.home / _FILE)
    return known_secrets(settings)


def known_secrets(settings: HasSecret) -> tuple[str, ...]:
    """The same, but none where there is none yet."""
    older = settings.secret_key_old.get_secret_value().split(",") if settings.secret_key_old else []
    if settings.secret_key is not None:
        return (settings.secret_key.get_secret_value(), *older)
    # The older one is read last: a change that goes on meanwhile puts it there before it puts the new one here.
    found = []
    for name in (_FILE, _OLD_FILE):
        with suppress(FileNotFoundError):
            found.append((settings.home / name).read_text(encoding="ascii"))
    return (*found, *older)


def begin_local_change(home: Path) -> None:
    """Put a new secret in place of the local one, which stays readable until `end_local_change`.

    May be broken off anywhere and begun again: what is encrypted is always with one of the two.
    """
    path, old = home / _FILE, home / _OLD_FILE
    if not old.exists():
        os.link(path, old)
    if old.read_bytes() == path.read_bytes():  # else begun before, and not ended
        _draft(home).replace(path)


def end_local_change(home: Path) -> None:
    """Forget the older secret. Only once everything is encrypted with the new one."""
    (home / _OLD_FILE).unlink(missing_ok=True)


class Unreadable(ValueError):
    """None of the secrets at hand is the one it was encrypted with."""


class Vault:
    """Encrypts small texts at rest, for one `purpose`: what one purpose wrote no other can read."""

    def __init__(self, hall_secrets: Sequence[str], purpose: str) -> None:
        self._keys = [Fernet(base64.urlsafe_b64encode(_derived(each, purpose))) for each in hall_secrets]
        self._all = MultiFernet(self._keys)

    def seal(self, text: str) -> str:
        return self._all.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Raises Unreadable."""
        try:
            return self._all.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise Unreadable(f"none of {len(self._keys)} secrets opens it") from error

    def sealed_anew(self, sealed: str) -> str:
        """The same, encrypted with the newest secret. Raises Unreadable."""
        return self.seal(self.open(sealed))


class Signer:
    """Signs short texts for one `purpose`, to be handed out in links and to come back."""

    def __init__(self, hall_secrets: Sequence[str], purpose: str) -> None:
        self._keys = [_derived(each, purpose) for each in hall_secrets]

    def sign(self, text: str) -> str:
        """The text with its signature, in characters that a path segment takes."""
        body = _encoded(text.encode())
        return f"{body}.{_signature(self._keys[0], body)}"

    def verified(self, token: str) -> str | None:
        """The text; None where the signature is none of ours."""
        body, _, signature = token.partition(".")
        good = [_signature(key, body) for key in self._keys]
        if not any(hmac.compare_digest(each.encode(), signature.encode()) for each in good):
            return None
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


def _signature(key: bytes, body: str) -> str:
    return _encoded(hmac.digest(key, body.encode(), "sha256")[:_SIGNATURE_BYTES])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _derived(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"zayton {purpose}".encode()).derive(secret.encode())


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path.parent)
    # A link appears whole or not at all: of processes that start together one wins, and all read the same secret.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _draft(folder: Path) -> Path:
    """A new secret in a file readable by its owner alone."""
    handle, draft = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(_KEY_BYTES))
    return Path(draft)
