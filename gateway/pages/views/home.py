"""The front page: search, figures of the hall, what is new on both sides, the market by field."""

import asyncio
from typing import Any

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.visitor import Visitor

area = Area()

_NEWEST, _WANTED = 6, 3
_FACETS = ["ipc_section", "deal_form", "kind"]
_NO_CATALOGUE: Json = {"items": [], "total": None, "facets": {}}
_NO_BOARD: Json = {"items": [], "total": None}


@area.get("/")
async def home(visitor: Visitor) -> Response:
    catalogue, board = await asyncio.gather(
        _unless_down(visitor, "/api/v1/catalogue", _NO_CATALOGUE, limit=_NEWEST, sort="newest", facets=_FACETS),
        _unless_down(visitor, "/api/v1/demands/board", _NO_BOARD, limit=_WANTED),
    )
    return await visitor.page(
        "home.html",
        catalogue=catalogue,
        board=board,
        market=_market(visitor, catalogue),
        open_licences=_count(catalogue, "deal_form", "open_licence"),
        assignments=_count(catalogue, "deal_form", "assignment"),
    )


async def _unless_down(visitor: Visitor, path: str, otherwise: Json, **query: Any) -> Json:
    """The front page comes even where a part of the hall does not answer; it then shows less, and says so."""
    try:
        found: Json = await visitor.api.get(path, **query)
    except ApiProblem:
        return otherwise
    return found


def _market(visitor: Visitor, catalogue: Json) -> list[tuple[str, int, str, str]]:
    """Bars of the market by IPC section, in the order of the classification."""
    sections = sorted(catalogue["facets"].get("ipc_section", []), key=lambda each: each["value"])
    return [
        (
            f"{each['value']} · {visitor.language.word('ipc_section', each['value'])}",
            each["count"],
            visitor.url("/listings", ipc_section=each["value"]),
            "",
        )
        for each in sections
    ]


def _count(catalogue: Json, facet: str, value: str) -> int | None:
    """None where the catalogue did not answer."""
    if catalogue["total"] is None:
        return None
    return sum(int(each["count"]) for each in catalogue["facets"].get(facet, []) if each["value"] == value)
