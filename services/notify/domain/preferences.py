"""What one person wants to be told, how, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.notify.domain.rules import Rule
from services.notify.domain.timing import MAIL_GAP, DigestTime, QuietHours

DEFAULT_DIGEST = DigestTime(hour=8, weekday=0)


class Email(StrEnum):
    """When an e-mail tells of a kind of notification."""

    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


def default_email(rule: Rule) -> Email:
    """What holds for a kind unless a person decides otherwise."""
    if "email" not in rule.channels:
        return Email.OFF
    return Email(rule.digest) if rule.digest else Email.NOW


@dataclass(frozen=True)
class Preferences:
    """`choices` are those that differ from the catalogue: {kind: {"in_app": bool, "email": Email}}."""

    time_zone: str
    language: str
    email_enabled: bool = True
    quiet: QuietHours | None = None
    digest: DigestTime = DEFAULT_DIGEST
    choices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def email(self, rule: Rule) -> Email:
        return Email(self.choices.get(rule.kind, {}).get("email", default_email(rule)))

    def in_app(self, rule: Rule) -> bool:
        return bool(self.choices.get(rule.kind, {}).get("in_app", "in_app" in rule.channels))

    def sends_at(self, now: datetime, *, cadence: Email, since: datetime, last_mail: datetime | None) -> datetime:
        """When a mail begun at `since` may go out: `now`, or the moment to look again."""
        moment = now
        if cadence is Email.NOW:
            if last_mail is not None:
                moment = max(moment, last_mail + MAIL_GAP)
        else:
            moment = max(moment, self.digest.after(since, self.zone, weekly=cadence is Email.WEEKLY))
        quiet_until = self.quiet.until(moment, self.zone) if self.quiet else None
        return quiet_until or moment
