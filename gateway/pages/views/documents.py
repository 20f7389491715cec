"""Documents of deals: to read, to keep, and to have checked by anybody."""

from starlette.responses import Response

from gateway.pages.api import ApiProblem
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area()

_VERIFY = "/api/v1/verifications"
_MOST_BYTES = 8_388_608 + 65_536  # the largest document that is verified, and the form around it
_REFUSED = 422
_KEPT = ("content-type", "content-disposition", "cache-control", "etag", "repr-digest")


@area.get("/deals/{deal_id}/document", members=True)
async def document(visitor: Visitor) -> Response:
    return await _file(visitor, "document")


@area.get("/deals/{deal_id}/evidence", members=True)
async def evidence(visitor: Visitor) -> Response:
    return await _file(visitor, "evidence")


async def _file(visitor: Visitor, name: str) -> Response:
    """As the API gives it: a browser cannot send the token that the API asks for."""
    found = await visitor.api.send("GET", f"/api/v1/deals/{visitor.place('deal_id')}/{name}")
    headers = {header: found.headers[header] for header in _KEPT if header in found.headers}
    return Response(found.content, headers=headers)


@area.get("/verify")
async def verify_page(visitor: Visitor) -> Response:
    return await visitor.page("documents/verify.html", form=Form(), verdict=None)


@area.post("/verify", max_bytes=_MOST_BYTES)
async def verify(visitor: Visitor, form: Form) -> Response:
    upload = form.file("file")
    if upload is None:
        form.errors["file"] = visitor.language.t("documents.file_missing")
        return await visitor.page("documents/verify.html", status=_REFUSED, form=form, verdict=None)
    headers = {"content-type": "application/octet-stream"}
    try:
        answer = await visitor.api.send("POST", _VERIFY, content=await upload.read(), headers=headers)
    except ApiProblem as problem:
        form.refuse(problem)
        return await visitor.page("documents/verify.html", status=problem.status, form=form, verdict=None)
    return await visitor.page("documents/verify.html", form=Form(), verdict=answer.json())
