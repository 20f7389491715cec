"""What the gateway's worker clears away and renews, once a minute."""

import time
from datetime import timedelta

from gateway.identity.sessions import forget_old_sessions
from gateway.identity.signing_keys import forget_replaced, rotate
from gateway.identity.throttle import forget_old_attempts
from gateway.settings import GatewaySettings
from gateway.stream.store import remove_old
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.jobs import Job
from services.kit.secret import secrets_of

_EVERY_S = 60.0


def housekeeping(settings: GatewaySettings) -> Job:
    due_at = float("-inf")

    async def step(database: Database) -> bool:
        nonlocal due_at
        if time.monotonic() >= due_at:
            await tidy(database, settings)
            due_at = time.monotonic() + _EVERY_S
        return False

    return Job("housekeeping", step)


async def tidy(database: Database, settings: GatewaySettings) -> None:
    await remove_old(database, timedelta(hours=settings.stream_retention_hours), utcnow())
    await forget_old_attempts(database)
    await forget_old_sessions(database)
    if settings.oidc_issuer:
        return
    async with database.transaction() as session:
        await forget_replaced(session, timedelta(seconds=settings.access_token_s))
        await rotate(session, secrets_of(settings)[0], older_than=timedelta(days=settings.signing_key_days))
