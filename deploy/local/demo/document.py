"""The signed document: sealed by the hall, verified by anyone, kept where the user says."""

import asyncio
import time
from pathlib import Path

from deploy.local.demo.deal import Deal
from deploy.local.demo.hall import Hall, Json
from deploy.local.demo.report import Report

SEALED_WITHIN_S = 60.0


async def verify_document(hall: Hall, report: Report, deal: Deal, keep: Path | None) -> None:
    """Wait until both signatures are in the PDF, and have it verified by somebody who takes no part in the deal."""
    path = f"/deals/{deal.deal_id}"
    sealed = await _sealed(hall, report, deal, path)
    pdf = await hall.get_file(deal.licensee, f"{path}/document")
    verdict = await hall.post_file(None, "/verifications", pdf, "application/pdf")
    if not verdict["good"]:
        raise report.failure("document", faults=verdict)
    report.step("sealed", deal.deal_id, sha256=sealed["sealed_sha256"], kilobytes=len(pdf) // 1024)
    for each in verdict["signatures"]:
        report.detail(report.text("note.signature", signer=each["signer"], at=each["stamped_at"]))
    if keep is not None:
        evidence = await hall.get_file(deal.licensee, f"{path}/evidence")
        await asyncio.to_thread(_keep, keep, {"contract.pdf": pdf, "evidence.zip": evidence})
        report.detail(report.text("note.kept", folder=keep))


async def _sealed(hall: Hall, report: Report, deal: Deal, path: str) -> Json:
    deadline = time.monotonic() + SEALED_WITHIN_S
    while True:
        shown = (await hall.get(deal.licensee, path))["document"]["pdf"]
        if shown["sealed_sha256"]:
            return dict(shown)
        if time.monotonic() > deadline:
            raise report.failure("unsealed", seconds=round(SEALED_WITHIN_S))
        await asyncio.sleep(0.2)


def _keep(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
