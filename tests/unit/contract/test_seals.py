"""Signatures hold, and whatever is done to a signed document afterwards is found and named."""

import hashlib
from io import BytesIO

import pytest
import rfc3161_client
from asn1crypto import algos, tsp
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import ObjectIdentifier
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from services.contract.adapters.seals.authority import key_as_pem, key_of_pem
from services.contract.adapters.seals.checking import check_pdf, loaded_roots
from services.contract.adapters.seals.keyring import vault_of
from services.contract.adapters.seals.pades import Act, sign
from services.contract.adapters.seals.timestamps import POLICY, TimeStampingAuthority
from services.contract.domain.verdict import SignatureVerdict, Verdict
from services.kit.secret import Unreadable
from tests.unit.contract.paper_makers import UNIVERSITY_CODE, Authority, authority, draft, half_signed, signed


def checked(pdf: bytes, roots: str | None = None) -> Verdict:
    return check_pdf(pdf, loaded_roots(roots if roots is not None else authority().roots))


def codes(verdict: Verdict | SignatureVerdict) -> set[str]:
    return {fault.code for fault in (verdict.every_fault() if isinstance(verdict, Verdict) else verdict.faults)}


def flipped(pdf: bytes, position: int) -> bytes:
    changed = bytearray(pdf)
    changed[position] ^= 1
    return bytes(changed)


def place_of_signature(pdf: bytes, number: int = 0) -> int:
    """Where the hexadecimal digits of a signature begin."""
    position = -1
    for _ in range(number + 1):
        position = pdf.index(b"/Contents <30", position + 1)
    return position + len(b"/Contents <")


def hex_changed(pdf: bytes, position: int) -> bytes:
    return pdf[:position] + (b"0" if pdf[position : position + 1] != b"0" else b"1") + pdf[position + 1 :]


def test_both_signatures_hold() -> None:
    verdict = checked(signed())
    assert verdict.good, list(verdict.every_fault())
    licensor, licensee = verdict.signatures
    assert (licensor.field, licensor.signer, licensor.code) == ("Licensor", "华侨大学", UNIVERSITY_CODE)
    assert (licensee.field, licensee.signer, licensee.code) == ("Licensee", "Jinjiang Shoes", None)
    assert licensor.organisation_id == "00000000-0000-0000-0000-000000000001"
    assert licensor.signatory == "林蔚"
    assert (licensor.covers_whole_document, licensee.covers_whole_document) == (False, True)
    assert licensor.stamped_at is not None
    assert licensee.stamped_at is not None
    assert licensor.stamped_at <= licensee.stamped_at
    assert licensor.stamped_by == "Zayton hall time-stamping"
    assert verdict.sha256 == hashlib.sha256(signed()).hexdigest()


def test_a_signature_is_appended_to_what_was_read() -> None:
    assert signed().startswith(half_signed())
    assert half_signed().startswith(draft())
    assert checked(half_signed()).good


def test_a_byte_of_the_content_is_changed() -> None:
    # In a stream of the first revision, so that the file can still be read.
    position = draft().index(b"stream", len(draft()) // 3) + 400
    verdict = checked(flipped(signed(), position))
    assert not verdict.good
    assert "content-changed" in codes(verdict)


def test_a_changed_byte_anywhere_is_found() -> None:
    pdf = signed()
    # The last signature carries copies of certificates, which nothing depends on; the rest of it is looked at below.
    hole = range(place_of_signature(pdf, 1), pdf.index(b">", place_of_signature(pdf, 1)))
    for position in range(11, len(pdf), len(pdf) // 23):
        assert position in hole or not checked(flipped(pdf, position)).good, position


def test_something_is_hidden_behind_a_signature() -> None:
    pdf = signed()
    end = pdf.index(b">", place_of_signature(pdf, 1))
    assert codes(checked(hex_changed(pdf, end - 1))) == {"signature-broken"}


def test_the_signature_itself_is_changed() -> None:
    pdf = signed()
    found = set()
    for offset in range(600, 7_000, 900):
        verdict = checked(hex_changed(pdf, place_of_signature(pdf) + offset))
        assert not verdict.good, offset
        found |= codes(verdict)
    assert found & {"signature-broken", "timestamp-broken", "signature-unreadable"}


def test_something_is_added_after_the_last_signature() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(signed()))
    writer.root["/Surprise"] = generic.pdf_string("one more clause")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    verdict = checked(out.getvalue())
    assert [codes(each) for each in verdict.signatures] == [{"changed-after-signing"}] * 2


def test_even_a_comment_after_the_end_is_something() -> None:
    assert codes(checked(signed() + b"% nothing to see\n")) == {"changed-after-signing"}


def test_something_is_slipped_in_between_the_signatures() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(half_signed()))
    writer.root["/Surprise"] = generic.pdf_string("one more clause")
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    both = sign(out.getvalue(), authority().company, authority().stamper, Act("Licensee", "Chen Hao", "agreed"))
    first, second = checked(both).signatures
    assert codes(first) == {"changed-after-signing"}
    assert codes(second) == set()


def test_another_authority_is_not_believed() -> None:
    impostor = Authority.new()
    forged = sign(draft(), impostor.university, impostor.stamper, Act("Licensor", "林蔚", "agreed"))
    assert codes(checked(forged)) == {"signer-not-trusted", "timestamp-not-trusted"}
    assert codes(checked(signed(), impostor.roots)) == {"signer-not-trusted", "timestamp-not-trusted"}
    assert codes(check_pdf(signed(), [])) == {"signer-not-trusted", "timestamp-not-trusted"}


def test_a_trusted_stamp_does_not_vouch_for_the_signer() -> None:
    impostor = Authority.new()
    forged = sign(draft(), impostor.university, authority().stamper, Act("Licensor", "林蔚", "agreed"))
    assert codes(checked(forged)) == {"signer-not-trusted"}


def test_a_time_stamping_certificate_signs_no_contract() -> None:
    forged = sign(draft(), authority().stamper, authority().stamper, Act("Licensor", "林蔚", "agreed"))
    assert not checked(forged).good


@pytest.mark.parametrize(
    ("pdf", "code"),
    [
        (draft(), "no-signature"),
        (signed()[: len(signed()) // 2], "not-readable"),
        (b"%PDF-1.7\nnothing", "not-readable"),
        (b"MZ" + bytes(5_000), "not-readable"),
        (b"", "not-readable"),
    ],
    ids=["unsigned", "cut off", "no pdf", "a program", "empty"],
)
def test_what_is_no_signed_document(pdf: bytes, code: str) -> None:
    assert codes(checked(pdf)) == {code}


def test_keys_are_kept_in_a_vault_whose_secret_can_change() -> None:
    key = authority().root.key
    kept = vault_of(["old"]).seal(key_as_pem(key))
    assert "PRIVATE KEY" not in kept
    anew = vault_of(["new", "old"]).sealed_anew(kept)
    assert key_of_pem(vault_of(["new"]).open(anew)).private_numbers() == key.private_numbers()
    with pytest.raises(Unreadable):
        vault_of(["new"]).open(kept)


def request(content: bytes = b"content", algorithm: str = "sha256", **more: object) -> tsp.TimeStampReq:
    imprint = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}),
        "hashed_message": hashlib.new(algorithm, content).digest(),
    }
    return tsp.TimeStampReq({"version": 1, "message_imprint": imprint, **more})


def test_the_time_stamping_authority_satisfies_another_s_client() -> None:
    asked = rfc3161_client.TimestampRequestBuilder().data(b"content").nonce(nonce=True).cert_request(cert_request=True)
    built = asked.build()
    stamping = TimeStampingAuthority(authority().stamper)
    answer = stamping.answer(tsp.TimeStampReq.load(built.as_bytes())).dump()
    response = rfc3161_client.decode_timestamp_response(answer)
    verifier = (
        rfc3161_client.VerifierBuilder()
        .add_root_certificate(authority().root.certificate)
        .tsa_certificate(authority().stamper.certificate)
        .nonce(built.nonce)
        .policy_id(ObjectIdentifier(POLICY))
        .build()
    )
    assert verifier.verify_message(response, b"content")
    with pytest.raises(rfc3161_client.VerificationError):
        verifier.verify_message(response, b"other content")


def test_a_stamp_has_a_number_of_its_own() -> None:
    stamping = TimeStampingAuthority(authority().stamper)
    numbers = {
        stamping.answer(request())["time_stamp_token"]["content"]["encap_content_info"]["content"]
        .parsed["serial_number"]
        .native
        for _ in range(3)
    }
    assert len(numbers) == 3


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (request(algorithm="sha1"), "bad_alg"),
        (request(req_policy="1.2.3.4"), "unaccepted_policy"),
        (
            tsp.TimeStampReq(
                {
                    "version": 1,
                    "message_imprint": {
                        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                        "hashed_message": b"short",
                    },
                }
            ),
            "bad_request",
        ),
    ],
    ids=["a weak hash", "another policy", "a hash of the wrong length"],
)
def test_what_is_not_stamped(asked: tsp.TimeStampReq, reason: str) -> None:
    answer = TimeStampingAuthority(authority().stamper).answer(asked)
    assert answer["status"]["status"].native == "rejection"
    assert answer["status"]["fail_info"].native == {reason}


def test_certificates_last_no_longer_than_the_root() -> None:
    root = authority().root.certificate
    for holder in (authority().stamper, authority().university):
        assert holder.certificate.not_valid_after_utc <= root.not_valid_after_utc
        holder.certificate.verify_directly_issued_by(root)
        assert b"PRIVATE" not in holder.certificate.public_bytes(serialization.Encoding.PEM)
