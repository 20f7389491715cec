from datetime import UTC, datetime

import pytest
from zayton.gateway.v1.events_pb2 import Organisation, OrganisationRegistered

from services.kit.envelope import Undecodable, decode, headers_for, text_headers

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
    raw = [(name, value.encode()) for name, value in HEADERS.items()]
    event = decode(text_headers(raw), MESSAGE.SerializeToString())
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
        ({"ce_type": "zayton.gateway.v9.Unheard"}, b"", "unknown-type"),
        ({"ce_time": "yesterday"}, b"", "bad-header"),
        ({"ce_aggregateversion": "three"}, b"", "bad-header"),
        ({}, b"\xff\xff\xff", "corrupt-payload"),
    ],
)
def test_what_cannot_be_read_says_why(change: dict[str, str | None], payload: bytes, reason: str) -> None:
    headers = {name: value for name, value in (HEADERS | change).items() if value is not None}
    with pytest.raises(Undecodable) as refused:
        decode(headers, payload)
    assert refused.value.reason == reason


def test_headers_that_are_no_text_can_still_be_shown_and_stored() -> None:
    assert text_headers([("a", b"\xff\x00"), ("b", None)]) == {"a": "\\xff\\x00", "b": ""}
