from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response, status

from services.kit.clock import utcnow
from services.kit.problems import UnsupportedMediaType
from services.kit.web import Page, PagingQuery, Tx, etag, router
from services.listing.adapters import catalogue
from services.listing.application.access import oversees
from services.listing.application.receive_import import receive_import
from services.listing.domain.errors import ImportNotFound
from services.listing.domain.imports.progress import Import, Severity
from services.listing.entrypoints.dependencies import Holder, Reader, Stored, Texts
from services.listing.entrypoints.views import FindingView, ImportView

imports = router(prefix="/api/v1/imports", tags=["imports"])

MEDIA_TYPE = "application/x-ndjson"
_BODY = {
    "requestBody": {
        "required": True,
        "description": "One JSON object a line, in UTF-8.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "minLength": 1}}},
    }
}


@imports.post("", status_code=status.HTTP_202_ACCEPTED, openapi_extra=_BODY)
async def post_import(
    request: Request,
    store: Stored,
    caller: Holder,
    response: Response,
    publish: Annotated[bool, Query(description="Make and publish a listing of each row, too.")] = False,
) -> ImportView:
    """Take in a sheet of patents, one JSON object a line. It is worked through in the background; each row stands or
    falls alone.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise UnsupportedMediaType(expected=MEDIA_TYPE)
    this = await receive_import(store, caller, request.stream(), publish=publish, now=utcnow())
    response.headers["Location"] = f"/api/v1/imports/{this.import_id}"
    return ImportView.of(this)


@imports.get("")
async def get_imports(tx: Tx, caller: Reader, paging: PagingQuery) -> Page[ImportView]:
    """Imports of the own organisation, newest first."""
    found, cursor = await catalogue.imports_page(tx, caller.organisation_id, paging)
    return Page(items=[ImportView.of(this) for this in found], next=cursor)


@imports.get("/{import_id}")
async def get_import(import_id: UUID, tx: Tx, caller: Reader, response: Response) -> ImportView:
    """How far an import is."""
    this = await _seen(tx, caller, import_id)
    etag(response, this.version)
    return ImportView.of(this)


@imports.get("/{import_id}/errors")
async def get_import_errors(
    *,
    import_id: UUID,
    tx: Tx,
    caller: Reader,
    texts: Texts,
    paging: PagingQuery,
    severity: Annotated[
        Severity, Query(description="Errors kept rows out; warnings are remarks on rows that were taken.")
    ] = Severity.ERROR,
) -> Page[FindingView]:
    """What was found in the rows of an import, in the order of the sheet."""
    await _seen(tx, caller, import_id)
    found, cursor = await catalogue.findings_page(tx, import_id, severity, paging)
    return Page(items=[FindingView.of(record, texts) for record in found], next=cursor)


async def _seen(tx: Tx, caller: Reader, import_id: UUID) -> Import:
    this = await catalogue.find_import(tx, import_id)
    if this is None or not oversees(caller, this.organisation_id):
        raise ImportNotFound(import_id=import_id)
    return this
