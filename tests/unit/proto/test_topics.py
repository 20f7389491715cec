"""Every event has one topic, and every topic is what its file says."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from generate import PROTO, descriptors
from google.protobuf.descriptor import Descriptor

from services.kit.topics import message_class

FILES = sorted((PROTO / "topics").glob("*.yaml"))
TOPICS = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES]
SCHEMA = json.loads((PROTO / "topics" / "schema.json").read_text(encoding="utf-8"))


@pytest.fixture(params=TOPICS, ids=lambda topic: topic["topic"])
def topic(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_topic_file_keeps_the_schema_and_is_named_after_its_topic(path: Path) -> None:
    topic = yaml.safe_load(path.read_text(encoding="utf-8"))

    faults = [f"{error.instance_path}: {error.message}" for error in jsonschema_rs.iter_errors(SCHEMA, topic)]

    assert faults == []
    assert path.stem == topic["topic"]


def test_every_event_is_in_exactly_one_topic() -> None:
    listed = Counter(message for topic in TOPICS for message in topic["messages"])

    assert listed == Counter(events())


def events() -> list[str]:
    """Messages of the contract that no other message is made of: those are what is published."""
    declared: list[str] = []
    parts: set[str] = set()
    for file in descriptors().file:
        declared += [f"{file.package}.{message.name}" for message in file.message_type]
        parts |= {field.type_name.removeprefix(".") for message in file.message_type for field in message.field}
        parts |= {
            field.type_name.removeprefix(".")
            for message in file.message_type
            for entry in message.nested_type
            for field in entry.field
        }
    return [name for name in declared if name not in parts]


def test_a_service_publishes_its_own_messages_to_its_own_topic(topic: Any) -> None:
    version = topic["topic"].rpartition(".")[2]
    expected = f"zayton.{topic['owner']}.{version}"

    assert topic["topic"].partition(".")[0] == topic["owner"]
    assert {message.rpartition(".")[0] for message in topic["messages"]} == {expected}


def test_the_key_is_a_field_of_the_aggregate_that_each_message_carries(topic: Any) -> None:
    for name in topic["messages"]:
        event = message_class(name)
        assert event is not None
        assert topic["key"] in fields_of_event_and_aggregate(event.DESCRIPTOR), f"{name} has no {topic['key']}"


def fields_of_event_and_aggregate(event: Descriptor) -> set[str]:
    aggregate = event.fields[0].message_type
    return {field.name for field in event.fields} | ({field.name for field in aggregate.fields} if aggregate else set())
