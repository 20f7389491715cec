"""API keys, for programs of an organisation: shown once, kept as digests.

They are exchanged at the door for a short token, so that services only ever see tokens.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.domain.errors import ApiKeyNotFound, InvalidApiKey
from gateway.identity import audit
from gateway.identity.issuer import Issuer
from gateway.identity.members import administers
from gateway.tables import ApiKey, Organisation
from services.kit.auth import OrganisationKind, Principal, Role
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.problems import FieldError, InvalidInput

PREFIX = "zk_"
_DEFAULT_LIFE = timedelta(days=365)
_HINT = len(PREFIX) + 4


async def create_api_key(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    name: str,
    role: Role,
    expires_at: datetime | None,
    actor: Principal,
) -> tuple[ApiKey, str]:
    """The record, and the key itself, which is not kept. Without `expires_at` it is good for a year.

    Raises AdministratorsOnly, OrganisationNotFound, or InvalidInput for an expiry in the past.
    """
    administers(actor, organisation_id)
    now = utcnow()
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(errors=[FieldError("/expires_at", "past")])
    key = PREFIX + secrets.token_urlsafe(32)
    record = ApiKey(
        api_key_id=new_id(),
        organisation_id=organisation_id,
        name=name,
        role=role,
        hint=key[:_HINT],
        key_hash=_digest(key),
        created_by=actor.user_id,
        created_at=now,
        expires_at=expires_at or now + _DEFAULT_LIFE,
    )
    session.add(record)
    audit.record(
        session,
        "api_key_created",
        organisation_id=organisation_id,
        actor=actor,
        subject_id=record.api_key_id,
        name=name,
        role=role,
    )
    return record, key


def see_api_keys(organisation_id: UUID, *, caller: Principal) -> Select[ApiKey]:
    """Raises AdministratorsOnly or OrganisationNotFound."""
    administers(caller, organisation_id)
    return select(ApiKey).where(ApiKey.organisation_id == organisation_id, ApiKey.revoked_at.is_(None))


async def revoke_api_key(session: AsyncSession, organisation_id: UUID, api_key_id: UUID, *, actor: Principal) -> None:
    """In effect within Keyring.REUSE_S. Raises AdministratorsOnly, OrganisationNotFound or ApiKeyNotFound."""
    administers(actor, organisation_id)
    statement = (
        update(ApiKey)
        .where(ApiKey.organisation_id == organisation_id, ApiKey.api_key_id == api_key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=utcnow())
        .returning(ApiKey.api_key_id)
    )
    if (await session.execute(statement)).scalar_one_or_none() is None:
        raise ApiKeyNotFound(api_key_id=api_key_id)
    audit.record(session, "api_key_revoked", organisation_id=organisation_id, actor=actor, subject_id=api_key_id)


async def bearer_of(session: AsyncSession, key: str) -> Principal:
    """Who a key acts as: itself, in its organisation, with its role. Raises InvalidApiKey."""
    now = utcnow()
    use = (
        update(ApiKey)
        .where(
            ApiKey.key_hash == _digest(key),
            ApiKey.revoked_at.is_(None),
            ApiKey.expires_at > now,
        )
        .values(last_used_at=now)
        .returning(ApiKey)
    )
    record = (await session.execute(use)).scalar_one_or_none()
    if record is None:
        raise InvalidApiKey
    organisation = await session.get_one(Organisation, record.organisation_id)
    return Principal(
        user_id=record.api_key_id,
        organisation_id=organisation.organisation_id,
        organisation_kind=OrganisationKind(organisation.kind),
        organisation_name=organisation.name,
        role=Role(record.role),
        name=record.name,
        language="en",
    )


class Keyring:
    """Exchanges keys for tokens at the door, asking the database once in a while for each key."""

    REUSE_S = 15.0
    _MOST = 10_000

    def __init__(self, database: Database, issuer: Issuer) -> None:
        self._database = database
        self._issuer = issuer
        self._tokens: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    async def token(self, key: str) -> str:
        """Raises InvalidApiKey."""
        digest = _digest(key)
        token, good_until = self._tokens.get(digest, ("", 0.0))
        if time.monotonic() < good_until:
            return token
        async with self._database.transaction() as session:
            principal = await bearer_of(session, key)
        token = (await self._issuer.issue(principal)).token
        self._tokens[digest] = (token, time.monotonic() + self.REUSE_S)
        self._tokens.move_to_end(digest)
        if len(self._tokens) > self._MOST:
            self._tokens.popitem(last=False)
        return token


def _digest(key: str) -> bytes:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(key.encode()).digest()
