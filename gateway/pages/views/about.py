"""What the hall is, and what it is not."""

from starlette.responses import Response

from gateway.pages.area import Area
from gateway.pages.visitor import Visitor

area = Area()


@area.get("/about")
async def about(visitor: Visitor) -> Response:
    return await visitor.page("about.html")


@area.get("/legal")
async def legal(visitor: Visitor) -> Response:
    return await visitor.page("legal.html")
