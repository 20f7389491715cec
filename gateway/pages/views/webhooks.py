"""Webhook endpoints of an organisation, for its administrators: where the hall calls, and what came of it."""

import asyncio
from urllib.parse import quote

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area()

_PATH = "/api/v1/webhook-endpoints"
_FIELDS = {"/url": "url", "/description": "description"}


@area.get("/webhooks", members=True)
async def webhooks(visitor: Visitor) -> Response:
    return await _list(visitor, Form())


@area.post("/webhooks", members=True)
async def add(visitor: Visitor, form: Form) -> Response:
    body = {"url": form.text("url"), "description": form.text("description")}
    try:
        made = await visitor.api.post(_PATH, body)
    except ApiProblem as problem:
        form.refuse(problem, _FIELDS)
        return await _list(visitor, form, status=problem.status)
    # The secret is in this answer and in no other, so there is no way on from it.
    return await _endpoint(visitor, made["endpoint_id"], secret=made["secret"])


@area.get("/webhooks/{endpoint_id}", members=True)
async def webhook(visitor: Visitor) -> Response:
    return await _endpoint(visitor, visitor.place("endpoint_id"))


@area.post("/webhooks/{endpoint_id}", members=True)
async def change(visitor: Visitor, form: Form) -> Response:
    endpoint_id = visitor.place("endpoint_id")
    path, act = f"{_PATH}/{endpoint_id}", form.text("act")
    secret = ""
    try:
        match act:
            case "on" | "off":
                held = await visitor.api.send("GET", path)
                await visitor.api.patch(path, {"enabled": act == "on"}, version=int(held.headers["etag"].strip('"')))
            case "test":
                await visitor.api.post(f"{path}/test")
            case "replay":
                await visitor.api.post(f"{path}/deliveries/{quote(form.text('delivery_id'), safe='')}/replay")
            case "rotate":
                secret = (await visitor.api.post(f"{path}/rotate-secret"))["secret"]
            case "remove":
                await visitor.api.delete(path)
                return visitor.go("/webhooks", done="webhook_remove")
    except ApiProblem as problem:
        form.refuse(problem)
        return await _endpoint(visitor, endpoint_id, form=form, status=problem.status)
    if secret:
        return await _endpoint(visitor, endpoint_id, secret=secret)
    return visitor.go(f"/webhooks/{endpoint_id}", done=f"webhook_{act}")


async def _list(visitor: Visitor, form: Form, *, status: int = 200) -> Response:
    found: list[Json] = await visitor.api.get(_PATH)
    return await visitor.page("notifications/webhooks.html", status=status, endpoints=found, form=form)


async def _endpoint(
    visitor: Visitor, endpoint_id: str, *, form: Form | None = None, secret: str = "", status: int = 200
) -> Response:
    path = f"{_PATH}/{endpoint_id}"
    endpoint, log = await asyncio.gather(
        visitor.api.get(path), visitor.api.get(f"{path}/deliveries", cursor=visitor.asked("cursor"))
    )
    return await visitor.page(
        "notifications/webhook.html", status=status, endpoint=endpoint, log=log, form=form or Form(), secret=secret
    )
