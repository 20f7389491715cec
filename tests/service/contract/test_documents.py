"""From accepted terms to a sealed document: who may read it, what it is made of, what is told."""

import hashlib
from io import BytesIO
from uuid import UUID

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from zayton.contract.v1 import events_pb2 as pb

from services.contract.domain.evidence import sha256
from services.kit.auth import Role
from tests.service.contract.hall import EXCLUSIVE, ORDINARY, Hall, Json, good, refused
from tests.support.tokens import principal


async def pdf_of(hall: Hall, deal_id: str) -> bytes:
    answer = await hall.get(hall.company, f"/{deal_id}/document")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


async def test_what_is_agreed_can_be_read_before_it_is_signed(hall: Hall) -> None:
    deal_id = await hall.inquired()
    refused(await hall.get(hall.company, f"/{deal_id}/document"), 404, "document-not-made")
    offer_id = await hall.offered(deal_id, EXCLUSIVE)
    refused(await hall.get(hall.company, f"/{deal_id}/document"), 404, "document-not-made")
    deal = good(await hall.post(hall.company, f"/{deal_id}/offers/{offer_id}/accept"))
    pdf = deal["document"]["pdf"]
    assert (pdf["signatures"], pdf["sealed_sha256"], pdf["template"]) == (0, None, "1")
    for who in (hall.university, hall.company, hall.broker):
        answer = await hall.get(who, f"/{deal_id}/document")
        assert hashlib.sha256(answer.content).hexdigest() == pdf["sha256"]
        assert len(answer.content) == pdf["size"]
        assert answer.headers["etag"] == f'"{pdf["sha256"]}"'
    assert PdfFileReader(BytesIO(await pdf_of(hall, deal_id))).embedded_signatures == []


@pytest.mark.parametrize("path", ["document", "evidence"])
async def test_nobody_else_learns_that_there_is_a_document(hall: Hall, path: str) -> None:
    deal_id = await hall.sealed(ORDINARY)
    refused(await hall.get(None, f"/{deal_id}/{path}"), 401, "unauthenticated")
    for kind in ("university", "company", "broker", "operator"):
        refused(await hall.get(principal(kind, Role.ADMIN), f"/{deal_id}/{path}"), 404, "deal-not-found")
    refused(await hall.get(hall.rival, f"/{deal_id}/{path}"), 404, "deal-not-found")


async def test_each_signature_is_put_into_the_file(hall: Hall) -> None:
    deal_id = await hall.agreed(EXCLUSIVE)
    draft = await pdf_of(hall, deal_id)
    good(await hall.post(hall.university, f"/{deal_id}/signatures"), 201)
    await hall.work()
    half = await pdf_of(hall, deal_id)
    signed = good(await hall.post(hall.company, f"/{deal_id}/signatures"), 201)
    assert signed["document"]["pdf"]["signatures"] == 1
    await hall.work()
    final = await pdf_of(hall, deal_id)

    # Signatures are added, never changed: what was read is the beginning of what is kept.
    assert half.startswith(draft)
    assert final.startswith(half)
    fields = [str(each.field_name) for each in PdfFileReader(BytesIO(final)).embedded_signatures]
    assert fields == ["Licensor", "Licensee"]
    pdf = good(await hall.get(hall.broker, f"/{deal_id}"))["document"]["pdf"]
    assert (pdf["signatures"], pdf["sealed_sha256"]) == (2, hashlib.sha256(final).hexdigest())
    assert pdf["sha256"] == hashlib.sha256(draft).hexdigest()
    assert [each["pdf_sha256"] for each in signed["signatures"]] == [pdf["sha256"]] * 2


async def test_the_trail_tells_of_paper_and_signatures(hall: Hall) -> None:
    deal_id = await hall.sealed(EXCLUSIVE)
    final = await pdf_of(hall, deal_id)
    lines = good(await hall.get(hall.company, f"/{deal_id}/history"))["items"]
    by_event: dict[str, list[Json]] = {}
    for line in lines:
        by_event.setdefault(line["event"], []).append(line)
    deal = good(await hall.get(hall.company, f"/{deal_id}"))
    for line in by_event["party_signed"]:
        assert line["data"]["pdf_sha256"] == deal["document"]["pdf"]["sha256"]
        assert line["data"]["document_sha256"] == sha256(deal["document"]["content"])
    first, second = by_event["signature_applied"]
    assert first["data"]["organisation_id"] == str(hall.university.organisation_id)
    assert second["data"]["pdf_sha256"] == hashlib.sha256(final).hexdigest()
    assert [each["actor"] for each in (first, second)] == [{"hall": "sealing"}] * 2
    assert by_event["document_sealed"][0]["data"]["pdf_size"] == len(final)


async def test_others_are_told_once_it_is_final(hall: Hall) -> None:
    deal_id = await hall.sealed(ORDINARY)
    await hall.work()
    *_, last = await hall.published(deal_id)
    told = last.data
    assert isinstance(told, pb.DocumentSealed)
    assert told.pdf_sha256 == hashlib.sha256(await pdf_of(hall, deal_id)).hexdigest()
    assert told.deal.state == pb.DEAL_STATE_ACTIVE  # a licence without a fee is in force once it is signed
    assert sum(isinstance(each.data, pb.DocumentSealed) for each in await hall.published(deal_id)) == 1


async def test_who_leaves_before_the_end_is_not_signed_for(hall: Hall) -> None:
    deal_id = await hall.agreed(ORDINARY)
    good(await hall.post(hall.university, f"/{deal_id}/signatures"), 201)
    good(await hall.post(hall.university, f"/{deal_id}/withdraw", {"reason_code": "price"}))
    await hall.work()
    assert await hall.value("SELECT count(*) FROM seals") == 0
    refused(await hall.get(hall.company, f"/{deal_id}/evidence"), 409, "document-not-sealed")


async def test_papers_and_seals_are_never_changed(hall: Hall) -> None:
    deal_id = await hall.sealed(ORDINARY)
    for table in ("papers", "seals"):
        with pytest.raises(Exception, match="append-only"):
            await hall.value(f"UPDATE {table} SET size = 1 WHERE deal_id = :id RETURNING 1", id=UUID(deal_id))


async def test_hostile_words_are_words(hall: Hall) -> None:
    hostile = '#panic("x") $ x $ *b* `raw` @ref <l> #read("/etc/passwd") \u202e\u0007 😀 // /* \\'
    terms = {**ORDINARY, "other_terms": hostile, "field_of_use": '#{while true {}} "'}
    deal_id = await hall.agreed(terms)
    assert (await pdf_of(hall, deal_id)).startswith(b"%PDF-1.7")
