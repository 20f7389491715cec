from datetime import UTC, datetime
from typing import Any

import pytest
from zayton.gateway.v1.events_pb2 import Organisation, OrganisationRegistered

from services.kit.envelope import Undecodable, decode, headers_for, text_headers
from tests.support.records import raw

MESSAGE = OrganisationRegistered(organisation=Organisation(organisation_id="o", name="泉州大学"))
HEADERS = headers_for(
    event_id="e1",
    source="/zayton/gateway",
    event_type="zayton.gateway.v1.OrganisationRegistered",
    time=datetime(2026, 1, 31, 9, tzinfo=UTC),
    subject="o",
    version=3,
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def test_what_goes_in_comes_out() -> None:
    event = decode(raw(HEADERS), MESSAGE.SerializeToString())
    assert (event.id, event.source, event.subject, event.version) == ("e1", "/zayton/gateway", "o", 3)
    assert event.time == datetime(2026, 1, 31, 9, tzinfo=UTC)
    assert event.data == MESSAGE
    assert event.traceparent == HEADERS["traceparent"]


def test_attributes_are_those_of_cloudevents_binary_mode() -> None:
    assert HEADERS["ce_specversion"] == "1.0"
    assert HEADERS["content-type"] == "application/protobuf"


@pytest.mark.parametrize(
    ("change", "payload", "reason"),
    [
        ({"ce_id": None}, b"", "missing-header"),
        ({"ce_id": b"half a \xe6\xb3 character"}, b"", "bad-header"),
        ({"ce_subject": "a NUL \x00"}, b"", "bad-header"),
        ({"ce_type": "zayton.gateway.v9.Unheard"}, b"", "unknown-type"),
        ({"ce_time": "yesterday"}, b"", "bad-header"),
        ({"ce_aggregateversion": "three"}, b"", "bad-header"),
        ({}, b"\xff\xff\xff", "corrupt-payload"),
    ],
)
def test_what_cannot_be_read_says_why(change: dict[str, str | bytes | None], payload: bytes, reason: str) -> None:
    changed = {name: value for name, value in (HEADERS | change).items() if value is not None}
    headers = {name: value.encode() if isinstance(value, str) else value for name, value in changed.items()}
    with pytest.raises(Undecodable) as refused:
        decode(headers, payload)
    assert refused.value.reason == reason


def test_a_header_without_a_value_is_missing() -> None:
    null: Any = None
    with pytest.raises(Undecodable) as refused:
        decode(raw(HEADERS) | {"ce_id": null}, b"")
    assert refused.value.reason == "missing-header"


def test_headers_that_are_no_text_can_still_be_shown_and_stored() -> None:
    assert text_headers([("a", b"\xff\x00"), ("b", None)]) == {"a": "\\xff\\x00", "b": ""}
