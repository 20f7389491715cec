"""The secret that encrypts signing keys at rest: a setting, or locally a file of ZAYTON_HOME."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from gateway.settings import GatewaySettings

_FILE, _OLD_FILE = "secret_key", "secret_key_old"


def secrets_of(settings: GatewaySettings) -> tuple[str, ...]:
    """The secret that is written with, then those that are still read with. Locally the first one is made here."""
    if settings.secret_key is None and not (settings.home / _FILE).exists():
        _make_secret(settings.home / _FILE)
    return known_secrets(settings)


def known_secrets(settings: GatewaySettings) -> tuple[str, ...]:
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
        file.write(secrets.token_urlsafe(32))
    return Path(draft)
