"""What a person has been told: the unread first."""

import asyncio

from starlette.responses import RedirectResponse, Response

from gateway.pages.api import ApiProblem
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.links import page_of
from gateway.pages.visitor import Visitor

area = Area()

_UNREAD_SHOWN = 50


@area.get("/notifications", members=True)
async def notifications(visitor: Visitor) -> Response:
    cursor = visitor.asked("cursor")
    found, unread = await asyncio.gather(
        visitor.api.get("/api/v1/notifications", cursor=cursor),
        visitor.api.get("/api/v1/notifications", unread="true", limit=_UNREAD_SHOWN),
    )
    waiting = [] if cursor else unread["items"]
    shown = {notice["notification_id"] for notice in waiting}
    earlier = [notice for notice in found["items"] if notice["notification_id"] not in shown]
    return await visitor.page("notifications/list.html", waiting=waiting, earlier=earlier, next=found["next"])


@area.post("/notifications", members=True)
async def read(visitor: Visitor, form: Form) -> Response:
    """Mark one or all as read, or open what one is about, which is to have read it."""
    if form.text("act") == "read_all":
        await visitor.api.post("/api/v1/notifications/read-all")
        return visitor.go("/notifications", done="all_read")
    try:
        notice = await visitor.api.post(f"/api/v1/notifications/{form.text('id')}/read")
    except ApiProblem as problem:
        if problem.slug != "notification-not-found":
            raise
        return visitor.go("/notifications")  # it was taken back meanwhile
    page = page_of(notice["link"], visitor.language.code) if form.text("act") == "open" else None
    return RedirectResponse(page, 303) if page else visitor.go("/notifications")
