"""Who is told what, and in which words. Pure: an event is seen through a function from a field's path to its text."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Happening:
    """An event as the rules see it: `read("deal.title")` gives a field's text, enums by their proto name."""

    event_id: str
    event_type: str
    time: datetime
    read: Callable[[str], str]


@dataclass(frozen=True)
class Notice:
    """One cause to tell one organisation of something; `count` events are behind it.

    `cause` is unique per organisation and kind: the event's id, or what a group has in common.
    """

    kind: str
    organisation_id: str
    cause: str
    roles: tuple[str, ...]
    window: timedelta | None
    params: Mapping[str, str]
    count: int
    first_at: datetime
    last_at: datetime

    @property
    def closes_at(self) -> datetime | None:
        """When nothing more is added to a group."""
        return self.first_at + self.window if self.window else None

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.organisation_id, self.kind, self.cause


@dataclass(frozen=True)
class Rule:
    """One entry of notifications.toml; the meaning of each field is explained there."""

    kind: str
    event_type: str
    organisations: tuple[str, ...]
    roles: tuple[str, ...]
    link: str
    channels: tuple[str, ...]
    title: Mapping[str, str]
    text: Mapping[str, str]
    many: Mapping[str, str] | None = None
    actor: str | None = None
    when: Mapping[str, str] = field(default_factory=dict)
    group_by: tuple[str, ...] = ()
    window: timedelta | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    digest: str | None = None

    @property
    def paths(self) -> set[str]:
        """All fields of the event that this rule reads."""
        optional = (self.actor,) if self.actor else ()
        return {
            *(*self.organisations, *self.when, *self.group_by, *optional),
            *self.params.values(),
            *self.names.values(),
        }

    @property
    def placeholders(self) -> set[str]:
        """What texts and link may mention."""
        return {*self.params, *self.names, *({"count"} if self.many else ())}

    def notices(self, happening: Happening) -> list[Notice]:
        """One notice per organisation concerned, without the one that acted."""
        read = happening.read
        if any(read(path) != wanted for path, wanted in self.when.items()):
            return []
        acting = read(self.actor) if self.actor else ""
        concerned = dict.fromkeys(read(path) for path in self.organisations)
        params = {name: read(path) for name, path in {**self.params, **self.names}.items()}
        cause = "/".join(read(path) for path in self.group_by) if self.group_by else happening.event_id
        return [
            Notice(
                kind=self.kind,
                organisation_id=organisation,
                cause=cause,
                roles=self.roles,
                window=self.window,
                params=params,
                count=1,
                first_at=happening.time,
                last_at=happening.time,
            )
            for organisation in concerned
            if organisation and organisation != acting
        ]


@dataclass(frozen=True)
class Rendered:
    title: str
    text: str
    link: str


class Rules:
    """All rules of the hall, by event and by kind."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.by_kind: dict[str, Rule] = {}
        self.by_event: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.kind in self.by_kind:
                raise ValueError(f"two notifications are called {rule.kind}")
            self.by_kind[rule.kind] = rule
            self.by_event.setdefault(rule.event_type, []).append(rule)

    @property
    def kinds(self) -> list[str]:
        return sorted(self.by_kind)

    def notices(self, happenings: Sequence[Happening]) -> list[Notice]:
        """Notices of a run of events, one per cause: a burst that belongs together is folded here already."""
        folded: dict[tuple[str, str, str], Notice] = {}
        for happening in happenings:
            for rule in self.by_event.get(happening.event_type, ()):
                for notice in rule.notices(happening):
                    earlier = folded.get(notice.identity)
                    folded[notice.identity] = _together(earlier, notice) if earlier else notice
        return list(folded.values())

    def render(
        self, kind: str, language: str, count: int, params: Mapping[str, str], organisations: Mapping[str, str]
    ) -> Rendered:
        """The words for one person. `organisations` gives names by id; where one is missing its id stands.

        Raises KeyError for a kind that is not in the catalogue.
        """
        rule = self.by_kind[kind]
        named = {name: organisations.get(params[name], params[name]) for name in rule.names}
        values = {**params, **named, "count": str(count)}
        text = rule.many if rule.many and count > 1 else rule.text
        return Rendered(
            title=_in(rule.title, language).format_map(values),
            text=_in(text, language).format_map(values),
            link=rule.link.format_map(values),
        )

    def organisations_named(self, kind: str, params: Mapping[str, str]) -> set[str]:
        """Ids of the organisations whose names a notification mentions."""
        return {params[name] for name in self.by_kind[kind].names}


def _together(earlier: Notice, later: Notice) -> Notice:
    return replace(
        later,
        count=earlier.count + later.count,
        first_at=min(earlier.first_at, later.first_at),
        last_at=max(earlier.last_at, later.last_at),
    )


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, texts["en"])
