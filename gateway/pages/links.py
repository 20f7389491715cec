"""Addresses of pages."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

_API = "/api/v1/"
# What has a page of its own under the name that the API gives it.
_WITH_PAGES = frozenset({"listings", "demands", "matches", "deals", "imports", "invoices"})
# What has one under another.
_UNDER_ANOTHER = (
    (re.compile("webhook-endpoints/([^/?]+)(?:/deliveries)?"), r"webhooks/\1"),
    (re.compile("organisations/[^/?]+/members"), "organisation"),
)

_AFTER_NAME = re.compile("[/?]")

Query = Iterable[tuple[str, str]]


def with_query(path: str, query: Query | Mapping[str, Any] = (), **changes: Any) -> str:
    """The path with a query; `changes` replace parameters, None takes one away, a list gives one several times."""
    pairs = list(query.items() if isinstance(query, Mapping) else query)
    kept = [(name, value) for name, value in pairs if name not in changes and value not in (None, "")]
    for name, value in changes.items():
        values = value if isinstance(value, list) else [value]
        kept += [(name, each) for each in values if each not in (None, "")]
    return f"{path}?{urlencode(kept)}" if kept else path


def without(path: str, query: Query, name: str, value: str) -> str:
    """The same question with one value of one parameter less, from its beginning."""
    return with_query(path, [pair for pair in query if pair != (name, value) and pair[0] not in {"cursor", "done"}])


def page_of(link: str, language: str) -> str | None:
    """The page that shows a resource of the API, such as the `link` of a notification; None where there is none."""
    path = link.removeprefix(_API)
    for pattern, page in _UNDER_ANOTHER:
        if path != link and (found := pattern.fullmatch(path)):
            return f"/{language}/{found.expand(page)}"
    if path == link or _AFTER_NAME.split(path, maxsplit=1)[0] not in _WITH_PAGES:
        return None
    return f"/{language}/{path}"
