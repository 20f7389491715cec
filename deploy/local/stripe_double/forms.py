"""Stripe's nested form encoding: line_items[0][price_data][currency]=cny."""

import re
from typing import Any
from urllib.parse import parse_qsl


def decoded(body: str) -> dict[str, Any]:
    """Lists come as dictionaries by number where they are numbered, and as lists where they end in []."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        path = [name.partition("[")[0], *re.findall(r"\[([^\]]*)\]", name)]
        place = root
        for part in path[:-1]:
            place = place.setdefault(part, {})
        if path[-1] == "":
            place.setdefault(path[-1], []).append(value)
        else:
            place[path[-1]] = value
    return root


def listed(value: Any) -> list[Any]:
    """expand[0]=a&expand[1]=b or expand[]=a."""
    if not isinstance(value, dict):
        return []
    return list(value[""]) if "" in value else list(value.values())
