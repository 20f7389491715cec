"""The front page."""

from starlette.responses import Response

from gateway.pages.area import Area
from gateway.pages.visitor import Visitor

area = Area()


@area.get("/")
async def home(visitor: Visitor) -> Response:
    return await visitor.page("home.html")
