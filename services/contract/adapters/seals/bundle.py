"""A deal's evidence as one zip that needs nobody: document, terms, trail, authorities, and a stamped list of them all.

contract.pdf      the document with both signatures
terms.json        what was agreed; SHA-256 over its canonical JSON is in the trail and on every page
trail.json        the deal's history, line by line, each with the hash of the one before
authorities.pem   who vouches for the certificates: compare with what the hall publishes
manifest.json     the SHA-256 of each of these, and where the trail then ended
manifest.tsr      a time-stamp response (RFC 3161) of the hall over manifest.json
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from asn1crypto import algos, tsp, x509

from services.contract.adapters.seals.authority import Holder
from services.contract.adapters.seals.checking import check_pdf, check_stamp
from services.contract.adapters.seals.timestamps import TimeStampingAuthority
from services.contract.domain.evidence import canonical_json, sha256, utc_text
from services.contract.domain.trail import Line, of_event, trail_faults
from services.contract.domain.verdict import Fault, TrailVerdict, Verdict
from services.kit.messages import Catalogue

PDF, TERMS, TRAIL, ROOTS, MANIFEST, STAMP = (
    "contract.pdf",
    "terms.json",
    "trail.json",
    "authorities.pem",
    "manifest.json",
    "manifest.tsr",
)
_NEEDED = (PDF, TERMS, TRAIL, ROOTS, MANIFEST, STAMP)
_READMES = {"zh": "读我.txt", "en": "README.txt"}
_MOST_FILES, _MOST_BYTES = 20, 33_554_432
_ALWAYS_THE_SAME = (1980, 1, 1, 0, 0, 0)  # a zip's own times say nothing: the stamp does


@dataclass(frozen=True)
class Evidence:
    deal_id: str
    pdf: bytes
    terms: dict[str, Any]
    trail: Sequence[Line]
    authorities: str
    made_at: datetime


def pack(evidence: Evidence, stamper: Holder, texts: Catalogue) -> bytes:
    """The zip. Blocking."""
    files = {
        PDF: evidence.pdf,
        TERMS: canonical_json(evidence.terms),
        TRAIL: canonical_json({"deal_id": evidence.deal_id, "lines": list(evidence.trail)}),
        ROOTS: evidence.authorities.encode(),
        **{name: texts.text("bundle.readme", language).encode() for language, name in _READMES.items()},
    }
    manifest = canonical_json(
        {
            "deal_id": evidence.deal_id,
            "made_at": utc_text(evidence.made_at),
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
            "trail": {"lines": len(evidence.trail), "hash": evidence.trail[-1]["hash"]},
        }
    )
    files |= {MANIFEST: manifest, STAMP: _stamped(manifest, stamper)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(zipfile.ZipInfo(name, _ALWAYS_THE_SAME), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _stamped(content: bytes, stamper: Holder) -> bytes:
    imprint = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
        "hashed_message": hashlib.sha256(content).digest(),
    }
    request = tsp.TimeStampReq({"version": 1, "message_imprint": tsp.MessageImprint(imprint), "cert_req": True})
    return bytes(TimeStampingAuthority(stamper).answer(request).dump())


def check_bundle(content: bytes, roots: Sequence[x509.Certificate]) -> Verdict:
    """Everything there is to say about a deal's evidence, believing `roots` alone. Blocking; never raises."""
    try:
        return _judged(_unpacked(content), roots)
    except _Incomplete as incomplete:
        faults = tuple(Fault("file-missing", {"name": name}) for name in incomplete.names)
        return Verdict("evidence", "", faults=faults)
    except Exception as error:  # noqa: BLE001  # hostile or broken bytes may break any of the readers in any way
        return Verdict("evidence", "", faults=(Fault("not-readable", {"reason": type(error).__name__}),))


class _Incomplete(Exception):
    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(names)
        self.names = names


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        entries = bundle.infolist()
        # What a zip says of its sizes is checked before it is unpacked, and zipfile holds it to its word.
        if len(entries) > _MOST_FILES or sum(entry.file_size for entry in entries) > _MOST_BYTES:
            raise ValueError("too large")
        files = {entry.filename: bundle.read(entry) for entry in entries}
    if missing := [name for name in _NEEDED if name not in files]:
        raise _Incomplete(missing)
    return files


def _judged(files: dict[str, bytes], roots: Sequence[x509.Certificate]) -> Verdict:
    manifest, terms = orjson.loads(files[MANIFEST]), orjson.loads(files[TERMS])
    lines = [dict(line) for line in orjson.loads(files[TRAIL])["lines"]]
    end = manifest["trail"]
    stamp = check_stamp(files[STAMP], files[MANIFEST], roots)
    document = check_pdf(files[PDF], roots)
    faults = [
        *document.faults,
        *stamp.faults,
        *_listing_faults(files, manifest["files"]),
        *trail_faults(lines, expected=end["lines"]),
        *_agreement_faults(files[PDF], document, lines, terms),
    ]
    last = str(lines[-1].get("hash")) if lines else ""
    if last != end["hash"] and not any(fault.code.startswith("trail-") for fault in faults):
        faults.append(Fault("trail-end-differs"))
    deal_id = str(lines[0].get("deal_id")) if lines else ""
    trail = TrailVerdict(deal_id, len(lines), last, stamp.stamped_at)
    return Verdict("evidence", document.sha256, document.signatures, trail, tuple(faults))


def _listing_faults(files: dict[str, bytes], listed: dict[str, Any]) -> list[Fault]:
    faults = []
    for name, content in files.items():
        if name in {MANIFEST, STAMP}:
            continue
        if name not in listed:
            faults.append(Fault("file-not-listed", {"name": name}))
        elif hashlib.sha256(content).hexdigest() != listed[name]:
            faults.append(Fault("file-changed", {"name": name}))
    return faults + [Fault("file-missing", {"name": name}) for name in listed if name not in files]


def _agreement_faults(pdf: bytes, document: Verdict, lines: list[Line], terms: Any) -> list[Fault]:
    """What document, terms and trail say of one another."""
    faults = []
    if document.sha256 not in {data.get("pdf_sha256") for data in of_event(lines, "document_sealed")}:
        faults.append(Fault("document-not-in-trail"))
    certificates = {data.get("certificate_sha256") for data in of_event(lines, "signature_applied")}
    faults += [
        Fault("signature-not-in-trail", {"signer": each.signer or each.field})
        for each in document.signatures
        if each.certificate_sha256 not in certificates
    ]
    for data in of_event(lines, "party_signed"):
        # Signatures are only ever appended: what the parties agreed to sign is the file's beginning, byte for byte.
        if hashlib.sha256(pdf[: data["pdf_size"]]).hexdigest() != data["pdf_sha256"]:
            faults.append(Fault("not-what-was-signed"))
        if sha256(terms) != data["document_sha256"]:
            faults.append(Fault("terms-differ"))
    return faults
