"""Keys that sign access tokens (Ed25519, RFC 8037): encrypted in the database, published as a JWKS (RFC 7517)."""

import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.settings import GatewaySettings
from gateway.tables import SigningKey
from services.kit.auth import ALGORITHM
from services.kit.clock import utcnow

# Verifiers ask for new keys at most every ten seconds, so a key is public for longer than that before it signs.
PUBLISHED_BEFORE_USE = timedelta(seconds=30)
# Other gateway processes look at the keys once a minute, so one may sign so long after its successor took over.
USED_AFTER = timedelta(minutes=2)


async def signing_keys(session: AsyncSession, secret: str) -> list[SigningKey]:
    """All keys, oldest first. The very first is made here, and signs at once."""
    keys = await _all(session)
    if keys:
        return keys
    await _take_turn(session)
    if not await _all(session):
        session.add(_new_key(secret, signs_from=utcnow()))
        await session.flush()
    return await _all(session)


async def rotate(session: AsyncSession, secret: str, *, older_than: timedelta = timedelta()) -> str | None:
    """Publish a new key that will soon take over, unless the newest is younger than that. Returns its id."""
    await _take_turn(session)
    keys = await _all(session)
    if keys and utcnow() - keys[-1].signs_from < older_than:
        return None
    key = _new_key(secret, signs_from=utcnow() + PUBLISHED_BEFORE_USE)
    session.add(key)
    return key.kid


async def forget_replaced(session: AsyncSession, token_life: timedelta) -> None:
    """Delete keys that no living token can be signed with."""
    keys = await _all(session)
    gone = {key.kid for key in keys} - {key.kid for key in published(keys, utcnow(), token_life)}
    await session.execute(delete(SigningKey).where(SigningKey.kid.in_(gone)))


def signer(keys: Sequence[SigningKey], now: datetime) -> SigningKey:
    """The newest key whose time has come; `keys` are in order of `signs_from`."""
    # The first one at least: another machine's clock that made it may be ahead of ours.
    return ([key for key in keys if key.signs_from <= now] or keys[:1])[-1]


def published(keys: Sequence[SigningKey], now: datetime, token_life: timedelta) -> list[SigningKey]:
    """The keys that a token still good may be signed with, or soon will be."""
    return [
        key
        for key, successor in zip_longest(keys, keys[1:])
        if successor is None or now < successor.signs_from + USED_AFTER + token_life
    ]


def private_key(key: SigningKey, secret: str) -> OKPKey:
    """Raises ValueError where the secret is not the one the key was encrypted with."""
    return OKPKey.import_key(key.private_pem, {"kid": key.kid, "alg": ALGORITHM}, password=secret)


def secret_of(settings: GatewaySettings) -> str:
    """The secret that encrypts keys at rest: the setting, or locally one made at first start and kept in `home`."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.home / "secret_key"
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


def _new_key(secret: str, *, signs_from: datetime) -> SigningKey:
    key = OKPKey.generate_key("Ed25519")
    public: dict[str, Any] = dict(key.as_dict(private=False))
    kid = key.thumbprint()
    return SigningKey(
        kid=kid,
        public_jwk=public | {"kid": kid, "use": "sig", "alg": ALGORITHM},
        private_pem=key.as_pem(private=True, password=secret).decode("ascii"),
        signs_from=signs_from,
    )


async def _all(session: AsyncSession) -> list[SigningKey]:
    return list((await session.execute(select(SigningKey).order_by(SigningKey.signs_from))).scalars())


async def _take_turn(session: AsyncSession) -> None:
    """One process at a time makes keys."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("gateway signing keys", 0))))
