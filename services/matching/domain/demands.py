"""A demand's life: open until it is closed or expires."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.matching.domain.errors import DemandNotOpen
from services.matching.domain.facts import DemandFacts, Money

DEFAULT_LIFE = timedelta(days=365)
LONGEST_LIFE = timedelta(days=3 * 365)


class DemandStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"


class Visibility(StrEnum):
    """Who sees a demand: its own organisation; everybody, but not whose it is; everybody."""

    PRIVATE = "private"
    ANONYMOUS = "anonymous"
    PUBLIC = "public"


@dataclass
class Demand:
    facts: DemandFacts
    organisation_name: str
    created_at: datetime
    expires_at: datetime
    status: DemandStatus = DemandStatus.OPEN
    close_reason: str = ""
    version: int = 1
    visibility: Visibility = Visibility.PRIVATE
    budget_public: bool = False
    region: str = ""

    @property
    def is_open(self) -> bool:
        return self.status is DemandStatus.OPEN

    @property
    def is_on_board(self) -> bool:
        return self.is_open and self.visibility is not Visibility.PRIVATE

    @property
    def is_anonymous(self) -> bool:
        return self.visibility is not Visibility.PUBLIC

    @property
    def public_budget(self) -> Money | None:
        return self.facts.budget if self.budget_public else None

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
