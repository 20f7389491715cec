"""Signature acts are carried out once, whatever happens meanwhile, with whatever certificate and clock is set."""

import asyncio
import base64
import http.server
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12

from services.contract.adapters.seals.authority import Holder, Subject, new_certificate
from services.contract.adapters.seals.checking import check_pdf, loaded_roots
from services.contract.adapters.seals.sealer import Sealer
from services.contract.adapters.seals.timestamps import TimeStampingAuthority
from services.contract.bootstrap import build
from services.contract.domain.verdict import Verdict
from services.contract.settings import ContractSettings
from services.kit.auth import Role
from services.kit.clock import utcnow
from services.kit.settings import Settings
from tests.conftest import ServiceDatabase
from tests.service.contract.hall import ORDINARY, Hall, good, refused
from tests.support.tokens import Issuer, principal
from tests.unit.contract.paper_makers import Authority

CERTIFICATE = "/api/v1/certificates/mine"


@pytest.fixture
def other() -> Authority:
    """An authority that the operator accepts, beside the hall's own."""
    return Authority.new()


@contextmanager
def clock_at(authority: Authority) -> Iterator[str]:
    """An RFC 3161 authority reached by HTTP, on this machine."""
    stamping = TimeStampingAuthority(authority.stamper)

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(stamping.answer(asked).dump())

        def log_message(self, *_: Any) -> None:
            """Silence is what a test wants."""

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            serving.join()


MakeHall = Callable[..., Any]


class PowerCut(BaseException):
    """No handler of errors sees it."""


@pytest.fixture
async def make_hall(
    service_database: ServiceDatabase,
    settings_for: Callable[..., Settings],
    issuer: Issuer,
    other: Authority,
    tmp_path: Path,
) -> AsyncIterator[MakeHall]:
    roots = tmp_path / "accepted.pem"
    roots.write_text(other.roots)
    database = await service_database("contract")
    made: list[Hall] = []

    async def make(**changes: Any) -> Hall:
        values = settings_for(database, pool_size=6).model_dump() | {"home": tmp_path, "signature_roots": roots}
        service = build(ContractSettings(**(values | changes)), verifier=issuer.verifier())
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=service.app), base_url="http://contract")
        made.append(Hall(service, issuer, client))
        await made[-1].organisations()
        return made[-1]

    yield make
    for hall in made:
        await hall.client.aclose()
        await hall.service.close()


async def verdict_on(hall: Hall, deal_id: str) -> Verdict:
    pdf = (await hall.get(hall.company, f"/{deal_id}/document")).content
    roots = (await hall.client.get("/api/v1/certificates/authority")).text
    return await asyncio.to_thread(check_pdf, pdf, loaded_roots(roots))


async def test_another_clock_by_setting(make_hall: MakeHall, other: Authority) -> None:
    with clock_at(other) as url:
        hall = await make_hall(tsa_url=url)
        deal_id = await hall.sealed(ORDINARY)
    verdict = await verdict_on(hall, deal_id)
    assert verdict.good, list(verdict.every_fault())
    # Without the other authority's root the time is what nobody vouches for, so it is the other's time.
    own = await hall.value("SELECT certificates FROM certificates WHERE purpose = 'authority'")
    pdf = (await hall.get(hall.company, f"/{deal_id}/document")).content
    by_own_root = await asyncio.to_thread(check_pdf, pdf, loaded_roots(own))
    assert {fault.code for fault in by_own_root.every_fault()} == {"timestamp-not-trusted"}


async def test_a_clock_that_does_not_answer_puts_a_signature_off(make_hall: MakeHall, other: Authority) -> None:
    with clock_at(other) as url:
        pass
    hall = await make_hall(tsa_url=url)
    deal_id = await hall.sealed(ORDINARY)
    assert await hall.value("SELECT count(*) FROM seals") == 0
    assert await hall.value("SELECT max(attempts) FROM sealings") == 1
    # The second act waits for the first, however long that takes.
    assert await hall.value("SELECT count(*) FROM sealings") == 2
    await hall.times("UPDATE sealings SET again_at = now()")
    later = await make_hall()
    await later.work()
    verdict = await verdict_on(hall, deal_id)
    assert verdict.good
    assert [each.field for each in verdict.signatures] == ["Licensor", "Licensee"]
    assert await later.value("SELECT count(*) FROM sealings") == 0


async def test_a_clock_nobody_vouches_for_seals_nothing(make_hall: MakeHall) -> None:
    with clock_at(Authority.new()) as url:
        hall = await make_hall(tsa_url=url)
        await hall.sealed(ORDINARY)
    assert await hall.value("SELECT count(*) FROM seals") == 0
    assert "timestamp-not-trusted" in await hall.value("SELECT max(error) FROM sealings")


async def test_a_worker_that_dies_after_signing_leaves_one_signature(
    make_hall: MakeHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = await make_hall()
    deal_id = await hall.signed(ORDINARY)
    whole = Sealer._sealed

    def die(self: Sealer, *given: Any) -> Any:
        whole(self, *given)
        raise PowerCut

    with monkeypatch.context() as dying:
        dying.setattr(Sealer, "_sealed", die)
        with pytest.raises(PowerCut):
            await hall.work()
    assert await hall.value("SELECT count(*) FROM seals") == 0
    await hall.work()
    verdict = await verdict_on(hall, deal_id)
    assert verdict.good
    assert len(verdict.signatures) == 2


async def test_two_workers_at_once_make_one_signature(make_hall: MakeHall, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when one has lost its lead and does not know it yet."""
    hall = await make_hall()
    deal_id = await hall.signed(ORDINARY)
    step = hall.service.jobs[0].step
    whole, both_have_signed = Sealer._sealed, threading.Barrier(2, timeout=60)

    def meet(self: Sealer, *given: Any) -> Any:
        made = whole(self, *given)
        both_have_signed.wait()
        return made

    with monkeypatch.context() as meeting:
        meeting.setattr(Sealer, "_sealed", meet)
        await asyncio.gather(step(hall.service.database), step(hall.service.database))
    assert await hall.value("SELECT count(*) FROM seals") == 1
    await hall.work()
    assert await hall.value("SELECT count(*) FROM seals") == 2
    assert (await verdict_on(hall, deal_id)).good
    events = [line["event"] for line in good(await hall.get(hall.company, f"/{deal_id}/history"))["items"]]
    assert events.count("signature_applied") == 2
    assert events.count("document_sealed") == 1


# Certificates of one's own.


def packed(holder: Holder, password: bytes = b"open") -> dict[str, str]:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    content = pkcs12.serialize_key_and_certificates(
        b"own", holder.key, holder.certificate, list(holder.chain), encryption
    )
    return {"pkcs12": base64.b64encode(content).decode(), "password": password.decode()}


async def bring(hall: Hall, body: dict[str, str], role: Role = Role.ADMIN) -> httpx.Response:
    return await hall.client.put(CERTIFICATE, json=body, headers=hall.headers(replace(hall.company, role=role)))


async def test_an_organisation_signs_with_its_own_certificate(make_hall: MakeHall, other: Authority) -> None:
    hall = await make_hall()
    headers = hall.headers(hall.company)
    assert good(await hall.client.get(CERTIFICATE, headers=headers)) == {"certificate": None}
    taken = good(await bring(hall, packed(other.company)))["certificate"]
    assert (taken["brought"], taken["sha256"]) == (True, other.company.fingerprint)
    deal_id = await hall.sealed(ORDINARY)
    verdict = await verdict_on(hall, deal_id)
    assert verdict.good, list(verdict.every_fault())
    assert [each.certificate_sha256 == other.company.fingerprint for each in verdict.signatures] == [False, True]

    # Nobody gets a key back, and it is not in the database as it came.
    stored = await hall.value("SELECT private_key FROM certificates WHERE brought")
    assert "PRIVATE KEY" not in stored
    rival = hall.headers(hall.rival)
    assert good(await hall.client.get(CERTIFICATE, headers=rival)) == {"certificate": None}

    gone = await hall.client.delete(CERTIFICATE, headers=hall.headers(replace(hall.company, role=Role.ADMIN)))
    assert good(gone) == {"certificate": None}
    again = await verdict_on(hall, await hall.sealed(ORDINARY))
    assert again.good
    assert again.signatures[-1].certificate_sha256 != other.company.fingerprint


async def test_what_is_no_certificate_to_sign_with(make_hall: MakeHall, other: Authority) -> None:
    hall = await make_hall()
    soon = utcnow() + timedelta(days=10)
    tomorrow = new_certificate(other.root, Subject(UUID(int=2), "Later"), soon, timedelta(days=30))
    wrong = {
        "unreadable": [{**packed(other.company), "password": "guess"}, {"pkcs12": base64.b64encode(b"x").decode()}],
        "not-in-force": [packed(tomorrow)],
        "not-for-signing": [packed(other.root)],
        "of-another": [packed(other.university)],
        "not-vouched-for": [packed(Authority.new().company)],
    }
    for reason, bodies in wrong.items():
        for body in bodies:
            problem = refused(await bring(hall, body), 422, "certificate-unusable")
            assert problem["detail"] == hall.service.app.state.catalogue.text(f"certificate-{reason}", "en")
    refused(await bring(hall, {"password": "x"}), 422, "invalid-input")
    refused(await bring(hall, {"pkcs12": "A" * 200_000}), 422, "invalid-input")
    assert await hall.value("SELECT count(*) FROM certificates WHERE brought") == 0


async def test_only_an_administrator_changes_what_is_signed_with(make_hall: MakeHall, other: Authority) -> None:
    hall = await make_hall()
    for role in (Role.AGENT, Role.VIEWER):
        refused(await bring(hall, packed(other.company), role), 403, "forbidden")
        headers = hall.headers(principal("company", role))
        refused(await hall.client.delete(CERTIFICATE, headers=headers), 403, "forbidden")
    for method in ("GET", "PUT", "DELETE"):
        refused(await hall.client.request(method, CERTIFICATE), 401, "unauthenticated")


async def test_a_password_is_never_told(make_hall: MakeHall, caplog: pytest.LogCaptureFixture) -> None:
    hall = await make_hall()
    answer = await bring(hall, {"pkcs12": base64.b64encode(b"x").decode(), "password": "hunter2secret"})
    assert "hunter2secret" not in answer.text
    assert "hunter2secret" not in caplog.text
    answer = await bring(hall, {"pkcs12": "!", "password": "hunter2secret"})
    assert "hunter2secret" not in answer.text
