"""A time-stamping authority (RFC 3161): it signs that a hash was there at a moment.

Imported only where documents are signed: its libraries take a second to load.
"""

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.general import as_signing_certificate_v2
from pyhanko.sign.timestamps import TimeStamper

from services.contract.adapters.seals.authority import Holder
from services.kit.clock import utcnow
from services.kit.ids import new_id

# The hall's policy, under the arc anyone may make from a UUID (ITU-T X.667): time from the machine's clock.
POLICY = "2.25.148330519172290841205063906093384731457"
_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_BAD_ALGORITHM, _BAD_REQUEST, _OTHER_POLICY = "bad_alg", "bad_request", "unaccepted_policy"


class TimeStampingAuthority(TimeStamper):
    """Answers requests within the process, as one reached by HTTP would."""

    def __init__(self, holder: Holder) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyhanko leaves it unannotated
        self._holder = holder
        der = holder.certificate.public_bytes(serialization.Encoding.DER)
        self._certificate = x509.Certificate.load(der)
        self._chain = [x509.Certificate.load(each.public_bytes(serialization.Encoding.DER)) for each in holder.chain]

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return self.answer(req)

    def answer(self, request: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """A token, or the reason why there is none (RFC 3161 §2.4.2)."""
        if (refusal := self._refusal(request)) is not None:
            failed = {"status": "rejection", "fail_info": {refusal}}
            return tsp.TimeStampResp({"status": tsp.PKIStatusInfo(failed)})
        token = cms.ContentInfo({"content_type": "signed_data", "content": self._signed(self._statement(request))})
        if not request["cert_req"].native:
            token["content"]["certificates"] = cms.CertificateSet([])
        return tsp.TimeStampResp({"status": tsp.PKIStatusInfo({"status": "granted"}), "time_stamp_token": token})

    def _refusal(self, request: tsp.TimeStampReq) -> str | None:
        imprint = request["message_imprint"]
        algorithm = _HASHES.get(imprint["hash_algorithm"]["algorithm"].native)
        if algorithm is None:
            return _BAD_ALGORITHM
        if len(imprint["hashed_message"].native) != algorithm.digest_size:
            return _BAD_REQUEST
        return None if request["req_policy"].native in (None, POLICY) else _OTHER_POLICY

    def _statement(self, request: tsp.TimeStampReq) -> tsp.TSTInfo:
        said = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": request["message_imprint"],
            "serial_number": new_id().int,  # never given twice, by any process of the hall
            "gen_time": utcnow(),
            "accuracy": tsp.Accuracy({"seconds": 1}),
            "tsa": x509.GeneralName(name="directory_name", value=self._certificate.subject),
        }
        if request["nonce"].native is not None:
            said["nonce"] = request["nonce"]
        return tsp.TSTInfo(said)

    def _signed(self, statement: tsp.TSTInfo) -> cms.SignedData:
        content = statement.dump()
        digest = hashes.Hash(hashes.SHA256())
        digest.update(content)
        attributes = cms.CMSAttributes(
            [
                _attribute("content_type", "tst_info"),
                _attribute("signing_time", cms.Time({"utc_time": core.UTCTime(utcnow())})),
                _attribute("message_digest", digest.finalize()),
                _attribute("signing_certificate_v2", as_signing_certificate_v2(self._certificate)),
            ]
        )
        assert isinstance(self._holder.key, ec.EllipticCurvePrivateKey), "the hall makes no other kind for itself"
        sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
        identity = {"issuer": self._certificate.issuer, "serial_number": self._certificate.serial_number}
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(identity)}),
                "digest_algorithm": sha256,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
                "signed_attrs": attributes,
                "signature": self._holder.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
            }
        )
        return cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": cms.DigestAlgorithms((sha256,)),
                "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(content)},
                "certificates": [self._certificate, *self._chain],
                "signer_infos": [signer],
            }
        )


def _attribute(kind: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": (value,)})
