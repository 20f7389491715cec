"""Checks the signatures of a PDF offline: who, when, whether anything changed since, and whether to believe it.

Takes a second to load: import it late. What it reads may be hostile: run it where it may die (sandbox.py).
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import cms, pem, tsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
)
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from services.contract.domain.verdict import Fault, SignatureVerdict, Verdict

# A certificate for either purpose may sign a contract.
_USAGE = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
# It logs a stack trace for each thing it does not like; the verdict says the same in words.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
_NAME, _CODE_PREFIX = "common_name", "NTRCN-"


def loaded_roots(text: str) -> list[x509.Certificate]:
    """The certificates of a PEM text. Raises ValueError where there is none."""
    found = [x509.Certificate.load(der) for kind, _, der in pem.unarmor(text.encode(), multiple=True) if kind]
    if not found:
        raise ValueError("no certificate")
    return found


def check_pdf(pdf: bytes, roots: Sequence[x509.Certificate]) -> Verdict:
    """Everything there is to say about the signatures of a PDF, believing `roots` alone. Blocking; never raises."""
    return asyncio.run(_check(pdf, roots))


async def _check(pdf: bytes, roots: Sequence[x509.Certificate]) -> Verdict:
    digest = hashlib.sha256(pdf).hexdigest()
    try:
        signatures = list(PdfFileReader(BytesIO(pdf)).embedded_regular_signatures)
    except Exception as error:  # noqa: BLE001  # hostile or broken bytes may break the reader in any way
        return Verdict("pdf", digest, faults=(Fault("not-readable", {"reason": type(error).__name__}),))
    if not signatures:
        return Verdict("pdf", digest, faults=(Fault("no-signature"),))
    checked = []
    for number, signature in enumerate(signatures, start=1):
        checked.append(await _checked(signature, roots, is_last=number == len(signatures)))
    return Verdict("pdf", digest, tuple(checked))


async def _checked(
    signature: EmbeddedPdfSignature, roots: Sequence[x509.Certificate], *, is_last: bool
) -> SignatureVerdict:
    try:
        # No revocation lists and no archive timestamps here: a certificate counts as it stood at the stamped moment.
        context = ValidationContext(trust_roots=list(roots), allow_fetching=False, moment=_stamped_at(signature))
        status = await async_validate_pdf_signature(signature, context, context, key_usage_settings=_USAGE)
    except Exception as error:  # noqa: BLE001  # the same: a broken signature may fail anywhere
        return _unreadable(signature, error)
    return _verdict(signature, status, is_last=is_last)


def _stamped_at(signature: EmbeddedPdfSignature) -> datetime | None:
    for attribute in signature.signer_info["unsigned_attrs"]:
        if attribute["type"].native == "signature_time_stamp_token":
            statement: tsp.TSTInfo = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed
            moment: datetime = statement["gen_time"].native
            return moment
    return None


def _verdict(signature: EmbeddedPdfSignature, status: PdfSignatureStatus, *, is_last: bool) -> SignatureVerdict:
    stamp = status.timestamp_validity
    certificate = status.signing_cert
    return SignatureVerdict(
        field=str(signature.field_name),
        signer=_common_name(certificate),
        signatory=_text(signature, "/Name"),
        reason=_text(signature, "/Reason"),
        organisation_id=_organisation_id(certificate),
        code=_code(certificate),
        issuer=certificate.issuer.human_friendly,
        certificate_sha256=certificate.sha256.hex(),
        signed_at=status.signer_reported_dt,
        stamped_at=stamp.timestamp if stamp else None,
        stamped_by=_common_name(stamp.signing_cert) if stamp else None,
        covers_whole_document=status.coverage is SignatureCoverageLevel.ENTIRE_FILE,
        faults=(*_faults(status, is_last=is_last), *_padding_faults(signature)),
    )


def _faults(status: PdfSignatureStatus, *, is_last: bool) -> list[Fault]:
    stamp = status.timestamp_validity
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    found = {
        "content-changed": not status.intact,
        "signature-broken": status.intact and not status.valid,
        # Between two signatures nothing but the second may have come in; after the last nothing at all.
        "changed-after-signing": status.intact and (not whole if is_last else not status.docmdp_ok),
        "signer-not-trusted": status.intact and status.valid and not (status.trusted and _for_documents(status)),
        "no-timestamp": stamp is None,
        "timestamp-broken": stamp is not None and not (stamp.intact and stamp.valid),
        "timestamp-not-trusted": stamp is not None and stamp.intact and stamp.valid and not stamp.trusted,
    }
    return [Fault(code) for code, is_so in found.items() if is_so]


def _for_documents(status: PdfSignatureStatus) -> bool:
    """Not a certificate that vouches for nothing but time."""
    purposes = status.signing_cert.extended_key_usage_value
    return purposes is None or purposes.native != ["time_stamping"]


def _padding_faults(signature: EmbeddedPdfSignature) -> list[Fault]:
    """A signature lies in a gap that no signature covers: what is left of the gap must be empty."""
    content: bytes = signature.pkcs7_content
    end = len(cms.ContentInfo.load(content).dump())
    return [Fault("signature-broken")] if content[end:].strip(b"\0") else []


def _unreadable(signature: EmbeddedPdfSignature, error: Exception) -> SignatureVerdict:
    return SignatureVerdict(
        field=str(signature.field_name), faults=(Fault("signature-unreadable", {"reason": type(error).__name__}),)
    )


def _text(signature: EmbeddedPdfSignature, key: str) -> str:
    return str(signature.sig_object.get(key, ""))


def _common_name(certificate: x509.Certificate) -> str:
    subject: dict[str, Any] = certificate.subject.native
    return str(subject.get(_NAME) or certificate.subject.human_friendly)


def _organisation_id(certificate: x509.Certificate) -> str | None:
    names = certificate.subject_alt_name_value
    for name in names.native if names is not None else ():
        if isinstance(name, str) and name.startswith("urn:uuid:"):
            return name.removeprefix("urn:uuid:")
    return None


def _code(certificate: x509.Certificate) -> str | None:
    identifier = certificate.subject.native.get("organization_identifier")
    is_ours = isinstance(identifier, str) and identifier.startswith(_CODE_PREFIX)
    return str(identifier).removeprefix(_CODE_PREFIX) if is_ours else None


@dataclass(frozen=True)
class Stamp:
    """What a time-stamp response says, and what is wrong with it."""

    stamped_at: datetime | None
    faults: tuple[Fault, ...] = ()


def check_stamp(response: bytes, content: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """Check a time-stamp response (RFC 3161) over `content`. Blocking; never raises."""
    try:
        token = tsp.TimeStampResp.load(response)["time_stamp_token"]["content"]
        moment: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
        context = ValidationContext(trust_roots=list(roots), allow_fetching=False, moment=moment)
        found = asyncio.run(
            validate_tst_signed_data(token, context, lambda algorithm: hashlib.new(algorithm, content).digest())
        )
        status = TimestampSignatureStatus(**found)
    except Exception as error:  # noqa: BLE001  # hostile or broken bytes may break the reader in any way
        return Stamp(None, (Fault("manifest-stamp-unreadable", {"reason": type(error).__name__}),))
    if not (status.intact and status.valid):
        return Stamp(moment, (Fault("manifest-changed"),))
    return Stamp(moment, () if status.trusted else (Fault("manifest-stamp-not-trusted"),))
