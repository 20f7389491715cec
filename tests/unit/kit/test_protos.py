from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zayton.common.v1.types_pb2 import DealForm, RightStatus
from zayton.contract.v1.events_pb2 import Terms

from services.kit.protos import enum_to_text, moment, money, money_of, text_to_enum, timestamp


@pytest.mark.parametrize("enum", [DealForm, RightStatus])
def test_enum_texts_go_both_ways(enum: type) -> None:
    for value in enum.values():
        assert text_to_enum(enum, enum_to_text(enum, value)) == value


def test_unknown_texts_and_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="DEAL_FORM_LOAN"):
        text_to_enum(DealForm, "loan")
    with pytest.raises(ValueError, match="99"):
        enum_to_text(DealForm, 99)


@given(st.integers(0, 7_000_000_000), st.integers(-12, 12))
def test_moments_keep_their_instant(seconds: int, hours: int) -> None:
    aware = datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours)))
    assert moment(Terms(starts_at=timestamp(aware)), "starts_at") == aware.astimezone(UTC)


def test_absent_is_not_zero() -> None:
    assert moment(Terms(), "starts_at") is None
    assert money_of(Terms(), "fixed_fee") is None
    assert money_of(Terms(fixed_fee=money(0, "CNY")), "fixed_fee") == (0, "CNY")
