"""People at the hall's own pages. The browser holds an opaque cookie, which is exchanged here for a short access token,
as an API key is at the door. Neither access nor refresh tokens ever reach the browser, so no two tabs can race for one.
"""

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.identity.issuer import Issuer
from gateway.identity.sessions import principal_of
from gateway.tables import Member, Organisation, PageSession, Session
from services.kit.auth import Principal
from services.kit.clock import utcnow
from services.kit.db import Database


@dataclass(frozen=True)
class SignedIn:
    """Who a cookie stands for, and the token that says so to the API."""

    principal: Principal
    token: str


class PageSessions:
    """Asks the database once in a while for each cookie; a session ended elsewhere is over here within REUSE_S."""

    REUSE_S = 5.0
    _MOST = 20_000

    def __init__(self, database: Database, issuer: Issuer) -> None:
        self._database = database
        self._issuer = issuer
        self._known: OrderedDict[bytes, tuple[SignedIn, float]] = OrderedDict()

    async def open(self, cookie: str, session_id: UUID) -> None:
        """From now on the cookie, at least 256 random bits, stands for a session that a sign-in just opened."""
        async with self._database.transaction() as session:
            session.add(PageSession(cookie_hash=_digest(cookie), session_id=session_id))

    async def signed_in(self, cookie: str) -> SignedIn | None:
        """None where the cookie is not known, or its session is over."""
        digest = _digest(cookie)
        known, good_until = self._known.get(digest, (None, 0.0))
        if known is not None and time.monotonic() < good_until:
            return known
        async with self._database.transaction() as session:
            found = await _find(session, digest)
        if found is None:
            self._known.pop(digest, None)
            return None
        session_id, principal = found
        access = await self._issuer.issue(principal, session_id=session_id)
        signed_in = SignedIn(principal, access.token)
        self._known[digest] = (signed_in, time.monotonic() + self.REUSE_S)
        self._known.move_to_end(digest)
        if len(self._known) > self._MOST:
            self._known.popitem(last=False)
        return signed_in

    async def close(self, cookie: str) -> None:
        """The cookie stands for nobody any more."""
        digest = _digest(cookie)
        self._known.pop(digest, None)
        async with self._database.transaction() as session:
            await session.execute(delete(PageSession).where(PageSession.cookie_hash == digest))


async def _find(session: AsyncSession, digest: bytes) -> tuple[UUID, Principal] | None:
    statement = (
        select(Session.session_id, Member, Organisation)
        .join(PageSession, PageSession.session_id == Session.session_id)
        .join(Member, Member.user_id == Session.user_id)
        .join(Organisation, Organisation.organisation_id == Member.organisation_id)
        .where(PageSession.cookie_hash == digest, Session.ended_at.is_(None), Session.expires_at > utcnow())
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row[0], principal_of(row[1], row[2]))


def _digest(cookie: str) -> bytes:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(cookie.encode()).digest()
