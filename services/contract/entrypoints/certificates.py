"""/api/v1/certificates: who vouches for signatures here, and what one's own organisation signs with."""

import asyncio
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from fastapi import Depends, Response
from pydantic import Base64Bytes, BaseModel, Field, SecretStr

from services.contract.adapters.seals.brought import opened
from services.contract.adapters.seals.keyring import certificates_of
from services.contract.adapters.tables import CertificateRow, OrganisationRow
from services.contract.domain.errors import CertificateUnusable
from services.contract.entrypoints.documents import KeyringOf
from services.contract.entrypoints.schemas import In
from services.contract.entrypoints.views import ReaderOf
from services.kit.auth import Role
from services.kit.clock import utcnow
from services.kit.web import Caller, Tx, allow, router

certificates = router(prefix="/api/v1/certificates", tags=["documents"])

_ADMIN = Depends(allow(roles={Role.ADMIN}))
_PEM = {"content": {"application/x-pem-file": {}}, "description": "PEM, one certificate after another."}


class BringCertificate(In):
    """A PKCS #12 file (.p12, .pfx), in base64, with its password. The key is kept encrypted and never handed out."""

    pkcs12: Base64Bytes = Field(max_length=100_000)
    password: SecretStr = Field(SecretStr(""), max_length=1_000)


class CertificateView(BaseModel):
    """`brought` tells whether it is the organisation's own; otherwise the hall's authority issued it."""

    subject: str
    issuer: str
    sha256: str
    ends_at: datetime
    brought: bool


class OwnCertificate(BaseModel):
    certificate: CertificateView | None = Field(description="None until a first signature needs one.")


@certificates.get("/authority", response_class=Response, responses={200: _PEM})
async def read_authority(tx: Tx, keyring: KeyringOf) -> Response:
    """The roots that signatures made here are checked against. Compare them over another channel before trusting."""
    pem = await keyring.roots(tx)
    headers = {"content-disposition": 'inline; filename="zayton-authority.pem"'}
    return Response(pem, media_type="application/x-pem-file", headers=headers)


@certificates.get("/mine")
async def read_own_certificate(tx: Tx, caller: Caller, keyring: KeyringOf) -> OwnCertificate:
    """What the next signature of one's organisation is made with."""
    return _own(await keyring.current(tx, caller.organisation_id))


@certificates.put("/mine", dependencies=[_ADMIN])
async def bring_own_certificate(body: BringCertificate, tx: Tx, reader: ReaderOf, keyring: KeyringOf) -> OwnCertificate:
    """Sign with a certificate of one's own, from an authority that this hall accepts, instead of one of the hall's."""
    organisation_id = reader.caller.organisation_id
    row = await tx.get(OrganisationRow, organisation_id)
    try:
        holder = await asyncio.to_thread(
            opened,
            body.pkcs12,
            body.password.get_secret_value(),
            accepted=keyring.accepted(),
            code=row.code if row else "",
            at=utcnow(),
        )
    except CertificateUnusable as problem:
        text = reader.catalogue.text(f"certificate.{problem.params['reason']}", reader.language)
        raise CertificateUnusable(reason=text) from problem
    return _own(await keyring.bring(tx, organisation_id, holder))


@certificates.delete("/mine", dependencies=[_ADMIN])
async def withdraw_own_certificate(tx: Tx, caller: Caller, keyring: KeyringOf) -> OwnCertificate:
    """Sign with one of the hall's again."""
    await keyring.withdraw(tx, caller.organisation_id)
    return _own(await keyring.current(tx, caller.organisation_id))


def _own(row: CertificateRow | None) -> OwnCertificate:
    if row is None:
        return OwnCertificate(certificate=None)
    certificate = certificates_of(row.certificates)[0]
    view = CertificateView(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        ends_at=row.ends_at,
        brought=row.brought,
    )
    return OwnCertificate(certificate=view)
