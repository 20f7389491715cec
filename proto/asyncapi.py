"""The AsyncAPI 3.0 document of the hall, from its topics and Protobuf descriptors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet

Json = dict[str, Any]
TIMESTAMP = "google.protobuf.Timestamp"

# Canonical Protobuf JSON: 64-bit integers are strings there.
SCALARS: Mapping[int, Json] = {
    FieldDescriptorProto.TYPE_STRING: {"type": "string"},
    FieldDescriptorProto.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptorProto.TYPE_INT32: {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    FieldDescriptorProto.TYPE_INT64: {"type": "string", "pattern": "^-?[0-9]{1,19}$"},
    FieldDescriptorProto.TYPE_DOUBLE: {"type": "number"},
}

ENVELOPE: Mapping[str, Json] = {
    "ce_specversion": {"const": "1.0", "description": "CloudEvents 1.0.2, binary mode"},
    "ce_id": {"type": "string", "format": "uuid", "description": "of the event; once per source"},
    "ce_source": {"type": "string", "pattern": "^/zayton/[a-z]+$", "description": "the service whose fact it is"},
    "ce_type": {"type": "string", "description": "full name of the message"},
    "ce_time": {"type": "string", "format": "date-time"},
    "ce_subject": {"type": "string", "format": "uuid", "description": "the aggregate, as the record's key"},
    "ce_aggregateversion": {"type": "string", "pattern": "^[0-9]+$", "description": "of the aggregate after the fact"},
    "content-type": {"const": "application/protobuf"},
}
OPTIONAL_HEADERS: Mapping[str, Json] = {
    "traceparent": {"type": "string", "description": "W3C trace context of what made the fact"},
    "zayton-only-group": {
        "type": "string",
        "description": "on a replayed dead letter: the one consumer group it is meant for; others pass it over",
    },
}
DEAD_LETTER_HEADERS: Mapping[str, Json] = {
    "zayton-reason": {"type": "string", "description": "slug or name of what went wrong"},
    "zayton-error": {"type": "string"},
    "zayton-attempts": {"type": "string", "pattern": "^[0-9]+$"},
    "zayton-group": {"type": "string", "description": "the consumer group that could not handle it"},
    "zayton-origin": {"type": "string", "description": "topic/partition/offset"},
}


@dataclass(frozen=True)
class Described:
    """A message or enum of the contract with the comment above it and those beside a message's fields."""

    name: str
    kind: DescriptorProto | EnumDescriptorProto
    comment: str
    notes: tuple[str, ...]


def document(contract: FileDescriptorSet, topics: Path) -> Json:
    """The document as plain data. `topics` is the folder of topic files; `contract` holds comments too."""
    described = {each.name: each for each in _described(contract)}
    known = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(topics.glob("*.yaml"))]
    published = {name for topic in known for name in topic["messages"]}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of Zayton",
            "version": "1.0.0",
            "license": {"name": "Apache-2.0"},
            "description": "Facts that the services of the trading hall tell each other over Kafka. Bodies are "
            "Protobuf; schemas show them in canonical Protobuf JSON. Generated from proto/; do not edit.",
        },
        "defaultContentType": "application/protobuf",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "variables": {"bootstrap": {"default": "127.0.0.1:9092", "description": "KAFKA_BOOTSTRAP_SERVERS"}},
            }
        },
        "channels": {name: channel for topic in known for name, channel in _channels(topic)},
        "operations": {name: operation for topic in known for name, operation in _operations(topic)},
        "components": {
            "messages": {name: _message(described[name]) for name in sorted(published)}
            | {"DeadLetter": _dead_letter()},
            "messageTraits": {"CloudEvent": {"headers": _headers(ENVELOPE, OPTIONAL_HEADERS)}},
            "schemas": {name: _schema(each) for name, each in sorted(described.items())},
        },
    }


def render(content: Json) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _described(contract: FileDescriptorSet) -> Iterator[Described]:
    for file in contract.file:
        comments = {
            tuple(place.path): " ".join((place.leading_comments or place.trailing_comments).split())
            for place in file.source_code_info.location
        }

        # Paths are of field numbers: in a file 4 is messages and 5 enums; in these 2 is fields and values.
        for index, message in enumerate(file.message_type):
            notes = tuple(comments.get((4, index, 2, field), "") for field in range(len(message.field)))
            yield Described(f"{file.package}.{message.name}", message, comments.get((4, index), ""), notes)
        for index, enum in enumerate(file.enum_type):
            yield Described(f"{file.package}.{enum.name}", enum, comments.get((5, index), ""), ())


def _reference(*path: str) -> Json:
    return {"$ref": "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)}


def _channels(topic: Json) -> Iterator[tuple[str, Json]]:
    name = topic["topic"]
    yield name, _channel(topic, name, topic["description"], {_short(message): message for message in topic["messages"]})
    dead_letters = f"{name}.dlq"
    about = f"What a consumer of {name} could not handle."
    yield dead_letters, _channel(topic, dead_letters, about, {"DeadLetter": "DeadLetter"})


def _channel(topic: Json, address: str, description: str, messages: Mapping[str, str]) -> Json:
    kafka = {
        "topic": address,
        "partitions": topic["partitions"],
        "topicConfiguration": {"retention.ms": topic["retention_hours"] * 3_600_000},
        "bindingVersion": "0.5.0",
    }
    return {
        "address": address,
        "description": description,
        "messages": {short: _reference("components", "messages", name) for short, name in messages.items()},
        "bindings": {"kafka": kafka},
    }


def _operations(topic: Json) -> Iterator[tuple[str, Json]]:
    name, owner = topic["topic"], topic["owner"]
    channel, dead_letters = _reference("channels", name), _reference("channels", f"{name}.dlq")
    yield f"{owner}.send.{name}", {"action": "send", "channel": channel, "summary": f"{owner} tells its facts."}
    for consumer in topic["consumers"]:
        group = {"groupId": {"type": "string", "const": f"zayton.{consumer}"}, "bindingVersion": "0.5.0"}
        yield (
            f"{consumer}.receive.{name}",
            {"action": "receive", "channel": channel, "bindings": {"kafka": group}, "summary": f"{consumer} listens."},
        )
        yield (
            f"{consumer}.send.{name}.dlq",
            {"action": "send", "channel": dead_letters, "summary": f"{consumer} puts away what it cannot handle."},
        )


def _message(each: Described) -> Json:
    key = {"type": "string", "format": "uuid", "description": "the aggregate's id: order is kept per aggregate"}
    return {
        "name": each.name,
        "title": _short(each.name),
        **({"summary": each.comment} if each.comment else {}),
        "contentType": "application/protobuf",
        "traits": [_reference("components", "messageTraits", "CloudEvent")],
        "headers": {"type": "object", "properties": {"ce_type": {"const": each.name}}},
        "payload": _reference("components", "schemas", each.name),
        "bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}},
    }


def _dead_letter() -> Json:
    return {
        "name": "DeadLetter",
        "summary": "The record as it came, whatever that is, with the reason why it was put away.",
        "contentType": "application/octet-stream",
        "headers": _headers(DEAD_LETTER_HEADERS, {**ENVELOPE, **OPTIONAL_HEADERS}),
    }


def _headers(required: Mapping[str, Json], optional: Mapping[str, Json]) -> Json:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _schema(each: Described) -> Json:
    comment = {"description": each.comment} if each.comment else {}
    if isinstance(each.kind, EnumDescriptorProto):
        return {"type": "string", **comment, "enum": [value.name for value in each.kind.value]}
    entries = {f"{each.name}.{nested.name}": nested for nested in each.kind.nested_type if nested.options.map_entry}
    properties = {}
    for field, note in zip(each.kind.field, each.notes, strict=True):
        # allOf, since a $ref may have nothing beside it.
        schema = _field(field, entries)
        described = {"allOf": [schema], "description": note} if "$ref" in schema else {**schema, "description": note}
        properties[field.json_name] = described if note else schema
    return {"type": "object", **comment, "properties": properties}


def _field(field: FieldDescriptorProto, entries: Mapping[str, DescriptorProto]) -> Json:
    type_name = field.type_name.removeprefix(".")
    if type_name in entries:
        return {"type": "object", "additionalProperties": _value(entries[type_name].field[1])}
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return {"type": "array", "items": _value(field)}
    return _value(field)


def _value(field: FieldDescriptorProto) -> Json:
    type_name = field.type_name.removeprefix(".")
    if type_name == TIMESTAMP:
        return {"type": "string", "format": "date-time"}
    if type_name:
        return _reference("components", "schemas", type_name)
    return dict(SCALARS[field.type])  # a KeyError here: say above how a new scalar looks in canonical JSON


def _short(message: str) -> str:
    return message.rpartition(".")[2]
