from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import timers

DEMAND_EXPIRY = "demand_expiry"


class TimedExpiry:
    """application.ports.Expiry on the service's durable timers."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def set(self, demand_id: UUID, at: datetime) -> None:
        await timers.schedule(self._session, DEMAND_EXPIRY, demand_id, at)

    async def cancel(self, demand_id: UUID) -> None:
        await timers.cancel(self._session, DEMAND_EXPIRY, demand_id)
