"""Signing in, staying in, signing out. These handlers open their transactions themselves: what a refusal writes (an
attempt counted, a session ended) has to stay, and no connection is held while a password is hashed.
"""

from datetime import timedelta
from uuid import UUID

from fastapi import Request
from fastapi.routing import APIRoute

from gateway.domain.errors import SessionEnded, TooManySignIns, WrongCredentials
from gateway.entrypoints.models import MemberView, OrganisationView, Refresh, SessionView, SignIn
from gateway.entrypoints.parts import OwnAccounts, Parts, PartsOf
from gateway.identity.issuer import claims_of
from gateway.identity.sessions import Opened, Refused, account, end_session, open_session, refresh_session
from gateway.identity.throttle import count_attempt, forgive
from services.kit.web import Caller, router

sessions = router(prefix="/api/v1/sessions", tags=["sessions"])
sessions.route_class = APIRoute


@sessions.post("", status_code=201, dependencies=[OwnAccounts])
async def sign_in(body: SignIn, request: Request, parts: PartsOf) -> SessionView:
    """Open a session: a short-lived access token, and a refresh token that is good once."""
    email = body.email.strip().lower()
    address = request.client.host if request.client else "unknown"
    async with parts.database.transaction() as session:
        wait_s = await count_attempt(session, email, address, parts.settings)
        member = None if wait_s else await account(session, email)
    if wait_s:
        raise TooManySignIns(retry_after_s=wait_s, seconds=wait_s)
    if not await parts.passwords.matches(body.password, member.password_hash if member else None):
        raise WrongCredentials
    async with parts.database.transaction() as session:
        # Read again: a member may have left, or changed the password, while it was being checked.
        checked, member = member, await account(session, email)
        if checked is None or member is None or checked.password_hash != member.password_hash:
            raise WrongCredentials
        if parts.passwords.outdated(member.password_hash):
            member.password_hash = await parts.passwords.hash(body.password)
        await forgive(session, email, address)
        opened = await open_session(session, member, timedelta(days=parts.settings.session_days))
    return await _view(opened, parts)


@sessions.post("/refresh", dependencies=[OwnAccounts])
async def refresh(body: Refresh, parts: PartsOf) -> SessionView:
    """New tokens for an unused refresh token. One that was used before ends the session: somebody copied it."""
    async with parts.database.transaction() as session:
        outcome = await refresh_session(session, body.refresh_token)
    if isinstance(outcome, Refused):
        raise outcome.problem
    return await _view(outcome, parts)


@sessions.delete("/current", status_code=204, dependencies=[OwnAccounts])
async def sign_out(caller: Caller, request: Request, parts: PartsOf) -> None:
    """End the session of the access token. The token itself stays good for its last minutes."""
    token = request.headers["authorization"].partition(" ")[2].strip()
    session_id = claims_of(token).get("sid")
    if session_id is None:
        raise SessionEnded
    async with parts.database.transaction() as session:
        ended = await end_session(session, UUID(session_id), actor=caller)
    if not ended:
        raise SessionEnded


async def _view(opened: Opened, parts: Parts) -> SessionView:
    access = await parts.issuer.issue(opened.principal, session_id=opened.session_id)
    return SessionView(
        access_token=access.token,
        expires_in=access.expires_in,
        refresh_token=opened.refresh_token,
        member=MemberView.of(opened.member),
        organisation=OrganisationView.of(opened.organisation),
    )
