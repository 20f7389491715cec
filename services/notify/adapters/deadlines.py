"""Deadlines: deadlines.toml held against the contracts, what events say of them, and the calendar (RFC 5545)."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from icalendar import Alarm, Calendar, Event
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.envelope import Event as Fact
from services.kit.read_model import upsert_newer
from services.kit.topics import message_class
from services.notify.adapters.catalogue import Texts, field_at, placeholders, text_at
from services.notify.adapters.tables import DeadlineRow
from services.notify.domain.deadlines import Deadline, DeadlineRule, DeadlineRules, Moment

PATH = Path(__file__).parent.parent / "deadlines.toml"
_PAST_SHOWN = timedelta(days=30)
_MOST = 1_000


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern="^[a-z][a-z_]*$")
    set_by: str
    when: dict[str, list[str]] = {}
    due: list[str] = Field(min_length=1)
    months: int = Field(0, ge=0)
    organisations: list[str] = Field(min_length=1)
    subject: str
    cleared_by: list[str] = Field(min_length=1)
    params: dict[str, str] = {}
    link: str = Field(pattern="^/api/v1/")
    source: str = ""
    title: Texts
    text: Texts

    def rule(self) -> DeadlineRule:
        return DeadlineRule(
            kind=self.kind,
            set_by=self.set_by,
            due=tuple(self.due),
            months=self.months,
            organisations=tuple(self.organisations),
            subject=self.subject,
            cleared_by=tuple(self.cleared_by),
            link=self.link,
            title=self.title.model_dump(),
            text=self.text.model_dump(),
            when=self.when,
            params=self.params,
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    deadline: list[_Entry]


def load(path: Path = PATH) -> DeadlineRules:
    """Raises ValueError naming the entry at fault."""
    file = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    rules = [entry.rule() for entry in file.deadline]
    for rule in rules:
        if fault := fault_of(rule):
            raise ValueError(f"{path.name}: {rule.kind}: {fault}")
    return DeadlineRules(rules)


def fault_of(rule: DeadlineRule) -> str | None:
    """What is wrong with a rule, if anything."""
    for name in (rule.set_by, *rule.cleared_by):
        message = message_class(name)
        if message is None:
            return f"no topic carries {name}"
        if field_at(message, rule.subject) is None:
            return f"{name} has no plain field {rule.subject}"
    message = message_class(rule.set_by)
    assert message is not None
    for path in (*rule.when, *rule.organisations, *rule.params.values()):
        if field_at(message, path) is None:
            return f"{rule.set_by} has no plain field {path}"
    for path in rule.due:
        if not _is_time(message, path):
            return f"{rule.set_by} has no time {path}"
    for text in (*rule.title.values(), *rule.text.values(), rule.link):
        if unknown := placeholders(text) - {*rule.params}:
            return f"no such placeholder: {', '.join(sorted(unknown))}"
    return None


def moment(event: Fact[Message]) -> Moment:
    """An event as the rules read it."""
    return Moment(
        event.type, event.version, lambda path: text_at(event.data, path), lambda path: _time_at(event.data, path)
    )


async def record(session: AsyncSession, deadlines: Sequence[Deadline], now: datetime) -> None:
    rows = [
        {
            "kind": each.kind,
            "subject": each.subject,
            "due_at": each.due_at,
            "organisations": list(each.organisations),
            "params": dict(each.params),
            "aggregate_version": each.version,
            "changed_at": now,
        }
        for each in deadlines
    ]
    await upsert_newer(session, DeadlineRow, rows, key=("kind", "subject"))


async def of_organisation(session: AsyncSession, organisation_id: UUID, now: datetime) -> Sequence[DeadlineRow]:
    """Those to come and those just past, in order of time."""
    statement = (
        select(DeadlineRow)
        .where(
            DeadlineRow.organisations.contains([str(organisation_id)]),
            DeadlineRow.due_at > now - _PAST_SHOWN,
        )
        .order_by(DeadlineRow.due_at, DeadlineRow.kind, DeadlineRow.subject)
        .limit(_MOST)
    )
    return (await session.execute(statement)).scalars().all()


def calendar(rules: DeadlineRules, rows: Iterable[DeadlineRow], *, name: str, language: str, public_url: str) -> bytes:
    """An iCalendar of deadlines, each with a reminder a day before."""
    made = Calendar()
    made.add("prodid", "-//Zayton//Deadlines//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for row in rows:
        if row.kind in rules.by_kind and row.due_at is not None:
            made.add_component(_event(rules, row, row.due_at, language, public_url))
    return bytes(made.to_ical())


def _event(rules: DeadlineRules, row: DeadlineRow, due_at: datetime, language: str, public_url: str) -> Event:
    words = rules.render(row.kind, language, row.params)
    event = Event()
    event.add("uid", f"{row.kind}.{row.subject}@zayton")
    event.add("dtstamp", row.changed_at.astimezone(UTC))
    event.add("sequence", row.aggregate_version)
    event.add("dtstart", due_at.astimezone(UTC))
    event.add("summary", words.title)
    event.add("description", words.text)
    event.add("url", f"{public_url}/{language}{words.link.removeprefix('/api/v1')}")
    event.add("transp", "TRANSPARENT")  # a deadline takes no time of the day
    reminder = Alarm()
    reminder.add("action", "DISPLAY")
    reminder.add("description", words.title)
    reminder.add("trigger", timedelta(days=-1))
    event.add_component(reminder)
    return event


def _is_time(message: type[Message], path: str) -> bool:
    *parents, name = path.split(".")
    descriptor = message.DESCRIPTOR
    for each in parents:
        step = descriptor.fields_by_name.get(each)
        if step is None or step.message_type is None:
            return False
        descriptor = step.message_type
    field = descriptor.fields_by_name.get(name)
    return field is not None and field.message_type is not None and field.message_type.full_name == _TIMESTAMP


_TIMESTAMP = Timestamp.DESCRIPTOR.full_name


def _time_at(message: Message, path: str) -> datetime | None:
    """None where the field, or what it lies in, is unset."""
    for name in path.split("."):
        if not message.HasField(name):
            return None
        message = getattr(message, name)
    assert isinstance(message, Timestamp)
    return message.ToDatetime(tzinfo=UTC)
