"""The doctor on servers that are ill on purpose."""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from deploy.local import topics
from deploy.local.broker import MeshBroker
from deploy.local.cli import app
from deploy.local.doctor import Finding, database, outside
from deploy.local.doctor import examine as orders
from deploy.local.doctor.database import _service as look_at_service
from deploy.local.doctor.examine import _agreement, _keys
from deploy.local.home import Home
from deploy.local.keys import rotate_now
from gateway.settings import GatewaySettings
from services.kit.db import Database

ServiceDatabase = Callable[..., Awaitable[Database]]
EVENT = (
    "INSERT INTO outbox (event_id, topic, key, headers, payload, created_at)"
    " VALUES (gen_random_uuid(), 't', 'k', '{}', '', now() - interval '%s')"
)
LETTER = (
    'INSERT INTO dead_letters (topic, partition, "offset", headers, payload, reason, error, attempts)'
    " VALUES ('t', 0, 1, '{}', '', 'r', 'e', 1)"
)


def levels(findings: list[Finding]) -> dict[str, str]:
    for each in findings:
        assert each.what("en") != each.what("zh")
        assert bool(each.cure("zh")) == (each.level != "ok")
    return {each.slug: each.level for each in findings}


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def do(of: Database, statement: str) -> None:
    async with of.transaction() as session:
        await session.execute(text(statement))


async def test_a_database_that_is_well_and_one_that_is_away(service_database: ServiceDatabase) -> None:
    well = await service_database("notify")
    assert levels(await database.database({"notify": well.url})) == {
        "database-fine": "ok",
        "clock-fine": "ok",
        "schema-fine": "ok",
        "outbox-fine": "ok",
    }
    away = f"postgresql://zayton:hidden@127.0.0.1:{closed_port()}/zayton"
    (found,) = await database.database({"notify": away})
    assert (found.slug, found.level) == ("database-away", "fail")
    assert "hidden" not in found.what("en")
    wrong_password = str(make_url(well.url).set(password="wrong").render_as_string(hide_password=False))
    assert set(levels(await database.database({"notify": wrong_password}))) == {"database-away"}


@pytest.mark.parametrize(
    ("statement", "slug", "level"),
    [
        (EVENT % "30 seconds", "outbox-fine", "ok"),
        (EVENT % "2 minutes", "outbox-slow", "warn"),
        (EVENT % "20 minutes", "outbox-stuck", "fail"),
        (LETTER, "dead-letters", "warn"),
        ("UPDATE alembic_version SET version_num = '9999'", "schema-newer", "fail"),
        ("DROP TABLE alembic_version", "schema-missing", "fail"),
        ('CREATE SCHEMA "zayton~restoring"', "restore-broken-off", "fail"),
    ],
)
async def test_what_may_be_wrong_in_a_database(
    service_database: ServiceDatabase, statement: str, slug: str, level: str
) -> None:
    its = await service_database("notify")
    await do(its, statement)
    assert levels(await database.database({"notify": its.url}))[slug] == level


async def test_a_schema_that_was_not_migrated_yet(
    service_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    its = await service_database("notify")
    monkeypatch.setattr("services.kit.migrations.head", lambda _package: "0002 of the new version")
    (found,) = [each async for each in look_at_service(its.url, "notify")]
    assert (found.slug, found.level) == ("schema-behind", "fail")
    assert "migrations upgrade" in found.cure("en")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("OLDEST", 99, ("database-old", "fail")),
        ("NEARLY_ALL", 0.0, ("database-crowded", "warn")),
        ("_SERVER", text(str(database._SERVER).replace("pg_is_in_recovery()", "true")), ("database-replica", "fail")),
    ],
)
async def test_a_server_that_is_not_as_it_should_be(
    service_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch, name: str, value: object, found: tuple[str, str]
) -> None:
    its = await service_database("notify")
    monkeypatch.setattr(database, name, value)
    assert found in levels(await database.database({"notify": its.url})).items()


@pytest.mark.parametrize(("ahead_s", "slug", "level"), [(-2, "clock-off", "warn"), (30, "clock-wrong", "fail")])
async def test_clocks_that_disagree(
    service_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch, ahead_s: float, slug: str, level: str
) -> None:
    its = await service_database("notify")
    right = time.time
    monkeypatch.setattr(database.time, "time", lambda: right() + ahead_s)
    assert levels(await database.database({"notify": its.url}))[slug] == level


async def test_kafka_that_is_well_away_or_not_as_wanted(mesh: MeshBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(await outside.kafka(mesh.address)) == {"kafka-fine": "ok"}
    monkeypatch.setattr(outside, "PATIENCE_S", 0.5)
    assert levels(await outside.kafka(f"127.0.0.1:{closed_port()}")) == {"kafka-away": "fail"}
    states = await topics.topic_states(mesh.address)

    async def others(_servers: str) -> list[topics.TopicState]:
        return [replace(states[0], partitions=0), replace(states[1], partitions=17), *states[2:]]

    monkeypatch.setattr(topics, "topic_states", others)
    found = await outside.kafka(mesh.address)
    assert levels(found) == {"topics-missing": "fail", "topic-partitions": "fail"}
    assert states[0].name in found[1].what("en")
    assert "17" in found[0].what("zh")


@asynccontextmanager
async def answering(*lines: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that says its lines in turn, the first one unasked where it begins with a digit. Yields host:port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = list(lines)
        if said and said[0][:1].isdigit():
            writer.write(said.pop(0).encode() + b"\r\n")
        while said and await reader.readline():
            writer.write(said.pop(0).encode() + b"\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def settings(**changes: object) -> GatewaySettings:
    return GatewaySettings.model_validate(changes)


@pytest.mark.parametrize(
    ("status", "slug"), [("200 OK", "search-fine"), ("500 Oh", "search-away"), (None, "search-away")]
)
async def test_search(monkeypatch: pytest.MonkeyPatch, status: str | None, slug: str) -> None:
    async with answering(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n") as where:
        monkeypatch.setenv("MEILISEARCH_URL", f"http://{where if status else f'127.0.0.1:{closed_port()}'}")
        assert set(levels(await outside.others(settings()))) == {slug}


@pytest.mark.parametrize(("status", "slug"), [("200 OK", "accounts-fine"), ("404 No", "accounts-away")])
async def test_accounts(status: str, slug: str) -> None:
    async with answering(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n") as where:
        assert set(levels(await outside.others(settings(oidc_issuer=f"http://{where}")))) == {slug}


@pytest.mark.parametrize(
    ("lines", "slug"),
    [
        (("220 mail", "250 mail", "221 bye"), "mail-fine"),
        (("220 mail", "250-mail\r\n250 AUTH PLAIN", "535 no", "221 bye"), "mail-refuses"),
        (("421 busy",), "mail-away"),
        ((), "mail-away"),
    ],
    ids=["well", "wrong password", "busy", "mute"],
)
async def test_mail(monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], slug: str) -> None:
    monkeypatch.setattr(outside, "PATIENCE_S", 1.0)
    user = "user:secret@" if slug == "mail-refuses" else ""
    async with answering(*lines) as where:
        monkeypatch.setenv("SMTP_URL", f"smtp://{user}{where}")
        found = await outside.others(settings())
    assert set(levels(found)) == {slug}
    assert "secret" not in found[0].what("en")


async def test_a_certificate_nobody_knows_and_no_answer_at_all(tmp_path: Path) -> None:
    async with answering("", tls=self_signed(tmp_path)) as where:
        assert levels(await outside.others(settings(public_url=f"https://{where}"))) == {"certificate-bad": "fail"}
    away = settings(public_url=f"https://127.0.0.1:{closed_port()}")
    assert levels(await outside.others(away)) == {"certificate-away": "fail"}


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_signing_keys_that_are_old_or_closed(service_database: ServiceDatabase, tmp_path: Path) -> None:
    its = await service_database("gateway")
    found, ours = {"gateway": its.url}, settings(home=tmp_path)
    assert levels(await _keys(found, ours)) == {"keys-none": "ok"}
    await rotate_now(found, ours)
    assert levels(await _keys(found, ours)) == {"keys-fine": "ok"}
    await do(its, "UPDATE signing_keys SET signs_from = now() - interval '100 days'")
    assert levels(await _keys(found, ours)) == {"keys-old": "warn"}
    (tmp_path / "secret_key").write_text("another")
    assert levels(await _keys(found, ours)) == {"keys-unreadable": "fail"}


async def test_services_that_disagree(service_database: ServiceDatabase) -> None:
    its = await service_database("gateway", "listing", "matching", "contract", "notify")
    found = dict.fromkeys(("gateway", "listing", "matching", "contract", "notify"), its.url)
    assert levels(await _agreement(found)) == {"services-agree": "ok"}
    await do(its, "INSERT INTO contract.demands VALUES (gen_random_uuid(), gen_random_uuid(), 1)")
    (apart,) = await _agreement(found)
    assert (apart.slug, apart.level, apart.params["unknown"]) == ("services-disagree", "fail", 1)


async def test_all_looks_together(
    service_database: ServiceDatabase, mesh: MeshBroker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    its = await service_database("gateway", "listing", "matching", "contract", "notify")
    monkeypatch.setenv("DATABASE_URL", its.url)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", mesh.address)
    monkeypatch.setenv("ZAYTON_PORT", str(closed_port()))
    findings = await orders(Home(tmp_path), deep=True)
    assert {each.level for each in findings} == {"ok"}
    assert {each.part for each in findings} >= {"database", "clock", "kafka", "keys", "services", "listing", "disk"}
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ZAYTON_PORT", str(squatter.getsockname()[1]))
        assert levels(await orders(Home(tmp_path)))["port-taken"] == "fail"


async def test_a_hall_that_does_not_run_is_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "ZAYTON_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    findings = await orders(Home(tmp_path))
    assert levels(findings)["hall-stopped"] == "warn"
    assert not [each for each in findings if each.part == "database"]


def test_the_command_tells_by_its_exit_code_and_in_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZAYTON_HOME", str(tmp_path))
    monkeypatch.setenv("ZAYTON_PORT", str(closed_port()))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    runner = CliRunner()
    well = runner.invoke(app, ["doctor", "--json", "--lang", "zh"])
    assert well.exit_code == 0, well.output
    assert {each["level"] for each in json.loads(well.stdout)} <= {"ok", "warn"}
    assert "设置完整" in json.loads(well.stdout)[0]["what"]
    (tmp_path / "secret_key").touch(mode=0o644)
    (tmp_path / "secret_key").chmod(0o644)
    ill = runner.invoke(app, ["doctor"])
    assert ill.exit_code == 1
    assert "chmod 600" in ill.stdout
