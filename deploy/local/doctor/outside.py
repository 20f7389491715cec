"""Everything else the hall speaks to: Kafka, and what settings name besides."""

import asyncio
import os
import smtplib
import ssl
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx

from deploy.local.doctor.findings import Finding, fail, ok, warn
from gateway.settings import GatewaySettings

PATIENCE_S = 5.0
LAST_DAYS, DAYS_LEFT = 3, 21
_DAY_S = 86_400


async def kafka(bootstrap_servers: str) -> list[Finding]:
    from aiokafka.errors import KafkaError

    from deploy.local.topics import topic_states

    try:
        async with asyncio.timeout(4 * PATIENCE_S):
            states = await topic_states(bootstrap_servers)
    except (KafkaError, OSError, TimeoutError) as error:
        return [fail("kafka", "kafka-away", where=bootstrap_servers, error=str(error) or repr(error))]
    missing = [state.name for state in states if not state.exists]
    wrong = [state for state in states if state.exists and state.partitions != state.partitions_wanted]
    findings = [
        fail("kafka", "topic-partitions", topic=each.name, there=each.partitions, wanted=each.partitions_wanted)
        for each in wrong
    ]
    if missing:
        findings.append(fail("kafka", "topics-missing", topics=", ".join(missing)))
    return findings or [ok("kafka", "kafka-fine", where=bootstrap_servers, number=len(states))]


async def others(settings: GatewaySettings) -> list[Finding]:
    """What is set, each with its answer. What is not set is not looked at."""
    return [each async for each in _others(settings)]


async def _others(settings: GatewaySettings) -> AsyncIterator[Finding]:
    if url := _set("MEILISEARCH_URL"):
        yield await _http("search", f"{url.rstrip('/')}/health", url)
    if issuer := settings.oidc_issuer:
        yield await _http("accounts", f"{issuer.rstrip('/')}/.well-known/openid-configuration", issuer)
    if url := _set("SMTP_URL"):
        yield await asyncio.to_thread(_smtp, url)
    if settings.public_url.startswith("https://"):
        yield await asyncio.to_thread(_certificate, settings.public_url)


def _set(name: str) -> str | None:
    return os.environ.get(name) or os.environ.get(f"ZAYTON_{name}")


async def _http(part: str, url: str, shown: str) -> Finding:
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return fail(part, f"{part}-away", where=shown, error=str(error) or repr(error))
    if not answer.is_success:
        return fail(part, f"{part}-away", where=shown, error=f"HTTP {answer.status_code}")
    return ok(part, f"{part}-fine", where=shown)


def _smtp(url: str) -> Finding:
    """Whether a mail server greets us. Signs in where the URL has a password, and sends nothing."""
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".rstrip(":")
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(parts.hostname or "", parts.port or 0, timeout=PATIENCE_S) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if parts.username and parts.password:
                server.login(parts.username, parts.password)
    except smtplib.SMTPAuthenticationError as error:
        return fail("mail", "mail-refuses", where=where, error=str(error.smtp_code))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return fail("mail", "mail-away", where=where, error=str(error) or repr(error))
    return ok("mail", "mail-fine", where=where)


def _certificate(url: str) -> Finding:
    """How long the certificate that callers see is good."""
    import socket

    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 443}"
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 443), timeout=PATIENCE_S) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            told = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return fail("certificate", "certificate-bad", where=where, error=error.verify_message)
    except OSError as error:
        return fail("certificate", "certificate-away", where=where, error=str(error) or repr(error))
    return certificate_age(where, ssl.cert_time_to_seconds(str(told["notAfter"])), time.time())


def certificate_age(where: str, ends_at: float, now: float) -> Finding:
    days = int((ends_at - now) / _DAY_S)
    if days < LAST_DAYS:
        return fail("certificate", "certificate-ends", where=where, days=days)
    if days < DAYS_LEFT:
        return warn("certificate", "certificate-ends", where=where, days=days)
    return ok("certificate", "certificate-fine", where=where, days=days)
