"""/api/v1/verifications: anyone may have a document checked, or ask whether this hall sealed it. Nothing is kept."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from sqlalchemy import select
from starlette.formparsers import MultiPartException

from services.contract.adapters.seals.sandbox import Sandbox, TooBusy, kind_of
from services.contract.adapters.tables import SealRow
from services.contract.domain.errors import NotADocument
from services.contract.entrypoints.documents import KeyringOf
from services.contract.entrypoints.verdict_views import VerdictView
from services.kit.db import Database
from services.kit.messages import preferred_language
from services.kit.problems import MalformedRequest, Unavailable
from services.kit.web import PROBLEM_ANSWERS, OptionalCaller

# No transaction of a request: what a stranger sends may come slowly, and a connection is not kept waiting for it.
verifications = APIRouter(
    prefix="/api/v1/verifications",
    tags=["documents"],
    generate_unique_id_function=lambda route: route.name,
    responses=PROBLEM_ANSWERS,
)

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"schema": {"type": "object", "required": ["file"], "properties": {"file": _BINARY["schema"]}}}
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/pdf": _BINARY, "application/zip": _BINARY, "multipart/form-data": _FORM},
    }
}
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="Hexadecimal, of the whole file.")]


class SealedView(BaseModel):
    """Whether a file with this hash left this hall as a final document. Nothing more is told of it."""

    sha256: str
    sealed: bool
    sealed_at: datetime | None


@verifications.post("", openapi_extra=_UPLOAD)
async def verify_document(request: Request, caller: OptionalCaller, keyring: KeyringOf) -> VerdictView:
    """Check a PDF, or a zip of evidence, sent as the body or as the part `file` of a form."""
    content = await _uploaded(request)
    if kind_of(content) is None:
        raise NotADocument
    database: Database = request.app.state.database
    async with database.transaction() as session:
        roots = await keyring.roots(session)
    sandbox: Sandbox = request.app.state.sandbox
    try:
        verdict = await sandbox.check(content, roots)
    except TooBusy as error:
        raise Unavailable(retry_after_s=5) from error
    language = preferred_language(request.headers.get("accept-language"), caller.language if caller else "en")
    return VerdictView.of(verdict, language, sealed=await _sealed_at(database, verdict.sha256) is not None)


@verifications.get("/{sha256}")
async def was_sealed(sha256: Sha256, request: Request) -> SealedView:
    """Whether this hall sealed the file with this hash, and when."""
    sealed_at = await _sealed_at(request.app.state.database, sha256)
    return SealedView(sha256=sha256, sealed=sealed_at is not None, sealed_at=sealed_at)


async def _sealed_at(database: Database, sha256: str) -> datetime | None:
    statement = select(SealRow.sealed_at).where(SealRow.sha256 == sha256, SealRow.final)
    async with database.transaction() as session:
        return (await session.execute(statement)).scalar_one_or_none()


async def _uploaded(request: Request) -> bytes:
    """The file, however it was sent. Its size is the body's, which is limited for this path."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    try:
        async with request.form(max_files=1, max_fields=5) as form:
            part = form.get("file")
            if part is None or isinstance(part, str):
                raise MalformedRequest(reason="no part “file”")
            return await part.read()
    except MultiPartException as error:
        raise MalformedRequest(reason=error.message) from error
