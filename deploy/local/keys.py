"""`zayton keys`: the keys that sign access tokens, and the secret they are encrypted with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.table import Table

from deploy.local.child import CannotStart
from deploy.local.databases import Databases
from deploy.services import GATEWAY
from gateway.identity.signing_keys import (
    PUBLISHED_BEFORE_USE,
    all_keys,
    private_key,
    published,
    rotate,
    signer,
)
from gateway.settings import GatewaySettings
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.secret import begin_local_change, end_local_change, secrets_of

# What each service encrypts with the hall's secret, and how to encrypt it anew.
ENCRYPTING = {
    GATEWAY: "gateway.identity.signing_keys",
    "notify": "services.notify.adapters.endpoints",
    "contract": "services.contract.adapters.seals.keyring",
}


@dataclass(frozen=True)
class KeyState:
    """`state`: signs, soon (published, not yet signing), published (tokens signed with it are still good), replaced."""

    kid: str
    state: str
    signs_from: datetime
    age_days: int
    readable: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "kid": self.kid,
            "state": self.state,
            "signs_from": self.signs_from.isoformat(),
            "age_days": self.age_days,
            "readable": self.readable,
        }


def settings_of(home: Path) -> GatewaySettings:
    return GatewaySettings(home=home)


async def key_states(found: Databases, settings: GatewaySettings) -> list[KeyState]:
    """Every signing key, oldest first. `readable`: whether one of the secrets opens it."""
    secrets, now = secrets_of(settings), utcnow()
    async with _database(found) as database, database.transaction() as session:
        keys = await all_keys(session)
    public = {key.kid for key in published(keys, now, timedelta(seconds=settings.access_token_s))}

    def state(kid: str, signs_from: datetime) -> str:
        if kid == signer(keys, now).kid:
            return "signs"
        if signs_from > now:
            return "soon"
        return "published" if kid in public else "replaced"

    def readable(index: int) -> bool:
        try:
            private_key(keys[index], *secrets)
        except ValueError:
            return False
        return True

    return [
        KeyState(key.kid, state(key.kid, key.signs_from), key.signs_from, (now - key.signs_from).days, readable(index))
        for index, key in enumerate(keys)
    ]


async def rotate_now(found: Databases, settings: GatewaySettings) -> tuple[str, timedelta]:
    """Publish a new signing key. Returns its id, and after how long it signs."""
    async with _database(found) as database, database.transaction() as session:
        kid = await rotate(session, secrets_of(settings)[0])
    assert kid is not None
    return kid, PUBLISHED_BEFORE_USE


async def encrypt_all_anew(found: Databases, settings: GatewaySettings) -> int:
    """Encrypt with the newest secret whatever is encrypted with an older one. Returns how much that was.

    Raises CannotStart where no secret opens something; then nothing of that service was changed.
    """
    hall_secrets, changed = secrets_of(settings), 0
    try:
        for name, module in ENCRYPTING.items():
            async with _database(found, name) as database, database.transaction() as session:
                changed += await import_module(module).encrypt_anew(session, hall_secrets)
    except ValueError as error:
        raise CannotStart(f"{error}. Name the secret that was, too: ZAYTON_SECRET_KEY_OLD.") from error
    return changed


async def change_local_secret(found: Databases, settings: GatewaySettings) -> int:
    """Make a new secret, encrypt everything with it, forget the old one. A hall that runs goes on meanwhile."""
    if settings.secret_key is not None:
        raise CannotStart(
            "The secret is set by ZAYTON_SECRET_KEY, not kept in a file. Set the new one there and the old one as "
            "ZAYTON_SECRET_KEY_OLD, restart every process, then run `zayton keys reencrypt`."
        )
    secrets_of(settings)  # a folder that has none yet gets its first
    begin_local_change(settings.home)
    changed = await encrypt_all_anew(found, settings)
    end_local_change(settings.home)
    return changed


def keys_table(states: list[KeyState]) -> Table:
    table = Table("key", "state", "signs from", "age", "readable", title="Signing keys", title_justify="left")
    for each in states:
        readable = "yes" if each.readable else "[red]no[/]"
        table.add_row(each.kid, each.state, f"{each.signs_from:%Y-%m-%d %H:%M:%S}", f"{each.age_days} d", readable)
    return table


@asynccontextmanager
async def _database(found: Databases, name: str = GATEWAY) -> AsyncIterator[Database]:
    database = Database(found[name], name, pool_size=1)
    try:
        yield database
    finally:
        await database.close()
