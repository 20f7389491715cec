"""What a visitor filled in: values, and what was wrong with which.

A field is named like its place in the body it becomes, with full stops: `admin.email` is `/admin/email`. So a
problem of the API finds its field by itself; `places` says so where the two differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from babel.numbers import get_currency_precision
from starlette.datastructures import FormData, ImmutableMultiDict, UploadFile

from gateway.pages.api import ApiProblem

_MOST_UNITS = 10**15  # as the API
_PLAIN_FIGURES = str.maketrans("０１２３４５６７８９．，", "0123456789.,")


@dataclass
class Form:
    """An empty one for the first time a page is shown: `Form()`, or `Form.of(title="…")` with something filled in."""

    data: ImmutableMultiDict[str, UploadFile | str] | ImmutableMultiDict[str, str] = field(default_factory=FormData)
    errors: dict[str, str] = field(default_factory=dict)
    problem: ApiProblem | None = None
    notice: str = ""
    _once: str = ""

    @classmethod
    def of(cls, **values: str) -> "Form":
        return cls(FormData(list(values.items())))

    @property
    def once(self) -> str:
        """The form's Idempotency-Key: sent twice, by two clicks or by going back, it has one effect."""
        if not self._once:
            # After a refusal the same key is used again: nothing was done under it. One that was used up is replaced.
            used_up = self.problem is not None and self.problem.slug == "idempotency-key-reused"
            given = "" if used_up else self.text("once")
            self._once = given or str(uuid4())
        return self._once

    @property
    def failed(self) -> bool:
        return bool(self.errors or self.problem or self.notice)

    def text(self, name: str) -> str:
        value = self.data.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def secret(self, name: str) -> str:
        """As it was typed: spaces at the ends of a password belong to it."""
        value = self.data.get(name, "")
        return value if isinstance(value, str) else ""

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def all(self, name: str) -> list[str]:
        return [value.strip() for value in self.data.getlist(name) if isinstance(value, str) and value.strip()]

    def flag(self, name: str) -> bool:
        return name in self.data

    def file(self, name: str) -> UploadFile | None:
        value = self.data.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def amount(self, name: str, currency: str, wrong: str) -> dict[str, Any] | None:
        """Money as the API takes it, from `800,000` or `800000.50`; None where it is left empty or is `wrong`."""
        given = self.text(name)
        if not given:
            return None
        plain = given.translate(_PLAIN_FIGURES).replace(",", "").replace(" ", "")
        try:
            units = Decimal(plain).scaleb(get_currency_precision(currency))
        except InvalidOperation:
            units = Decimal(-1)
        if not (units.is_finite() and 0 < units <= _MOST_UNITS and units == units.to_integral_value()):
            self.errors[name] = wrong
            return None
        return {"minor_units": int(units), "currency": currency}

    def refuse(self, problem: ApiProblem, places: Mapping[str, str] | None = None) -> None:
        """Keep what the API had against it, each fault at its field. `places`: JSON pointer → field."""
        self.problem = problem
        for error in problem.errors:
            pointer = str(error.get("pointer", ""))
            name = (places or {}).get(pointer) or _field_of(pointer)
            self.errors.setdefault(name, str(error.get("detail", "")))


def _field_of(pointer: str) -> str:
    """/admin/email → admin.email, /ipc/0 → ipc, ?status → status."""
    steps = pointer.strip("/?#{}").split("/")
    while len(steps) > 1 and steps[-1].isdigit():
        steps.pop()
    return ".".join(steps)
