import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.contract.domain.evidence import START, Entry, canonical_json, first_broken, sha256, utc_text
from tests.unit.contract.makers import DEAL_ID, NOW

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def chain(*data: dict[str, Any]) -> list[Entry]:
    entries: list[Entry] = []
    for each in data:
        last = entries[-1] if entries else None
        entries.append(
            Entry.after(last, deal_id=DEAL_ID, at=NOW, event="offer_made", actor={"timer": "offer_expiry"}, data=each)
        )
    return entries


def test_the_hash_is_the_one_anyone_else_would_compute() -> None:
    # printf '%s' '{"a":"刺桐","b":[1,null]}' | sha256sum
    data = {"b": [1, None], "a": "刺桐"}
    assert canonical_json(data).decode() == '{"a":"刺桐","b":[1,null]}'
    assert sha256(data) == "63a2dfb7d1c9f137940feb0e410ca553cd7c96416f55d53fa79e6ea9931039f8"


@given(values)
def test_equal_data_has_one_spelling(data: Any) -> None:
    assert canonical_json(json.loads(canonical_json(data))) == canonical_json(data)


def test_time_has_one_spelling() -> None:
    beijing = NOW.astimezone(timezone(timedelta(hours=8)))
    assert utc_text(beijing) == utc_text(NOW) == "2026-03-01T09:00:00Z"
    assert datetime.fromisoformat(utc_text(NOW + timedelta(microseconds=1))) == NOW + timedelta(microseconds=1)


def test_a_chain_starts_at_zero_and_holds() -> None:
    entries = chain({"n": 1}, {"n": 2}, {"n": 3})
    assert entries[0].previous_hash == START
    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert first_broken(entries) is None


def test_any_change_breaks_it_where_it_was_made() -> None:
    entries = chain({"n": 1}, {"n": 2}, {"n": 3})
    changes: list[dict[str, Any]] = [
        {"data": {"n": 9}},
        {"at": NOW + timedelta(microseconds=1)},
        {"event": "offer_accepted"},
        {"actor": {}},
        {"sequence": 7},
        {"hash": "f" * 64},
        {"previous_hash": START},
    ]
    for change in changes:
        assert first_broken([entries[0], replace(entries[1], **change), entries[2]]) == 2


def test_a_forged_entry_with_its_own_hash_breaks_the_next() -> None:
    entries = chain({"n": 1}, {"n": 2}, {"n": 3})
    forged = Entry.after(entries[0], deal_id=DEAL_ID, at=NOW, event="offer_made", actor={}, data={"n": 9})
    assert first_broken([entries[0], forged, entries[2]]) == 3


def test_an_entry_cannot_be_left_out_or_moved() -> None:
    entries = chain({"n": 1}, {"n": 2}, {"n": 3})
    assert first_broken([entries[0], entries[2]]) == 2
    assert first_broken([entries[1], entries[0], entries[2]]) == 1
