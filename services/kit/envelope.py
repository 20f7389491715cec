"""CloudEvents 1.0.2 in Kafka binary mode: attributes are headers, the body is the Protobuf message alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from google.protobuf.message import DecodeError, Message

from services.kit.topics import message_class

CONTENT_TYPE = "application/protobuf"
_ATTRIBUTES = ("ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_aggregateversion")

M_co = TypeVar("M_co", bound=Message, covariant=True)


class Event(NamedTuple, Generic[M_co]):  # quicker to make than a frozen dataclass, and made for every record
    """A fact received. `subject` is the aggregate's id, `version` its version after the fact."""

    id: str
    source: str
    type: str
    time: datetime
    subject: str
    version: int
    data: M_co
    traceparent: str | None = None


class Undecodable(Exception):
    """Bytes or headers that no handler can be given. `reason` is a slug for the dead letter."""

    def __init__(self, reason: str, error: str) -> None:
        super().__init__(error)
        self.reason = reason


def headers_for(
    *, event_id: str, source: str, event_type: str, time: datetime, subject: str, version: int, traceparent: str | None
) -> dict[str, str]:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": source,
        "ce_type": event_type,
        "ce_time": time.isoformat(),
        "ce_subject": subject,
        "ce_aggregateversion": str(version),
        "content-type": CONTENT_TYPE,
    }
    if traceparent:
        headers["traceparent"] = traceparent
    return headers


def text_headers(raw: object) -> dict[str, str]:
    """Kafka headers as text, whatever they are, so that a broken record can still be shown and stored."""
    return {
        storable(name): storable((value or b"").decode("utf-8", "backslashreplace"))
        for name, value in raw  # type: ignore[attr-defined]  # aiokafka: a sequence of (str, bytes)
    }


def storable(text: str) -> str:
    """`text` with what PostgreSQL cannot hold, NUL and half characters, escaped."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def decode(headers: Mapping[str, bytes], payload: bytes) -> Event[Message]:
    """An Event of a record. Raises Undecodable: missing-header, bad-header, unknown-type, corrupt-payload."""
    try:
        identity, source, event_type, time, subject, version = [headers[name].decode() for name in _ATTRIBUTES]
        traceparent = headers.get("traceparent", b"").decode()
    except KeyError as missing:
        raise Undecodable("missing-header", f"header {missing} is missing") from missing
    except AttributeError as null:  # Kafka knows headers without a value
        raise Undecodable("missing-header", "a header has no value") from null
    except UnicodeDecodeError as error:
        raise Undecodable("bad-header", str(error)) from error
    if "\x00" in f"{identity}{source}{subject}":
        raise Undecodable("bad-header", "a header has a NUL, which PostgreSQL cannot hold")
    message_type = message_class(event_type)
    if message_type is None:
        # Kept as a dead letter, not skipped: an older version of us may meet what a newer one publishes.
        raise Undecodable("unknown-type", f"no topic of this version carries {event_type!r}")
    try:
        data = message_type.FromString(payload)
    except DecodeError as error:
        raise Undecodable("corrupt-payload", f"not a {event_type}: {error}") from error
    try:
        return Event(
            identity, source, event_type, datetime.fromisoformat(time), subject, int(version), data, traceparent or None
        )
    except ValueError as error:
        raise Undecodable("bad-header", str(error)) from error


def type_name(message_type: type[Message]) -> str:
    return str(message_type.DESCRIPTOR.full_name)
