"""The hall's own certificate authority (RFC 5280): a root, a time-stamping certificate, one for each organisation.

It vouches inside this hall for who acted; it is no licensed electronic certification service (ES 16-18).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_LASTS = timedelta(days=20 * 365)
TIMESTAMP_LASTS = timedelta(days=10 * 365)
_CLOCKS_DIFFER = timedelta(minutes=5)
_LONGEST_NAME = 64  # of a name attribute, in characters (RFC 5280, ub-common-name)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Holder:
    """A certificate with its private key. `chain` are the certificates above it, its issuer first."""

    certificate: x509.Certificate
    key: PrivateKey
    chain: Sequence[x509.Certificate] = ()

    @property
    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 over the certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True)
class Subject:
    """The organisation a certificate speaks of. `code` is its unified social credit code, where it gave one."""

    organisation_id: UUID
    name: str
    code: str = ""


def new_root(at: datetime) -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Zayton hall authority")
    builder = _builder(name, name, key, at, ROOT_LASTS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    return Holder(builder.sign(key, hashes.SHA256()), key)


def new_timestamper(root: Holder, at: datetime) -> Holder:
    name = _name("Zayton hall time-stamping")
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    return _issued(root, name, at, TIMESTAMP_LASTS, [(purpose, True), (_usage(digital_signature=True), True)])


def new_certificate(root: Holder, subject: Subject, at: datetime, lasts: timedelta) -> Holder:
    """A certificate for the signatures of an organisation, which its alternative name gives by its id in the hall."""
    shown = subject.name[:_LONGEST_NAME] or str(subject.organisation_id)
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, shown), x509.NameAttribute(NameOID.ORGANIZATION_NAME, shown)]
    if subject.code:
        # ETSI EN 319 412-1, 5.1.4: an identifier from a national trade register.
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"NTRCN-{subject.code}"))
    identity = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"urn:uuid:{subject.organisation_id}")])
    usage = _usage(digital_signature=True, content_commitment=True)
    return _issued(root, x509.Name(attributes), at, lasts, [(identity, False), (usage, True)])


def key_as_pem(key: PrivateKey) -> str:
    """PKCS #8, unencrypted: it goes into a vault."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")


def key_of_pem(pem: str) -> PrivateKey:
    key = serialization.load_pem_private_key(pem.encode("ascii"), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey), "no other kind is ever stored"
    return key


def as_pem(certificates: Sequence[x509.Certificate]) -> str:
    return "".join(each.public_bytes(serialization.Encoding.PEM).decode("ascii") for each in certificates)


def _issued(
    root: Holder,
    name: x509.Name,
    at: datetime,
    lasts: timedelta,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    ends = min(at + lasts, root.certificate.not_valid_after_utc)
    builder = _builder(name, root.certificate.subject, key, at, ends - at)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
    for extension, critical in (*extensions, (issuer_key, False)):
        builder = builder.add_extension(extension, critical=critical)
    return Holder(builder.sign(root.key, hashes.SHA256()), key, (root.certificate,))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, at: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _CLOCKS_DIFFER)
        .not_valid_after(at + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Zayton"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _usage(**given: bool) -> x509.KeyUsage:
    unused = ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    used = ("digital_signature", "content_commitment", "key_cert_sign", "crl_sign")
    return x509.KeyUsage(**{name: given.get(name, False) for name in (*used, *unused)})
