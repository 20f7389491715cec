"""Golden examples: what was once encoded is decoded to the same for ever."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from generate import PROTO, encode_example
from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from services.kit.topics import all_topics, message_class

EXAMPLES = sorted((PROTO / "examples").glob("*/*.json"))
of_each = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def example(path: Path) -> Message:
    return encode_example(path, path.parent.name)


def test_every_message_of_every_topic_has_an_example_in_the_folder_of_its_topic() -> None:
    expected = {(topic.name, message.rpartition(".")[2]) for topic in all_topics() for message in topic.messages}

    assert {(path.parent.name, path.stem) for path in EXAMPLES} == expected


@of_each
def test_golden_bytes_are_decoded_to_the_example(path: Path) -> None:
    expected = example(path)
    golden = base64.b64decode(path.with_suffix(".base64").read_text(encoding="ascii"))
    message_type = message_class(expected.DESCRIPTOR.full_name)
    assert message_type is not None

    assert message_type.FromString(golden) == expected


@of_each
def test_an_example_is_canonical_protobuf_json(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    written = json.loads(text)

    # As values, not as text: Protobuf writes the entries of a map in any order.
    assert written == MessageToDict(example(path))
    assert text == json.dumps(written, indent=2, ensure_ascii=False) + "\n"


def test_golden_bytes_belong_to_examples() -> None:
    assert [path for path in PROTO.glob("examples/*/*.base64") if not path.with_suffix(".json").exists()] == []


def test_every_field_of_the_contract_is_set_in_some_example() -> None:
    shown: set[str] = set()
    declared: set[str] = set()
    for path in EXAMPLES:
        message = example(path)
        shown |= set(fields_set(message))
        declared |= set(fields_declared(message.DESCRIPTOR, set()))

    assert declared - shown == set()


def fields_set(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        yield field.full_name
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for each in value if field.is_repeated else [value]:
            yield from fields_set(each)


def fields_declared(descriptor: Descriptor, seen: set[str]) -> Iterator[str]:
    if descriptor.full_name in seen or descriptor.file.package == "google.protobuf":
        return
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        yield field.full_name
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            yield from fields_declared(field.message_type, seen)
