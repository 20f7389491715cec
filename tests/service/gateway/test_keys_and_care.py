"""Signing keys change without anybody noticing; old things go; changes are on record."""

import asyncio
from datetime import timedelta

import pytest
from joserfc import jws
from sqlalchemy import select, update

from gateway.bootstrap import Gateway, build
from gateway.housekeeping import tidy
from gateway.identity import signing_keys
from gateway.identity.signing_keys import rotate
from gateway.settings import GatewaySettings
from gateway.tables import AuditEntry, RefreshToken, Session, SigningKey
from services.kit.auth import Verifier
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.secret import secrets_of
from tests.support.people import Hall, problem
from tests.support.tokens import Issuer, principal


async def kids(gateway: Gateway) -> list[str]:
    gateway.parts.issuer.forget()
    return [key["kid"] for key in (await gateway.parts.issuer.key_set())["keys"]]


async def age(database: Database, by: timedelta) -> None:
    async with database.transaction() as session:
        await session.execute(update(SigningKey).values(signs_from=SigningKey.signs_from - by))


async def test_the_first_key_is_made_once_whoever_asks_first(settings: GatewaySettings) -> None:
    gateways = [build(settings, {}) for _ in range(3)]
    sets = await asyncio.gather(*(kids(gateway) for gateway in gateways))
    assert len({tuple(each) for each in sets}) == 1
    assert len(sets[0]) == 1
    for gateway in gateways:
        await gateway.close()


async def test_tokens_before_and_after_a_rotation_are_good(
    hall: Hall, gateway: Gateway, database: Database, settings: GatewaySettings
) -> None:
    before = await hall.administrator()
    verifier = Verifier(gateway.parts.issuer.key_set, issuer="zayton", audience="zayton")
    await verifier.principal(before.token)
    async with database.transaction() as session:
        new = await rotate(session, secrets_of(settings)[0])
    assert len(await kids(gateway)) == 2
    still = await hall.sign_in(before.email)
    assert new not in _kid(still.token)  # not before verifiers had time to hear of it

    await age(database, signing_keys.PUBLISHED_BEFORE_USE)
    gateway.parts.issuer.forget()
    verifier._fetched_at -= 60
    after = await hall.sign_in(before.email)
    assert new in _kid(after.token)
    for person in (before, still, after):
        assert str((await verifier.principal(person.token)).user_id) == person.user_id
        assert (await person.http.get("/api/v1/me")).status_code == 200


def _kid(token: str) -> str:
    return str(jws.extract_compact(token.encode()).protected["kid"])


async def test_housekeeping_rotates_old_keys_and_forgets_replaced_ones(
    gateway: Gateway, database: Database, settings: GatewaySettings
) -> None:
    (first,) = await kids(gateway)
    await tidy(database, settings)
    assert await kids(gateway) == [first]
    await age(database, timedelta(days=settings.signing_key_days))
    await tidy(database, settings)
    both = await kids(gateway)
    assert both[0] == first
    assert len(both) == 2
    await age(database, timedelta(hours=1))
    await tidy(database, settings)
    assert await kids(gateway) == both[1:]
    async with database.transaction() as session:
        assert (await session.execute(select(SigningKey.kid))).scalars().all() == both[1:]


async def test_a_foreign_key_signs_nothing(hall: Hall) -> None:
    forged = Issuer().token(principal())
    answer = await hall.client(forged).get("/api/v1/me")
    assert (answer.status_code, problem(answer)) == (401, "unauthenticated")


async def test_sessions_long_over_are_forgotten(hall: Hall, database: Database, settings: GatewaySettings) -> None:
    gone, kept = await hall.administrator(), await hall.administrator()
    async with database.transaction() as session:
        over = update(Session).values(ended_at=utcnow() - timedelta(days=8))
        await session.execute(over.where(Session.user_id == gone.user_id))
    await tidy(database, settings)
    async with database.transaction() as session:
        assert [str(each) for each in (await session.execute(select(Session.user_id))).scalars()] == [kept.user_id]
        assert len((await session.execute(select(RefreshToken))).all()) == 1


async def test_every_change_of_accounts_is_on_record(hall: Hall, database: Database) -> None:
    admin = await hall.administrator()
    agent = await hall.colleague(admin, "agent")
    member = f"{admin.path}/members/{agent.user_id}"
    await admin.http.patch(member, json={"role": "viewer"}, headers={"If-Match": "*"})
    await admin.http.delete(member)
    key = (await admin.http.post(f"{admin.path}/api-keys", json={"name": "k", "role": "agent"})).json()
    await admin.http.delete(f"{admin.path}/api-keys/{key['api_key_id']}")
    await admin.http.delete("/api/v1/sessions/current")
    async with database.transaction() as session:
        entries = (
            (await session.execute(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.audit_id))).scalars().all()
        )
    assert [entry.action for entry in entries] == [
        "organisation_registered",
        "member_joined",
        "signed_in",
        "member_joined",
        "signed_in",
        "member_changed",
        "member_left",
        "api_key_created",
        "api_key_revoked",
        "signed_out",
    ]
    changed = entries[5]
    assert str(changed.actor_id) == admin.user_id
    assert str(changed.subject_id) == agent.user_id
    assert changed.details["role"] == "viewer"
    assert {str(entry.organisation_id) for entry in entries} == {admin.organisation_id}


@pytest.mark.parametrize("refused", [{"role": "nobody"}, {"name": ""}])
async def test_what_was_refused_is_not(hall: Hall, database: Database, refused: dict[str, str]) -> None:
    admin = await hall.administrator()
    own = f"{admin.path}/members/{admin.user_id}"
    assert (await admin.http.patch(own, json=refused, headers={"If-Match": "*"})).status_code == 422
    async with database.transaction() as session:
        changes = select(AuditEntry).where(AuditEntry.action == "member_changed")
        assert (await session.execute(changes)).all() == []
