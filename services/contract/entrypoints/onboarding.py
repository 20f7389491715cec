"""Opens accounts at Stripe for licensors and brokers: a job, from durable rows, no call inside a transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta

import stripe
import structlog

from services.contract.adapters.money import desk
from services.contract.adapters.money.purses import LEASE
from services.contract.adapters.money.stripe import Stripe
from services.contract.adapters.money.tables import PayoutAccountRow
from services.kit.clock import utcnow
from services.kit.db import Database

log = structlog.get_logger()
_POLL = timedelta(hours=6)  # account.updated comes first
_TRY_AGAIN = timedelta(minutes=1)


class Onboarding:
    def __init__(self, stripe_api: Stripe, clock: Callable[[], datetime] = utcnow) -> None:
        self._stripe = stripe_api
        self._clock = clock

    async def step(self, database: Database) -> bool:
        """Bring one account further. True where more may wait."""
        async with database.transaction() as session:
            row = await desk.next_account(session, self._clock(), self._clock() + LEASE)
        if row is None:
            return False
        try:
            change = await self._further(row)
        except stripe.StripeError as error:
            log.warning("onboarding_failed", organisation_id=str(row.organisation_id), error=repr(error))
            # The key of a failed try answers with the failure; an account opened twice is empty and harms nobody.
            again = {"attempt": row.attempt + 1} if row.remote_id is None and (error.http_status or 0) >= 400 else {}  # noqa: PLR2004
            reason = error.code or type(error).__name__
            change = {**again, "last_error": reason, "look_at": self._clock() + _TRY_AGAIN}
        async with database.transaction() as session:
            kept = await session.get_one(
                PayoutAccountRow, (row.organisation_id, row.provider), with_for_update=True, populate_existing=True
            )
            for name, value in change.items():
                setattr(kept, name, value)
            if kept.state == "ready":
                await desk.account_is_ready(session, row.organisation_id, self._clock())
        return True

    async def _further(self, row: PayoutAccountRow) -> dict[str, object]:
        """What changes of the row."""
        if row.remote_id is None:
            account = await self._stripe.open_account(
                row.organisation_id, f"account-{row.organisation_id}-{row.attempt}"
            )
            return {"remote_id": account, "look_at": self._clock(), "last_error": None}
        if await self._stripe.may_be_paid(row.remote_id):
            return {"state": "ready", "url": None, "look_at": None, "last_error": None}
        if row.state == "requested":
            url = await self._stripe.onboarding_url(row.remote_id)
            return {"state": "waiting", "url": url, "look_at": self._clock() + _POLL, "last_error": None}
        return {"look_at": self._clock() + _POLL}
