"""Reads notifications.toml and holds it against the contracts in proto/: a slip stops the start, not a consumer."""

import string
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from pydantic import BaseModel, ConfigDict, Field

from services.kit.envelope import Event
from services.kit.topics import message_class
from services.notify.domain.rules import Happening, Rule, Rules

PATH = Path(__file__).parent.parent / "notifications.toml"
CHANNELS = frozenset({"in_app", "email", "webhook"})
ROLES = frozenset({"admin", "agent", "viewer"})


class Texts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern="^[a-z][a-z_]*$")
    on: str
    when: dict[str, str] = {}
    organisations: list[str] = Field(min_length=1)
    actor: str | None = None
    roles: list[str] = Field(min_length=1)
    group_by: list[str] = []
    window_minutes: int | None = Field(None, ge=1)
    params: dict[str, str] = {}
    names: dict[str, str] = {}
    link: str = Field(pattern="^/api/v1/")
    channels: list[str] = Field(min_length=1)
    digest: Literal["daily", "weekly"] | None = None
    title: Texts
    text: Texts
    many: Texts | None = None

    def rule(self) -> Rule:
        return Rule(
            kind=self.kind,
            event_type=self.on,
            organisations=tuple(self.organisations),
            roles=tuple(self.roles),
            link=self.link,
            channels=tuple(self.channels),
            title=self.title.model_dump(),
            text=self.text.model_dump(),
            many=self.many.model_dump() if self.many else None,
            actor=self.actor,
            when=self.when,
            group_by=tuple(self.group_by),
            window=timedelta(minutes=self.window_minutes) if self.window_minutes else None,
            params=self.params,
            names=self.names,
            digest=self.digest,
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    notification: list[_Entry]
    silent: dict[str, str]


def load(path: Path = PATH) -> tuple[Rules, dict[str, str]]:
    """The rules, and the events nobody is told of with the reason why. Raises ValueError naming the entry at fault."""
    file = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    rules = [entry.rule() for entry in file.notification]
    for rule in rules:
        if fault := fault_of(rule):
            raise ValueError(f"{path.name}: {rule.kind}: {fault}")
    return Rules(rules), file.silent


def fault_of(rule: Rule) -> str | None:
    """What is wrong with a rule, if anything."""
    message = message_class(rule.event_type)
    if message is None:
        return f"no topic carries {rule.event_type}"
    if unknown := {*rule.roles} - ROLES | {*rule.channels} - CHANNELS:
        return f"unknown: {', '.join(sorted(unknown))}"
    if bool(rule.group_by) is not bool(rule.window and rule.many):
        return "group_by, window_minutes and many go together"
    if rule.digest and "email" not in rule.channels:
        return "a digest is an e-mail"
    return _fault_of_fields(rule, message) or _fault_of_texts(rule)


def _fault_of_fields(rule: Rule, message: type[Message]) -> str | None:
    for path in sorted(rule.paths):
        field = field_at(message, path)
        if field is None:
            return f"{rule.event_type} has no plain field {path}"
        wanted = rule.when.get(path)
        if wanted is not None and field.enum_type is not None and wanted not in field.enum_type.values_by_name:
            return f"{path} is never {wanted}"
    return None


def _fault_of_texts(rule: Rule) -> str | None:
    for text in (*rule.title.values(), *rule.text.values(), *(rule.many or {}).values(), rule.link):
        if unknown := placeholders(text) - rule.placeholders:
            return f"no such placeholder: {', '.join(sorted(unknown))}"
    return None


def happening(event: Event[Message]) -> Happening:
    """An event as the rules read it."""
    return Happening(event.id, event.type, event.time, lambda path: text_at(event.data, path))


def text_at(message: Message, path: str) -> str:
    """A field's text at a dotted path, enums by their proto name."""
    *parents, name = path.split(".")
    for parent in parents:
        message = getattr(message, parent)
    value = getattr(message, name)
    enum = message.DESCRIPTOR.fields_by_name[name].enum_type
    if enum is None:
        return str(value)
    known = enum.values_by_number.get(value)
    return str(known.name) if known else str(value)  # a number of a newer contract than ours


def field_at(message: type[Message], path: str) -> FieldDescriptor | None:
    """The single-valued, scalar field at a dotted path; None where there is none."""
    *parents, name = path.split(".")
    descriptor: Any = message.DESCRIPTOR
    for parent in parents:
        step = descriptor.fields_by_name.get(parent)
        if step is None or step.message_type is None or step.is_repeated:
            return None
        descriptor = step.message_type
    field: FieldDescriptor | None = descriptor.fields_by_name.get(name)
    return None if field is None or field.is_repeated or field.message_type is not None else field


def placeholders(text: str) -> set[str]:
    """What a text wants filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
