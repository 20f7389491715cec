"""Errors as named facts (RFC 9457). A problem knows its slug and kind; the HTTP status is decided here, in one table.

    Problem
    ├── Refusal                what a rule of law or of the hall forbids; carries `rule` and `article`
    └── …                      each service names its own in domain/errors.py

Titles and details are no part of a problem: they come from the service's messages.toml under the problem's slug, in
the reader's language, filled with the problem's parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    GONE = "gone"
    PRECONDITION_FAILED = "precondition_failed"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    PRECONDITION_REQUIRED = "precondition_required"
    TOO_MANY = "too_many"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"


STATUS: dict[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD_NOT_ALLOWED: 405,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.PRECONDITION_FAILED: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.INVALID: 422,
    Kind.PRECONDITION_REQUIRED: 428,
    Kind.TOO_MANY: 429,
    Kind.INTERNAL: 500,
    Kind.UNAVAILABLE: 503,
    Kind.TIMEOUT: 504,
}


@dataclass(frozen=True)
class FieldError:
    """One located fault of the input.

    `pointer` is a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter; `position` counts characters
    of the raw value from 0. `code` selects the text in messages.toml (`field.<code>`) unless `text` holds it already.
    """

    pointer: str
    code: str
    position: int | None = None
    params: dict[str, Any] = field(default_factory=dict)
    text: str | None = None


class Problem(Exception):
    """Base of every refusal a caller is told of. Subclasses set `slug` and `kind`."""

    slug: ClassVar[str] = "internal-error"
    kind: ClassVar[Kind] = Kind.INTERNAL
    rule: str | None = None
    article: str | None = None

    def __init__(
        self,
        *,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
        rule: str | None = None,
        article: str | None = None,
        **params: Any,
    ) -> None:
        super().__init__(f"{self.slug} {params}" if params else self.slug)
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s
        self.rule = rule or self.rule
        self.article = article or self.article
        self.params = params

    @property
    def status(self) -> int:
        return STATUS[self.kind]


class Refusal(Problem):
    """What a guard rail forbids (DOMAIN.md §3). `rule` is its id, such as G2, `article` its source, such as TI 25."""

    kind = Kind.CONFLICT


class NotFound(Problem):
    slug = "not-found"
    kind = Kind.NOT_FOUND


class MethodNotAllowed(Problem):
    slug = "method-not-allowed"
    kind = Kind.METHOD_NOT_ALLOWED


class Unauthenticated(Problem):
    slug = "unauthenticated"
    kind = Kind.UNAUTHENTICATED


class Forbidden(Problem):
    slug = "forbidden"
    kind = Kind.FORBIDDEN


class InvalidInput(Problem):
    slug = "invalid-input"
    kind = Kind.INVALID


class MalformedBody(Problem):
    slug = "malformed-body"
    kind = Kind.MALFORMED


class MalformedRequest(Problem):
    slug = "malformed-request"
    kind = Kind.MALFORMED


class BodyTooLarge(Problem):
    slug = "body-too-large"
    kind = Kind.TOO_LARGE


class UnsupportedMediaType(Problem):
    slug = "unsupported-media-type"
    kind = Kind.UNSUPPORTED


class VersionMismatch(Problem):
    slug = "version-mismatch"
    kind = Kind.PRECONDITION_FAILED


class IfMatchRequired(Problem):
    slug = "if-match-required"
    kind = Kind.PRECONDITION_REQUIRED


class KeyInFlight(Problem):
    slug = "idempotency-key-in-flight"
    kind = Kind.CONFLICT


class KeyReused(Problem):
    slug = "idempotency-key-reused"
    kind = Kind.INVALID


class TooManyRequests(Problem):
    slug = "too-many-requests"
    kind = Kind.TOO_MANY


class Unavailable(Problem):
    slug = "unavailable"
    kind = Kind.UNAVAILABLE
