"""Anyone may have a document checked, and a program named .pdf is no document."""

import asyncio
import hashlib
import io
import os
import zipfile
from typing import Any

import httpx
import pytest

from services.contract.adapters.seals import sandbox
from tests.service.contract.hall import EXCLUSIVE, Hall, Json, good, refused

PATH = "/api/v1/verifications"


async def send(hall: Hall, content: bytes, **headers: str) -> httpx.Response:
    return await hall.client.post(PATH, content=content, headers={"content-type": "application/pdf", **headers})


async def test_document_and_evidence_are_checked_for_anybody(hall: Hall) -> None:
    deal_id = await hall.sealed(EXCLUSIVE)
    pdf = (await hall.get(hall.company, f"/{deal_id}/document")).content
    evidence = (await hall.get(hall.broker, f"/{deal_id}/evidence")).content

    verdict = good(await send(hall, pdf))
    assert (verdict["good"], verdict["sealed"], verdict["kind"], verdict["faults"]) == (True, True, "pdf", [])
    assert [(each["field"], each["signer"], each["good"]) for each in verdict["signatures"]] == [
        ("Licensor", "Haixia University", True),
        ("Licensee", "Jinjiang Cells", True),
    ]
    form = await hall.client.post(PATH, files={"file": ("anything.exe", pdf, "application/x-msdownload")})
    assert good(form) == verdict

    verdict = good(await send(hall, evidence, **{"accept-language": "zh"}))
    assert (verdict["good"], verdict["kind"]) == (True, "evidence"), verdict
    assert verdict["summary"].startswith("有效")
    assert verdict["trail"]["deal_id"] == deal_id

    changed = bytearray(pdf)
    changed[pdf.index(b"stream", 60_000) + 300] ^= 1
    verdict = good(await send(hall, bytes(changed)))
    assert (verdict["good"], verdict["sealed"]) == (False, False)
    assert {fault["code"] for each in verdict["signatures"] for fault in each["faults"]} == {"content-changed"}
    assert all(fault["text"] for each in verdict["signatures"] for fault in each["faults"])

    sealed = good(await hall.client.get(f"{PATH}/{hashlib.sha256(pdf).hexdigest()}"))
    assert (sealed["sealed"], set(sealed)) == (True, {"sha256", "sealed", "sealed_at"})
    draft = good(await hall.get(hall.company, f"/{deal_id}"))["document"]["pdf"]["sha256"]
    for other in (draft, "0" * 64):
        answer = good(await hall.client.get(f"{PATH}/{other}"))
        assert (answer["sealed"], answer["sealed_at"]) == (False, None)

    root = await hall.client.get("/api/v1/certificates/authority")
    assert root.text.startswith("-----BEGIN CERTIFICATE-----")
    with zipfile.ZipFile(io.BytesIO(evidence)) as bundle:
        assert bundle.read("authorities.pem").decode() == root.text


@pytest.mark.parametrize(
    "content",
    [b"MZ\x90\x00" + bytes(2_000), b"\x7fELF" + bytes(100), b"", b"<html>", b" %PDF-1.7", b"#!/bin/sh\n%PDF-1.7"],
    ids=["exe", "elf", "empty", "html", "not at the beginning", "script"],
)
async def test_a_program_called_pdf_is_none(hall: Hall, content: bytes) -> None:
    refused(await send(hall, content), 415, "not-a-document")
    form = await hall.client.post(PATH, files={"file": ("contract.pdf", content, "application/pdf")})
    refused(form, 415, "not-a-document")


async def test_what_is_badly_sent_is_refused(hall: Hall) -> None:
    big = b"%PDF-1.7" + bytes(8_388_608)
    refused(await send(hall, big), 413, "body-too-large")
    refused(await hall.client.post(PATH, files={"other": b"%PDF-1.7"}), 400, "malformed-request")
    bad = await hall.client.post(PATH, content=b"--x", headers={"content-type": "multipart/form-data"})
    refused(bad, 400, "malformed-request")
    for wrong in ("abc", "0" * 63, "Z" * 64):
        refused(await hall.client.get(f"{PATH}/{wrong}"), 422, "invalid-input")


async def test_one_event_loop_goes_on_meanwhile(hall: Hall) -> None:
    verdicts = asyncio.gather(*(send(hall, b"%PDF-1.7 broken") for _ in range(3)))
    assert good(await hall.client.get(f"{PATH}/{'0' * 64}"))["sealed"] is False
    assert not verdicts.done()
    assert [good(each)["faults"][0]["code"] for each in await verdicts] == ["not-readable"] * 3


async def test_too_many_at_once_are_told_to_come_back(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_MOST_WAITING", 1)
    answers = await asyncio.gather(*(send(hall, b"%PDF-1.7 broken") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 503, 503]


def die(*_given: Any) -> None:
    os._exit(9)


async def test_what_kills_the_checker_kills_nothing_else(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sandbox, "_limited", die)
        answer: Json = good(await send(hall, b"%PDF-1.7 a killer"))
        assert answer["faults"][0]["code"] == "not-readable"
    assert good(await send(hall, b"%PDF-1.7 broken"))["faults"][0]["code"] == "not-readable"
