"""Deadlines that facts set and other facts clear. Each is an entry of deadlines.toml, which explains its fields."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Moment:
    """An event as these rules see it. `read` gives a field's text, `time` a field's time, or None where it is unset."""

    event_type: str
    version: int
    read: Callable[[str], str]
    time: Callable[[str], datetime | None]


@dataclass(frozen=True)
class Deadline:
    """One date in the calendars of some organisations; none of them where it is cleared."""

    kind: str
    subject: str
    version: int
    due_at: datetime | None
    organisations: tuple[str, ...]
    params: Mapping[str, str]

    @property
    def identity(self) -> tuple[str, str]:
        return self.kind, self.subject


@dataclass(frozen=True)
class DeadlineRule:
    kind: str
    set_by: str
    due: tuple[str, ...]
    months: int
    organisations: tuple[str, ...]
    subject: str
    cleared_by: tuple[str, ...]
    link: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    when: Mapping[str, Sequence[str]] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)

    def deadline(self, moment: Moment) -> Deadline | None:
        """What the event does to this deadline; None where it does nothing."""
        if moment.event_type in self.cleared_by:
            return self._deadline(moment, None)
        if moment.event_type != self.set_by:
            return None
        if any(moment.read(path) not in wanted for path, wanted in self.when.items()):
            return None
        times = [found for path in self.due if (found := moment.time(path)) is not None]
        return self._deadline(moment, months_later(max(times), self.months)) if times else None

    def _deadline(self, moment: Moment, due_at: datetime | None) -> Deadline:
        concerned = dict.fromkeys(filter(None, map(moment.read, self.organisations))) if due_at else ()
        return Deadline(
            kind=self.kind,
            subject=moment.read(self.subject),
            version=moment.version,
            due_at=due_at,
            organisations=tuple(concerned),
            params={name: moment.read(path) for name, path in self.params.items()} if due_at else {},
        )


@dataclass(frozen=True)
class DeadlineText:
    title: str
    text: str
    link: str


class DeadlineRules:
    def __init__(self, rules: Iterable[DeadlineRule]) -> None:
        self.by_kind = {rule.kind: rule for rule in rules}

    @property
    def event_types(self) -> set[str]:
        return {name for rule in self.by_kind.values() for name in (rule.set_by, *rule.cleared_by)}

    def deadlines(self, moments: Sequence[Moment]) -> list[Deadline]:
        """What a run of events does, the last word on each deadline."""
        changed: dict[tuple[str, str], Deadline] = {}
        for moment in moments:
            for rule in self.by_kind.values():
                found = rule.deadline(moment)
                if found is not None:
                    changed[found.identity] = found
        return list(changed.values())

    def render(self, kind: str, language: str, params: Mapping[str, str]) -> DeadlineText:
        rule = self.by_kind[kind]
        title, text = (texts.get(language, texts["en"]) for texts in (rule.title, rule.text))
        return DeadlineText(title.format_map(params), text.format_map(params), rule.link.format_map(params))


def months_later(moment: datetime, months: int) -> datetime:
    """The same day so many months later; the month's last day where it has no such day (CC 201-203)."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
