"""Kafka records of facts, as a service's consumer receives them."""

from collections.abc import Mapping
from itertools import count
from typing import Any
from uuid import uuid4

from aiokafka import ConsumerRecord
from google.protobuf.message import Message

from services.kit.clock import utcnow
from services.kit.envelope import headers_for, type_name
from services.kit.topics import topic_of

_offsets = count(1)


def raw(headers: Mapping[str, str]) -> dict[str, bytes]:
    """Headers as an outbox keeps them, as Kafka delivers them."""
    return {name: value.encode() for name, value in headers.items()}


def record(message: Message, subject: Any, version: int = 1) -> ConsumerRecord[bytes, bytes]:
    """A fact of the aggregate `subject`, with an event id of its own."""
    event_type = type_name(type(message))
    topic = topic_of(event_type)
    headers = headers_for(
        event_id=str(uuid4()),
        source=f"/zayton/{topic.partition('.')[0]}",
        event_type=event_type,
        time=utcnow(),
        subject=str(subject),
        version=version,
        traceparent=None,
    )
    return ConsumerRecord(
        topic=topic,
        partition=0,
        offset=next(_offsets),
        timestamp=0,
        timestamp_type=0,
        key=str(subject).encode(),
        value=message.SerializeToString(),
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=list(raw(headers).items()),
    )
