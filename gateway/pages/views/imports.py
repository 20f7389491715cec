"""Bulk import: a sheet of patents up, how far it is, and what was wrong with which row."""

import asyncio

from starlette.responses import Response

from gateway.pages.api import ApiProblem
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area()

_MOST_BYTES = 67_108_864 + 1_048_576  # the API's own limit of a sheet, and the form around it
_REFUSED = 422


@area.get("/imports", members=True)
async def imports(visitor: Visitor) -> Response:
    return await _page(visitor, Form())


@area.post("/imports", members=True, max_bytes=_MOST_BYTES)
async def upload(visitor: Visitor, form: Form) -> Response:
    file = form.file("sheet")
    sheet = await file.read() if file else b""
    if not looks_like_rows(sheet):
        # What a file is called says nothing of what it is.
        words = visitor.language.t
        form.errors["sheet"] = words("imports.not_rows") if sheet else words("imports.no_file")
        return await _page(visitor, form)
    headers = {"content-type": "application/x-ndjson", "idempotency-key": form.once}
    query = {"publish": "true"} if form.flag("publish") else {}
    try:
        answer = await visitor.api.send("POST", "/api/v1/imports", content=sheet, headers=headers, query=query)
    except ApiProblem as problem:
        form.refuse(problem)
        form.errors.setdefault("sheet", problem.detail)
        return await _page(visitor, form)
    return visitor.go(f"/imports/{answer.json()['import_id']}", done="uploaded")


@area.get("/imports/{import_id}", members=True)
async def one(visitor: Visitor) -> Response:
    path = f"/api/v1/imports/{visitor.place('import_id')}"
    severity = "warning" if visitor.asked("severity") == "warning" else "error"
    found, findings = await asyncio.gather(
        visitor.api.get(path),
        visitor.api.get(f"{path}/errors", severity=severity, cursor=visitor.asked("cursor")),
    )
    return await visitor.page("holdings/import.html", found=found, findings=findings, severity=severity)


async def _page(visitor: Visitor, form: Form) -> Response:
    found = await visitor.api.get("/api/v1/imports", cursor=visitor.asked("cursor"))
    status = (form.problem.status if form.problem else _REFUSED) if form.failed else 200
    return await visitor.page("holdings/imports.html", status=status, found=found, form=form)


def looks_like_rows(sheet: bytes) -> bool:
    """Text in UTF-8 whose first character opens a JSON object; a row that is none is told of by its number."""
    try:
        sheet.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sheet.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
