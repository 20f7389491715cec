"""Documents of deals: the PDF as it now stands, and the evidence that can be checked without the hall."""

import asyncio
import base64
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy import select

from services.contract.adapters import mappers
from services.contract.adapters.papers.store import newest_file
from services.contract.adapters.queries import history_of
from services.contract.adapters.seals.keyring import Keyring
from services.contract.adapters.tables import HistoryRow, SealRow
from services.contract.domain.errors import DocumentNotMade, DocumentNotSealed
from services.contract.entrypoints.desk import DeskOf
from services.contract.entrypoints.verdict_views import verdict_texts
from services.contract.entrypoints.views import history_entry
from services.kit.clock import utcnow
from services.kit.web import Tx, router

documents = router(prefix="/api/v1/deals", tags=["documents"])

_Answers = dict[int | str, dict[str, Any]]
_PDF: _Answers = {200: {"content": {"application/pdf": {}}, "description": "The document, PDF/A-2a."}}
_ZIP: _Answers = {
    200: {"content": {"application/zip": {}}, "description": "Document, terms, trail, authorities, stamped list."}
}


def _keyring(request: Request) -> Keyring:
    keyring: Keyring = request.app.state.keyring
    return keyring


KeyringOf = Annotated[Keyring, Depends(_keyring)]


@documents.get("/{deal_id}/document", response_class=Response, responses=_PDF)
async def read_document(deal_id: UUID, desk: DeskOf) -> Response:
    """The contract as it now stands: to read before signing, with the signatures made so far, or final.

    From the acceptance of an offer on, for the parties and their broker.
    """
    await desk.book.deal(deal_id, seen_by=desk.actor.organisation_id)
    found = await newest_file(desk.session, deal_id)
    if found is None:
        raise DocumentNotMade
    content, sha256 = found
    return _file(content, f"contract-{deal_id}.pdf", "application/pdf", sha256)


@documents.get("/{deal_id}/evidence", response_class=Response, responses=_ZIP)
async def read_evidence(deal_id: UUID, desk: DeskOf, tx: Tx, keyring: KeyringOf) -> Response:
    """All that proves the deal, as a zip that `zayton verify` checks offline. Once the document is sealed."""
    deal = await desk.book.deal(deal_id, seen_by=desk.actor.organisation_id)
    sealed = select(SealRow.content).where(SealRow.deal_id == deal_id, SealRow.final)
    pdf = (await tx.execute(sealed)).scalar_one_or_none()
    if pdf is None:
        raise DocumentNotSealed(retry_after_s=2)
    rows = await tx.scalars(history_of(deal_id).order_by(HistoryRow.sequence))
    trail = [history_entry(mappers.to_entry(row)).model_dump(mode="json") for row in rows]
    stamper, authorities = await keyring.timestamper(tx), await keyring.roots(tx)

    def packed() -> bytes:
        from services.contract.adapters.seals.bundle import Evidence, pack

        return pack(
            Evidence(str(deal_id), pdf, deal.document(), trail, authorities, utcnow()), stamper, verdict_texts()
        )

    return _file(await asyncio.to_thread(packed), f"evidence-{deal_id}.zip", "application/zip")


def _file(content: bytes, name: str, kind: str, sha256: str | None = None) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "private, no-cache"}
    if sha256:
        headers["etag"] = f'"{sha256}"'
        headers["repr-digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"  # RFC 9530
    return Response(content, media_type=kind, headers=headers)
