"""A demand's life: open until it is closed or expires."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.matching.domain.errors import DemandNotOpen
from services.matching.domain.facts import DemandFacts

DEFAULT_LIFE = timedelta(days=365)
LONGEST_LIFE = timedelta(days=3 * 365)


class DemandStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"


@dataclass
class Demand:
    facts: DemandFacts
    organisation_name: str
    created_at: datetime
    expires_at: datetime
    status: DemandStatus = DemandStatus.OPEN
    close_reason: str = ""
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.status is DemandStatus.OPEN

    def close(self, reason: str) -> None:
        """Raises DemandNotOpen."""
        self._end(DemandStatus.CLOSED, reason)

    def expire(self) -> None:
        """Raises DemandNotOpen."""
        self._end(DemandStatus.EXPIRED, "expired")

    def _end(self, status: DemandStatus, reason: str) -> None:
        if not self.is_open:
            raise DemandNotOpen(status=self.status)
        self.status, self.close_reason = status, reason
        self.version += 1
