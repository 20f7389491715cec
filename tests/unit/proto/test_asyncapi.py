"""The AsyncAPI document tells the truth about topics, services and payloads."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from generate import PROTO

from services.kit.topics import all_topics, topic_of

DOCUMENT = yaml.safe_load((PROTO / "asyncapi.yaml").read_text(encoding="utf-8"))
EXAMPLES = sorted((PROTO / "examples").glob("*/*.json"))


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference: str) -> Any:
    node = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))

    assert len(found) > 50
    for reference in found:
        assert resolve(reference)


def test_each_topic_and_its_dead_letters_are_channels_with_their_messages() -> None:
    expected = {}
    for topic in all_topics():
        expected[topic.name] = {message.rpartition(".")[2] for message in topic.messages}
        expected[topic.dead_letters] = {"DeadLetter"}

    assert {name: set(channel["messages"]) for name, channel in DOCUMENT["channels"].items()} == expected


def test_who_sends_and_who_receives_is_what_the_topics_say() -> None:
    expected = set()
    for topic in all_topics():
        expected.add(("send", topic.owner, topic.name))
        for consumer in topic.consumers:
            expected |= {("receive", consumer, topic.name), ("send", consumer, topic.dead_letters)}

    operations = {
        (each["action"], name.partition(".")[0], each["channel"]["$ref"].removeprefix("#/channels/"))
        for name, each in DOCUMENT["operations"].items()
    }

    assert operations == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_golden_examples_are_valid_payloads(path: Path) -> None:
    full_name = f"zayton.{path.parent.name.partition('.')[0]}.v1.{path.stem}"
    assert topic_of(full_name) == path.parent.name
    schema = {**DOCUMENT["components"]["messages"][full_name]["payload"], "components": DOCUMENT["components"]}
    payload = json.loads(path.read_text(encoding="utf-8"))

    jsonschema_rs.validate(strict(schema), payload)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(strict(schema), payload | {"unheard_of": 1})


def strict(node: Any) -> Any:
    """The schema with unknown fields refused, so that a field it lacks is noticed."""
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    copy = {name: strict(value) for name, value in node.items()}
    if node.get("type") == "object" and "properties" in node and "required" not in node:
        copy.setdefault("additionalProperties", False)
    return copy
