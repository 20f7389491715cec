"""A certificate that an organisation brings itself, as PKCS #12: looked at before it is taken into use."""

import asyncio
import re
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from stdnum.cn import uscc

from services.contract.adapters.seals.authority import Holder, PrivateKey
from services.contract.domain.errors import CertificateUnusable

_SMALLEST_RSA = 2_048


def opened(content: bytes, password: str, *, accepted: str, code: str, at: datetime) -> Holder:
    """What the file holds. Blocking. `accepted` is PEM of the authorities believed, `code` the organisation's own.

    Raises CertificateUnusable, whose `reason` selects the text.
    """
    try:
        found = pkcs12.load_pkcs12(content, password.encode())
    except ValueError as error:
        raise CertificateUnusable(reason="unreadable") from error
    if found.key is None or found.cert is None:
        raise CertificateUnusable(reason="no-key")
    certificate = found.cert.certificate
    holder = Holder(certificate, _usable_key(found.key), [each.certificate for each in found.additional_certs])
    if not certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc:
        raise CertificateUnusable(reason="not-in-force")
    if not _may_sign(certificate):
        raise CertificateUnusable(reason="not-for-signing")
    if any(named != code for named in _codes_in(certificate)):
        raise CertificateUnusable(reason="of-another")
    if not _vouched_for(holder, accepted, at):
        raise CertificateUnusable(reason="not-vouched-for")
    return holder


def _usable_key(key: object) -> PrivateKey:
    if isinstance(key, ec.EllipticCurvePrivateKey) or (
        isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA
    ):
        return key
    raise CertificateUnusable(reason="weak-key")


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return (usage.digital_signature or usage.content_commitment) and not usage.key_cert_sign


def _codes_in(certificate: x509.Certificate) -> list[str]:
    """Unified social credit codes that the subject names, in whichever attribute its authority puts them."""
    found = re.findall(r"[0-9A-Z]{18}", certificate.subject.rfc4514_string().upper())
    return [each for each in found if uscc.is_valid(each)]


def _vouched_for(holder: Holder, accepted: str, at: datetime) -> bool:
    from asn1crypto.x509 import Certificate
    from pyhanko_certvalidator import CertificateValidator, ValidationContext
    from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError

    from services.contract.adapters.seals.checking import loaded_roots

    if not accepted:
        return False
    own, *chain = (Certificate.load(each.public_bytes(Encoding.DER)) for each in (holder.certificate, *holder.chain))
    context = ValidationContext(trust_roots=loaded_roots(accepted), allow_fetching=False, moment=at)
    validator = CertificateValidator(own, intermediate_certs=chain, validation_context=context)
    try:
        asyncio.run(validator.async_validate_path())
    except (PathBuildingError, PathValidationError):
        return False
    return True
