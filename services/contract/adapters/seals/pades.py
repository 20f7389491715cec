"""PAdES signatures (ETSI EN 319 142-1, level B-T) as incremental updates. Takes a second to load: import it late."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from asn1crypto import keys, x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import Certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from services.contract.adapters.seals.authority import Holder
from services.contract.adapters.seals.timestamps import TimeStampingAuthority

_REMOTE_S = 15


@dataclass(frozen=True)
class Act:
    """What a signature on the document says of the act it carries out."""

    field: str  # of the form: Licensor or Licensee
    signatory: str
    reason: str


def sign(pdf: bytes, holder: Holder, stamper: Holder | str, act: Act) -> bytes:
    """`pdf` with one more signature over all of it. Blocking, and may ask a remote authority for the time.

    `stamper` is the hall's own time-stamping certificate, or the URL of another authority. The first signature
    certifies the document: after it nothing but further signatures is allowed in.
    """
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    first = not writer.prev.embedded_signatures
    meta = signers.PdfSignatureMetadata(
        field_name=act.field,
        name=act.signatory,
        reason=act.reason,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=first,
        docmdp_permissions=fields.MDPPerm.FILL_FORMS,
    )
    signer = signers.SimpleSigner(
        signing_cert=_loaded(holder.certificate),
        signing_key=_private(holder),
        cert_registry=_store(holder.chain),
        embed_roots=True,  # the file then says by itself who vouches for it, though not whether to believe it
    )
    clock = HTTPTimeStamper(stamper, timeout=_REMOTE_S) if isinstance(stamper, str) else TimeStampingAuthority(stamper)
    spec = fields.SigFieldSpec(act.field)
    output = asyncio.run(signers.async_sign_pdf(writer, meta, signer, timestamper=clock, new_field_spec=spec))
    return bytes(output.getvalue())


def _private(holder: Holder) -> keys.PrivateKeyInfo:
    form = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return keys.PrivateKeyInfo.load(holder.key.private_bytes(*form))


def _store(certificates: Sequence[Certificate]) -> SimpleCertificateStore:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyhanko leaves it unannotated
    store.register_multiple(map(_loaded, certificates))
    return store


def _loaded(certificate: Certificate) -> x509.Certificate:
    return x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
