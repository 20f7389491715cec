"""The secret that encrypts keys at rest: a setting, or locally one made at first start and kept in ZAYTON_HOME."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

_FILE = "secret_key"


def secret_of(setting: SecretStr | None, home: Path) -> str:
    """The setting where there is one, else the one in `home`, which all processes of a hall share."""
    if setting is not None:
        return setting.get_secret_value()
    path = home / _FILE
    if not path.exists():
        _make_secret(path)
    return path.read_text(encoding="ascii")


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    # A link appears whole or not at all: of processes that start together one wins, and all read the same secret.
    with suppress(FileExistsError):
        os.link(draft, path)
    Path(draft).unlink()
