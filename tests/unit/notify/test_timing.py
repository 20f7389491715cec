"""When things are sent: retries over days, quiet hours and digests in the person's own zone, when clocks change too."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.deadlines import months_later
from services.notify.domain.preferences import Email, Preferences
from services.notify.domain.timing import MAIL_GAP, MOST_ATTEMPTS, DigestTime, QuietHours, retry_at

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)  # a Monday
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(("chance", "least", "most"), [(0, 3.0, 3.3), (1, 3.6, 3.9)])
def test_retries_spread_over_about_three_days(chance: float, least: float, most: float) -> None:
    now, waits = NOON, []
    for attempts in range(1, MOST_ATTEMPTS + 1):
        again = retry_at(now, attempts, chance)
        if again is None:
            break
        waits.append(again - now)
        now = again
    assert attempts == MOST_ATTEMPTS == 10
    assert waits == sorted(waits)
    assert least < (now - NOON) / timedelta(days=1) < most


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-05-04 21:59", None),
        ("2026-05-04 22:00", "2026-05-05 07:00"),
        ("2026-05-05 03:00", "2026-05-05 07:00"),
        ("2026-05-05 07:00", None),
        ("2026-03-28 23:00", "2026-03-29 07:00"),  # the night that loses an hour
        ("2026-10-24 23:00", "2026-10-25 07:00"),  # and the one that gains it
    ],
)
def test_quiet_hours_go_over_midnight(local: str, until: str | None) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=BERLIN)
    found = QuietHours(time(22), time(7)).until(moment, BERLIN)
    assert (found.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M") if found else None) == until


def test_quiet_hours_within_a_day() -> None:
    quiet = QuietHours(time(12), time(14))
    assert quiet.until(NOON, ZoneInfo("UTC")) == NOON + timedelta(hours=2)
    assert quiet.until(NOON, SHANGHAI) is None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # a range
    st.times().map(lambda each: each.replace(microsecond=0)),
    st.times().map(lambda each: each.replace(microsecond=0)),
    st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Pacific/Chatham"]),
)
def test_after_quiet_hours_it_is_not_quiet(moment: datetime, start: time, end: time, zone: str) -> None:
    if start == end:
        return
    quiet = QuietHours(start, end)
    until = quiet.until(moment, ZoneInfo(zone))
    if until is not None:
        assert moment - timedelta(hours=1) < until < moment + timedelta(hours=25)


def test_a_daily_digest_comes_at_its_hour_a_weekly_one_on_its_day() -> None:
    digest = DigestTime(hour=8, weekday=0)
    assert digest.after(NOON, SHANGHAI, weekly=False).isoformat() == "2026-05-05T00:00:00+00:00"
    assert digest.after(NOON, SHANGHAI, weekly=True).isoformat() == "2026-05-11T00:00:00+00:00"
    just = datetime(2026, 5, 11, 0, 0, tzinfo=UTC)
    assert digest.after(just, SHANGHAI, weekly=True) == just + timedelta(days=7)


def test_a_digest_that_is_due_in_quiet_hours_comes_after_them() -> None:
    preferences = Preferences("UTC", "en", quiet=QuietHours(time(6), time(9)))
    moment = preferences.sends_at(NOON, cadence=Email.DAILY, since=NOON, last_mail=None)
    assert moment.isoformat() == "2026-05-05T09:00:00+00:00"


def test_a_digest_that_is_overdue_goes_out_now() -> None:
    preferences = Preferences("UTC", "en")
    since = NOON - timedelta(days=3)
    assert preferences.sends_at(NOON, cadence=Email.DAILY, since=since, last_mail=None) == NOON


def test_two_mails_to_one_person_keep_their_distance() -> None:
    preferences = Preferences("UTC", "en")
    assert preferences.sends_at(NOON, cadence=Email.NOW, since=NOON, last_mail=NOON) == NOON + MAIL_GAP
    assert preferences.sends_at(NOON, cadence=Email.NOW, since=NOON, last_mail=NOON - MAIL_GAP) == NOON


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2026-11-30", 3, "2027-02-28"), ("2027-11-30", 3, "2028-02-29"), ("2026-01-31", 0, "2026-01-31")],
)
def test_months_end_on_the_last_day_where_there_is_no_such_day(day: str, months: int, expected: str) -> None:
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert months_later(moment, months).date().isoformat() == expected
