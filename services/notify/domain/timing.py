"""When something may be sent, and when it is tried again. Pure; every time has a zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# As Standard Webhooks proposes: ten tries over three days. Greylisting mail servers are content after the second wait.
_DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
MOST_ATTEMPTS = len(_DELAYS) + 1
_JITTER = 0.2

# A mail waits so long for others that belong to the same burst.
SETTLE = timedelta(minutes=1)
# And so long after the last mail to the same person, whatever happens.
MAIL_GAP = timedelta(minutes=10)


def retry_at(now: datetime, attempts: int, chance: float) -> datetime | None:
    """When to try again after so many attempts; None when that was the last one. `chance`, 0 to 1, spreads a crowd."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + _DELAYS[attempts - 1] * (1 + _JITTER * chance)


@dataclass(frozen=True)
class QuietHours:
    """Local times of day; from 22:00 to 07:00 goes over midnight."""

    start: time
    end: time

    def until(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The end of the quiet hours `moment` lies in; None where it lies in none."""
        local = moment.astimezone(zone)
        clock = local.time().replace(tzinfo=None)
        if self.start < self.end:
            quiet, ends_on = self.start <= clock < self.end, local.date()
        else:
            quiet = clock >= self.start or clock < self.end
            ends_on = local.date() + timedelta(days=1) if clock >= self.start else local.date()
        return at(ends_on, self.end, zone) if quiet else None


@dataclass(frozen=True)
class DigestTime:
    hour: int
    weekday: int  # 0 is Monday

    def after(self, moment: datetime, zone: ZoneInfo, *, weekly: bool) -> datetime:
        """The first time for a digest after `moment`."""
        day = moment.astimezone(zone).date()
        days: Sequence[date] = [day + timedelta(days=number) for number in range(9)]
        wanted = (at(each, time(self.hour), zone) for each in days if not weekly or each.weekday() == self.weekday)
        return next(each for each in wanted if each > moment)


def at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """A local time of day as UTC. One that daylight saving leaves out is taken an hour later, a double one early."""
    return datetime.combine(day, clock, zone).astimezone(ZoneInfo("UTC"))
