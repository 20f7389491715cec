"""The operator's desk: how the services are, who has come, and what was listed last."""

import asyncio

from starlette.responses import Response

from gateway.pages.api import ApiProblem
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.views.desk import unless_down
from gateway.pages.visitor import Visitor

area = Area(operators=True)

_SHOWN = 10


@area.get("/operator")
async def desk(visitor: Visitor) -> Response:
    health, organisations, listings = await asyncio.gather(
        visitor.api.get("/api/v1/status"),
        visitor.api.get("/api/v1/organisations", limit=_SHOWN),
        unless_down(visitor, "/api/v1/listings", limit=_SHOWN),
    )
    return await visitor.page("operator/desk.html", health=health, organisations=organisations, listings=listings)


@area.get("/operator/organisations")
async def organisations(visitor: Visitor) -> Response:
    found = await visitor.api.get("/api/v1/organisations", cursor=visitor.asked("cursor"))
    return await visitor.page("operator/organisations.html", found=found)


@area.get("/operator/listings")
async def listings(visitor: Visitor) -> Response:
    found = await visitor.api.get("/api/v1/listings", cursor=visitor.asked("cursor"))
    return await visitor.page("operator/listings.html", found=found)


@area.get("/operator/listings/{listing_id}")
async def review(visitor: Visitor) -> Response:
    return await _review_page(visitor, Form())


@area.post("/operator/listings/{listing_id}")
async def withdraw(visitor: Visitor, form: Form) -> Response:
    try:
        await visitor.api.post(f"{_path(visitor)}/withdraw", {"reason": form.text("reason")}, once=form.once)
    except ApiProblem as problem:
        form.refuse(problem)
        return await _review_page(visitor, form, status=problem.status)
    return visitor.go("/operator/listings", done="operator_withdrew")


async def _review_page(visitor: Visitor, form: Form, *, status: int = 200) -> Response:
    listing = await visitor.api.get(_path(visitor))
    return await visitor.page("operator/listing.html", status=status, listing=listing, form=form)


def _path(visitor: Visitor) -> str:
    return f"/api/v1/listings/{visitor.place('listing_id')}"
