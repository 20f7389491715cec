"""Guessing passwords is slowed down for each account and each network address.

Attempts are counted before the password is looked at, and taken back when it was right, so that guesses sent all at
once count too. An unknown e-mail has a count like any other: the throttle does not tell which accounts exist.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import case, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.settings import GatewaySettings
from gateway.tables import SignInAttempts
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.retention import forget


async def count_attempt(session: AsyncSession, email: str, address: str, settings: GatewaySettings) -> int:
    """Count one attempt. Returns for how many seconds sign-ins are refused, 0 for not at all."""
    now = utcnow()
    window_ends_at = now + timedelta(seconds=settings.sign_in_window_s)
    rows = [{"key": key, "attempts": 1, "window_ends_at": window_ends_at} for key in _keys(email, address)]
    statement = insert(SignInAttempts).values(rows)
    over = SignInAttempts.window_ends_at <= now
    counted = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[SignInAttempts.key],
            set_={
                "attempts": case((over, 1), else_=SignInAttempts.attempts + 1),
                "window_ends_at": case((over, window_ends_at), else_=SignInAttempts.window_ends_at),
            },
        ).returning(SignInAttempts.key, SignInAttempts.attempts, SignInAttempts.window_ends_at)
    )
    waits = [
        int((ends - now).total_seconds()) + 1 for key, attempts, ends in counted if attempts > _limit(key, settings)
    ]
    return max(waits, default=0)


async def forgive(session: AsyncSession, email: str, address: str) -> None:
    """The password was right: the account starts anew, the address gets its attempt back."""
    account, place = _keys(email, address)
    await session.execute(delete(SignInAttempts).where(SignInAttempts.key == account))
    await session.execute(
        update(SignInAttempts)
        .where(SignInAttempts.key == place, SignInAttempts.attempts > 0)
        .values(attempts=SignInAttempts.attempts - 1)
    )


async def forget_old_attempts(database: Database) -> int:
    """Returns how many."""
    return await forget(database, SignInAttempts, SignInAttempts.window_ends_at < utcnow())


def _keys(email: str, address: str) -> Sequence[str]:
    # Account before address, always: two sign-ins take their row locks in the same order. Digests, since what is typed
    # into the e-mail field of a form now and then is a password.
    return f"account:{hashlib.sha256(email.encode()).hexdigest()}", f"address:{address}"


def _limit(key: str, settings: GatewaySettings) -> int:
    if key.startswith("account:"):
        return settings.sign_in_failures_per_account
    return settings.sign_in_failures_per_address
