"""Issues access tokens: JWTs (RFC 7519) signed with the key of the day."""

import base64
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway.identity.signing_keys import private_key, published, signer, signing_keys
from gateway.settings import GatewaySettings
from gateway.tables import SigningKey
from services.kit.auth import ALGORITHM, Principal
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.secret import secrets_of

_LOOK_AGAIN_S = 30.0  # well under signing_keys.PUBLISHED_BEFORE_USE + USED_AFTER


@dataclass(frozen=True)
class AccessToken:
    token: str
    expires_in: int  # seconds
    expires_at: datetime


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token that was verified before."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


class Issuer:
    """Keeps the keys in memory for half a minute, and decrypts each once: that is slow on purpose."""

    def __init__(self, database: Database, settings: GatewaySettings) -> None:
        self._database = database
        self._settings = settings
        self._keys: list[SigningKey] = []
        self._private: dict[str, OKPKey] = {}
        self._looked_at = float("-inf")

    @property
    def token_life(self) -> timedelta:
        return timedelta(seconds=self._settings.access_token_s)

    async def issue(self, principal: Principal, *, session_id: UUID | None = None) -> AccessToken:
        keys = await self._known()
        now = utcnow()
        key = signer(keys, now)
        expires_at = now + self.token_life
        claims = principal.claims() | {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": str(new_id()),
        }
        if session_id is not None:
            claims["sid"] = str(session_id)
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}
        token = jwt.encode(header, claims, self._private_of(key), algorithms=[ALGORITHM])
        return AccessToken(token, self._settings.access_token_s, expires_at)

    async def key_set(self) -> dict[str, Any]:
        """The JWKS: public keys alone."""
        keys = published(await self._known(), utcnow(), self.token_life)
        return {"keys": [key.public_jwk for key in keys]}

    def forget(self) -> None:
        """Look at the database anew at the next call."""
        self._looked_at = float("-inf")

    async def _known(self) -> list[SigningKey]:
        if time.monotonic() - self._looked_at > _LOOK_AGAIN_S:
            async with self._database.transaction() as session:
                self._keys = await signing_keys(session, secrets_of(self._settings)[0])
            self._looked_at = time.monotonic()
        return self._keys

    def _private_of(self, key: SigningKey) -> OKPKey:
        if key.kid not in self._private:
            self._private[key.kid] = private_key(key, *secrets_of(self._settings))
        return self._private[key.kid]
