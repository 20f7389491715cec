"""CloudEvents 1.0.2 in Kafka binary mode: attributes are headers, the body is the Protobuf message alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from services.kit.topics import message_class

CONTENT_TYPE = "application/protobuf"

M_co = TypeVar("M_co", bound=Message, covariant=True)


@dataclass(frozen=True)
class Event(Generic[M_co]):
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
    """Kafka headers as text. Bytes that are no UTF-8 are escaped, so that a broken record can still be shown."""
    headers = {
        name: (value or b"").decode("utf-8", "backslashreplace")
        for name, value in raw  # type: ignore[attr-defined]  # aiokafka: a sequence of (str, bytes)
    }
    # One look at all of them: they come with every record, and next to none has a NUL.
    if "\x00" in "".join((*headers, *headers.values())):
        return {storable(name): storable(value) for name, value in headers.items()}
    return headers


def storable(text: str) -> str:
    """`text` with what PostgreSQL cannot hold, NUL and half characters, escaped."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def decode(headers: Mapping[str, str], payload: bytes) -> Event[Message]:
    """An Event of a record. Raises Undecodable: missing-header, bad-header, unknown-type, corrupt-payload."""
    try:
        event_type = headers["ce_type"]
        identity, source, time = headers["ce_id"], headers["ce_source"], headers["ce_time"]
        subject, version = headers["ce_subject"], headers["ce_aggregateversion"]
    except KeyError as missing:
        raise Undecodable("missing-header", f"header {missing} is missing") from missing
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
            id=identity,
            source=source,
            type=event_type,
            time=datetime.fromisoformat(time),
            subject=subject,
            version=int(version),
            data=data,
            traceparent=headers.get("traceparent"),
        )
    except ValueError as error:
        raise Undecodable("bad-header", str(error)) from error


def type_name(message_type: type[Message]) -> str:
    return str(message_type.DESCRIPTOR.full_name)
