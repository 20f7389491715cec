"""The one OpenAPI document of the hall, kept for a while, complete even while a service is down."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.types import ASGIApp

from gateway.openapi.merge import Document, merge
from gateway.proxy.ask import NoAnswer, ask
from services.kit.messages import Catalogue
from services.kit.problems import STATUS, Problem
from services.kit.web.errors import PROBLEM_TYPES

_KEPT_S = 60.0
_KEPT_INCOMPLETE_S = 2.0
CURRENT, LAST_KNOWN, MISSING = "current", "last_known", "missing"


class Documents:
    """`services` by name, `prefixes` the paths under which each may appear, `own` the gateway's own document."""

    def __init__(
        self,
        services: Mapping[str, ASGIApp],
        prefixes: Mapping[str, tuple[str, ...]],
        *,
        own: Callable[[], Document],
        catalogue: Catalogue,
        public_url: str,
    ) -> None:
        self._services = services
        self._prefixes = prefixes
        self._own = own
        self._catalogue = catalogue
        self._public_url = public_url
        self._parts: dict[str, Document] = {}
        self._body = b""
        self._good_until = float("-inf")
        self._turn = asyncio.Lock()

    async def document(self) -> bytes:
        """JSON of the merged document. `info.x-services` says of each service how its part was got."""
        async with self._turn:
            if time.monotonic() >= self._good_until:
                await self._renew()
        return self._body

    async def _renew(self) -> None:
        states = dict(zip(self._services, await asyncio.gather(*map(self._fetch, self._services)), strict=True))
        parts = {"gateway": self._own()} | {name: self._parts[name] for name in self._services if name in self._parts}
        document = merge(
            parts, info=self._info(states), servers=[{"url": self._public_url, "description": "This hall"}]
        )
        document["x-problem-types"] = self._problem_types()
        self._body = orjson.dumps(document)
        complete = all(state == CURRENT for state in states.values())
        self._good_until = time.monotonic() + (_KEPT_S if complete else _KEPT_INCOMPLETE_S)

    async def _fetch(self, name: str) -> str:
        try:
            part: Document = orjson.loads(await ask(self._services[name], "/openapi.json"))
        except (NoAnswer, orjson.JSONDecodeError):
            return LAST_KNOWN if name in self._parts else MISSING
        prefixes = self._prefixes[name]
        part["paths"] = {
            path: item
            for path, item in part.get("paths", {}).items()
            if any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)
        }
        self._parts[name] = part
        return CURRENT

    def _info(self, states: dict[str, str]) -> dict[str, Any]:
        text = self._catalogue.raw("openapi.description")["en"]
        if stale := [name for name, state in states.items() if state != CURRENT]:
            text += "\n\n" + self._catalogue.text("openapi.incomplete", "en", services=", ".join(sorted(stale)))
        return {
            "title": self._catalogue.raw("openapi.title")["en"],
            "version": "1",
            "description": text,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "x-services": {"gateway": CURRENT} | states,
        }

    def _problem_types(self) -> list[dict[str, Any]]:
        """The problems of the gateway and those that any service may answer with."""
        return [
            {
                "type": f"{PROBLEM_TYPES}{problem.slug}",
                "status": STATUS[problem.kind],
                "title": self._catalogue.raw(f"{problem.slug}.title"),
            }
            for problem in sorted(_leaves(Problem), key=lambda problem: problem.slug)
            if f"{problem.slug}.title" in self._catalogue
        ]


def _leaves(kind: type[Problem]) -> set[type[Problem]]:
    below = {leaf for each in kind.__subclasses__() for leaf in _leaves(each)}
    return below | ({kind} if "slug" in vars(kind) else set())
