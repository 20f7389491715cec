"""Between Protobuf messages and Python values."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.timestamp_pb2 import Timestamp
from zayton.common.v1.types_pb2 import Money


def enum_prefix(enum: Any) -> str:
    name: str = enum.DESCRIPTOR.values_by_number[0].name
    return name.removesuffix("UNSPECIFIED")


def enum_to_text(enum: Any, value: int) -> str:
    """DEAL_FORM_SOLE_LICENCE → "sole_licence". Raises ValueError for a number the contract does not know."""
    wrapper: EnumTypeWrapper = enum
    return str(wrapper.Name(value)).removeprefix(enum_prefix(enum)).lower()


def text_to_enum(enum: Any, text: str) -> Any:
    """Turn "sole_licence" into DEAL_FORM_SOLE_LICENCE. Raises ValueError for an unknown text."""
    return enum.Value(f"{enum_prefix(enum)}{text.upper()}")


def timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment.astimezone(UTC))
    return stamp


def moment(message: Any, field: str) -> datetime | None:
    """A timestamp field as an aware datetime; None where it is absent."""
    if not message.HasField(field):
        return None
    value: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return value


def money(minor_units: int | None, currency: str | None) -> Money | None:
    return None if minor_units is None else Money(minor_units=minor_units, currency=currency or "CNY")


def money_of(message: Any, field: str) -> tuple[int, str] | None:
    """(minor units, ISO 4217 currency) of a Money field; None where it is absent."""
    if not message.HasField(field):
        return None
    value: Money = getattr(message, field)
    return value.minor_units, value.currency
