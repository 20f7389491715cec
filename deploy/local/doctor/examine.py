"""All looks, in the order in which one thing depends on another."""

import os
from collections.abc import Mapping
from datetime import timedelta

from deploy.local.agreement import disagreements
from deploy.local.databases import known_databases
from deploy.local.doctor import database, machine, outside
from deploy.local.doctor.findings import Finding, Level, fail, ok, warn
from deploy.local.home import Home
from deploy.local.keys import KeyState, key_states
from deploy.services import SCHEMAS
from gateway.settings import GatewaySettings

_ROTATION_LATE = timedelta(days=7)


async def examine(home: Home, *, deep: bool = False) -> list[Finding]:
    """Everything about this hall. Changes nothing, and starts nothing. `deep` compares all services' tables."""
    settings, findings = machine.settings()
    findings += [machine.room(home), *machine.permissions(home), machine.port(home)]
    found = known_databases(home)
    if len(found) < len(SCHEMAS):
        return [*findings, warn("hall", "hall-stopped", folder=str(home.path))]
    about_database = await database.database(found)
    findings += about_database
    usable = not any(each.level is Level.FAIL for each in about_database)
    if kafka := _kafka(home):
        findings += await outside.kafka(kafka)
    if settings is not None:
        findings += await outside.others(settings)
        if usable and not settings.oidc_issuer:
            findings += await _keys(found, settings.model_copy(update={"home": home.path}))
    if usable and deep:
        findings += await _agreement(found)
    return findings


def _kafka(home: Home) -> str | None:
    running = home.running()
    if running:
        return running.kafka
    return os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or os.environ.get("ZAYTON_KAFKA_BOOTSTRAP_SERVERS")


async def _keys(found: Mapping[str, str], settings: GatewaySettings) -> list[Finding]:
    states = await key_states(found, settings)
    if not states:
        return [ok("keys", "keys-none")]
    if unreadable := [each.kid for each in states if not each.readable]:
        return [fail("keys", "keys-unreadable", kid=", ".join(unreadable))]
    return [keys_age(states, settings.signing_key_days)]


def keys_age(states: list[KeyState], signing_key_days: int) -> Finding:
    days = min(each.age_days for each in states)
    if days > signing_key_days + _ROTATION_LATE.days:
        return warn("keys", "keys-old", days=days, due=signing_key_days)
    return ok("keys", "keys-fine", days=days)


async def _agreement(found: Mapping[str, str]) -> list[Finding]:
    apart = await disagreements(found)
    return [
        fail(
            each.copy.holder,
            "services-disagree",
            what=each.copy.what,
            owner=each.copy.owner,
            holder=each.copy.holder,
            unheard=each.unheard,
            unknown=each.unknown,
        )
        for each in apart
    ] or [ok("services", "services-agree")]
