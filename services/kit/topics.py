"""The topics of the hall, from proto/topics/*.yaml, and the message classes they carry."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import cast

import yaml
import zayton.common  # the generated contract; its folder says where the topics lie
from google.protobuf.message import Message


@dataclass(frozen=True)
class Topic:
    name: str
    description: str
    owner: str
    key: str
    messages: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int
    retention_hours: int

    @property
    def dead_letters(self) -> str:
        return f"{self.name}.dlq"


def folder() -> Path:
    return Path(next(iter(zayton.common.__path__))).parent.parent / "topics"


@cache
def all_topics() -> tuple[Topic, ...]:
    return tuple(_read(path) for path in sorted(folder().glob("*.yaml")))


def _read(path: Path) -> Topic:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Topic(
        name=raw["topic"],
        description=raw["description"],
        owner=raw["owner"],
        key=raw["key"],
        messages=tuple(raw["messages"]),
        consumers=tuple(raw["consumers"]),
        partitions=raw["partitions"],
        retention_hours=raw["retention_hours"],
    )


@cache
def _topics_by_message() -> dict[str, str]:
    return {message: topic.name for topic in all_topics() for message in topic.messages}


def topic_of(message_type: str) -> str:
    """The topic that carries a message type, by its full name. Raises KeyError where no topic does."""
    return _topics_by_message()[message_type]


@cache
def message_class(message_type: str) -> type[Message] | None:
    """The generated class of a full name such as zayton.listing.v1.ListingPublished; None if no topic carries it."""
    if message_type not in _topics_by_message():
        return None
    package, _, name = message_type.rpartition(".")
    return cast("type[Message]", getattr(import_module(f"{package}.events_pb2"), name))
