"""An area of the pages: addresses, and the functions that answer them.

    area = Area()

    @area.get("/demands/{demand_id}")
    async def demand(visitor: Visitor) -> Response: …

    @area.post("/demands/new", members=True)
    async def post_demand(visitor: Visitor, form: Form) -> Response: …

A function gets its form only after the form was proved to come from our page and this visitor.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.responses import Response

from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

Show = Callable[[Visitor], Awaitable[Response]]
Take = Callable[[Visitor, Form], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    """`members`: others are asked to sign in first. `operators`: members of others are refused.

    `max_bytes` of a form; None is what the settings say.
    """

    path: str
    members: bool
    show: Show | None = None
    take: Take | None = None
    max_bytes: int | None = None
    operators: bool = False

    @property
    def method(self) -> str:
        return "GET" if self.show else "POST"


@dataclass
class Area:
    """`operators`: all its pages are theirs alone."""

    pages: list[Page] = field(default_factory=list)
    operators: bool = False

    def get(self, path: str, *, members: bool = False) -> Callable[[Show], Show]:
        def add(show: Show) -> Show:
            self.pages.append(self._page(path, members=members, show=show))
            return show

        return add

    def post(self, path: str, *, members: bool = False, max_bytes: int | None = None) -> Callable[[Take], Take]:
        def add(take: Take) -> Take:
            self.pages.append(self._page(path, members=members, take=take, max_bytes=max_bytes))
            return take

        return add

    def _page(
        self,
        path: str,
        *,
        members: bool,
        show: Show | None = None,
        take: Take | None = None,
        max_bytes: int | None = None,
    ) -> Page:
        return Page(path, members or self.operators, show, take, max_bytes, self.operators)
