"""Keys that sign access tokens (Ed25519, RFC 8037): encrypted in the database, published as a JWKS (RFC 7517)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from joserfc.jwk import OKPKey
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.tables import SigningKey
from services.kit.auth import ALGORITHM
from services.kit.clock import utcnow

# Verifiers ask for new keys at most every ten seconds, so a key is public for longer than that before it signs.
PUBLISHED_BEFORE_USE = timedelta(seconds=30)
# Other gateway processes look at the keys once a minute, so one may sign so long after its successor took over.
USED_AFTER = timedelta(minutes=2)


async def signing_keys(session: AsyncSession, secret: str) -> list[SigningKey]:
    """All keys, oldest first. The very first is made here, and signs at once."""
    keys = await all_keys(session)
    if keys:
        return keys
    await _take_turn(session)
    if not await all_keys(session):
        session.add(_new_key(secret, signs_from=utcnow()))
        await session.flush()
    return await all_keys(session)


async def rotate(session: AsyncSession, secret: str, *, older_than: timedelta = timedelta()) -> str | None:
    """Publish a new key that will soon take over, unless the newest is younger than that. Returns its id."""
    await _take_turn(session)
    keys = await all_keys(session)
    if keys and utcnow() - keys[-1].signs_from < older_than:
        return None
    key = _new_key(secret, signs_from=utcnow() + PUBLISHED_BEFORE_USE)
    session.add(key)
    return key.kid


async def forget_replaced(session: AsyncSession, token_life: timedelta) -> None:
    """Delete keys that no living token can be signed with."""
    keys = await all_keys(session)
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


def private_key(key: SigningKey, *secrets: str) -> OKPKey:
    """Raises ValueError where none of the secrets is the one the key was encrypted with."""
    unreadable: ValueError | None = None
    for secret in secrets:
        try:
            return OKPKey.import_key(key.private_pem, {"kid": key.kid, "alg": ALGORITHM}, password=secret)
        except ValueError as error:
            unreadable = error
    raise ValueError(f"none of {len(secrets)} secrets is the one that signing key {key.kid} was encrypted with") from (
        unreadable
    )


async def encrypt_anew(session: AsyncSession, secrets: Sequence[str]) -> int:
    """Encrypt every key with the first secret, whichever of them it can be read with. Returns how many had another.

    Raises ValueError for a key that none of them opens; then nothing is changed.
    """
    await _take_turn(session)
    changed = 0
    for key in await all_keys(session):
        opened = private_key(key, *secrets)
        try:
            private_key(key, secrets[0])
        except ValueError:
            key.private_pem = opened.as_pem(private=True, password=secrets[0]).decode("ascii")
            changed += 1
    return changed


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


async def all_keys(session: AsyncSession) -> list[SigningKey]:
    """All there are, oldest first; makes none."""
    return list((await session.execute(select(SigningKey).order_by(SigningKey.signs_from))).scalars())


async def _take_turn(session: AsyncSession) -> None:
    """One process at a time makes keys."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("gateway signing keys", 0))))
