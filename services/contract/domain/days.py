"""Which day a moment falls on: where the law is kept, and where a register's office may lie."""

from datetime import UTC, date, datetime, timedelta, timezone

_CHINA = timezone(timedelta(hours=8))  # all of it, all year
_EARLIEST_ZONE, _LATEST_ZONE = timedelta(hours=-12), timedelta(hours=14)


def day_in_china(at: datetime) -> date:
    return at.astimezone(_CHINA).date()


def end_of_day_in_china(day: date) -> datetime:
    """The first moment after it."""
    return (datetime.combine(day, datetime.min.time(), tzinfo=_CHINA) + timedelta(days=1)).astimezone(UTC)


def first_day_anywhere(at: datetime) -> date:
    return (at.astimezone(UTC) + _EARLIEST_ZONE).date()


def last_day_anywhere(at: datetime) -> date:
    return (at.astimezone(UTC) + _LATEST_ZONE).date()
