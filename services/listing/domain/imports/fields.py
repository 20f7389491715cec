"""Reading one row of JSON: each field with its type, each fault with its place."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from services.kit.problems import FieldError

# NUL and halves of surrogate pairs: neither PostgreSQL nor Protobuf can hold them.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class NotARow(Exception):
    """A line that is no JSON object. `fault` says where it goes wrong."""

    def __init__(self, fault: FieldError) -> None:
        super().__init__(fault.code)
        self.fault = fault


def decode(line: bytes) -> dict[str, Any]:
    """The object on a line. Numbers with a fraction come as Decimal, never as float. Raises NotARow."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotARow(FieldError("", "not-utf8", error.start)) from error
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise NotARow(FieldError("", "not-json", error.pos)) from error
    except (RecursionError, ValueError) as error:
        raise NotARow(FieldError("", "not-json", 0)) from error
    if not isinstance(value, dict):
        raise NotARow(FieldError("", "object"))
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON (RFC 8259)


@dataclass
class Fields:
    """The fields of a row. Readers return a usable value always and note faults, so that a row tells all at once."""

    values: Mapping[str, Any]
    faults: list[FieldError] = field(default_factory=list)

    def text(self, name: str, most: int, *, needed: bool = False) -> str:
        value = self.values.get(name)
        if value is None or value == "":
            if needed:
                self.faults.append(FieldError(f"/{name}", "missing"))
            return ""
        text = self._storable(f"/{name}", value, most)
        if needed and not text and not self._faulty(name):
            self.faults.append(FieldError(f"/{name}", "missing"))
        return text

    def texts(self, name: str, most: int, most_each: int) -> list[str]:
        """A list of texts; null counts as an empty one."""
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.faults.append(FieldError(f"/{name}", "list"))
            return []
        if len(value) > most:
            self.faults.append(FieldError(f"/{name}", "too-many", params={"max_length": most}))
            return []
        texts = [self._storable(f"/{name}/{place}", item, most_each) for place, item in enumerate(value)]
        return [text for text in texts if text]

    def day(self, name: str) -> datetime | None:
        """A date or time (ISO 8601), as UTC."""
        text = self.text(name, 40)
        if not text:
            return None
        try:
            if len(text) == len("2026-01-31"):
                return datetime.combine(date.fromisoformat(text), time.min, UTC)
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.faults.append(FieldError(f"/{name}", "date"))
            return None

    def _faulty(self, name: str) -> bool:
        return any(fault.pointer == f"/{name}" for fault in self.faults)

    def _storable(self, pointer: str, value: Any, most: int) -> str:
        if not isinstance(value, str):
            self.faults.append(FieldError(pointer, "text"))
            return ""
        text = value.strip()
        if len(text) > most:
            self.faults.append(FieldError(pointer, "too-long", most, {"max_length": most}))
            return ""
        if bad := _UNSTORABLE.search(value):
            self.faults.append(FieldError(pointer, "character", bad.start()))
            return ""
        return text
