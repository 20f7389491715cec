"""Signing in, staying in, signing out."""

import asyncio
from datetime import timedelta
from statistics import median
from time import perf_counter

import pytest
from sqlalchemy import func, select, text, update

from gateway.bootstrap import Gateway, build
from gateway.housekeeping import tidy
from gateway.identity.issuer import claims_of
from gateway.settings import GatewaySettings
from gateway.tables import AuditEntry, RefreshToken, Session, SignInAttempts
from services.kit.auth import Verifier
from services.kit.clock import utcnow
from services.kit.db import Database
from tests.support.people import PASSWORD, Hall, new_email, problem


async def refresh(hall: Hall, token: str) -> tuple[int, str]:
    """Status, and the new refresh token or the problem."""
    answer = await hall.anonymous.post("/api/v1/sessions/refresh", json={"refresh_token": token})
    return answer.status_code, answer.json()["refresh_token"] if answer.status_code == 200 else problem(answer)


async def test_a_token_says_who_in_what_organisation_with_what_role(hall: Hall, gateway: Gateway) -> None:
    agent = await hall.colleague(await hall.administrator("broker"), "agent")
    verifier = Verifier(gateway.parts.issuer.key_set, issuer="zayton", audience="zayton")
    principal = await verifier.principal(agent.token)
    assert str(principal.user_id) == agent.user_id
    assert str(principal.organisation_id) == agent.organisation_id
    assert (principal.organisation_kind, principal.role, principal.language) == ("broker", "agent", "en")
    claims = claims_of(agent.token)
    assert claims["exp"] - claims["iat"] == 600
    assert claims["jti"]


async def test_the_answer_to_a_sign_in(hall: Hall) -> None:
    admin = await hall.administrator()
    body = {"email": f"  {admin.email.upper()} ", "password": PASSWORD}
    session = (await hall.anonymous.post("/api/v1/sessions", json=body)).json()
    assert (session["token_type"], session["expires_in"]) == ("bearer", 600)
    assert session["member"]["user_id"] == admin.user_id
    assert session["organisation"]["organisation_id"] == admin.organisation_id


@pytest.mark.parametrize("email", ["known", "unknown"])
async def test_a_failed_sign_in_does_not_tell_whether_the_account_exists(hall: Hall, email: str) -> None:
    admin = await hall.administrator()
    body = {"email": admin.email if email == "known" else new_email(), "password": "wrong password"}
    answer = await hall.anonymous.post("/api/v1/sessions", json=body)
    assert (answer.status_code, problem(answer)) == (401, "wrong-credentials")
    shown = answer.json()
    del shown["request_id"]
    assert shown == {
        "type": "https://zayton.org/problems/wrong-credentials",
        "title": "Sign-in failed",
        "status": 401,
        "detail": "The e-mail address or the password is wrong.",
        "instance": "/api/v1/sessions",
    }


async def test_nor_does_the_time_it_takes(settings: GatewaySettings) -> None:
    gateway = build(settings, {})
    hall = Hall(gateway)
    admin = await hall.administrator()
    times: dict[str, list[float]] = {admin.email: [], "nobody@hall.test": []}
    for _ in range(8):
        for email, taken in times.items():
            started = perf_counter()
            await hall.anonymous.post("/api/v1/sessions", json={"email": email, "password": "wrong password"})
            taken.append(perf_counter() - started)
    known, unknown = (median(taken) for taken in times.values())
    assert 0.5 < known / unknown < 2
    await hall.close()
    await gateway.close()


async def test_refresh_tokens_are_good_once(hall: Hall) -> None:
    admin = await hall.administrator()
    status, second = await refresh(hall, admin.refresh_token)
    assert status == 200
    status, third = await refresh(hall, second)
    assert status == 200
    assert len({admin.refresh_token, second, third}) == 3


async def test_one_that_comes_twice_ends_the_session_for_thief_and_owner(hall: Hall, database: Database) -> None:
    admin = await hall.administrator()
    _, second = await refresh(hall, admin.refresh_token)
    assert await refresh(hall, admin.refresh_token) == (401, "refresh-token-reused")
    assert await refresh(hall, second) == (401, "session-ended")
    async with database.transaction() as session:
        assert (await session.execute(select(Session.ended_because))).scalars().all() == ["refresh_token_reused"]
        recorded = select(AuditEntry.action).where(AuditEntry.action == "refresh_token_reused")
        assert len((await session.execute(recorded)).all()) == 1
    assert (await hall.sign_in(admin.email)).user_id == admin.user_id


async def test_of_two_at_once_one_wins_and_the_session_ends(hall: Hall) -> None:
    admin = await hall.administrator()
    outcomes = await asyncio.gather(*(refresh(hall, admin.refresh_token) for _ in range(2)))
    assert sorted(status for status, _ in outcomes) == [200, 401]
    (fresh,) = (token for status, token in outcomes if status == 200)
    assert (await refresh(hall, fresh))[0] == 401


async def test_sessions_do_not_affect_each_other(hall: Hall) -> None:
    laptop = await hall.administrator()
    phone = await hall.sign_in(laptop.email)
    await refresh(hall, laptop.refresh_token)
    assert (await refresh(hall, laptop.refresh_token))[0] == 401
    assert (await refresh(hall, phone.refresh_token))[0] == 200


async def test_unknown_and_expired_tokens(hall: Hall, database: Database) -> None:
    admin = await hall.administrator()
    assert await refresh(hall, "zr_made-up") == (401, "session-ended")
    async with database.transaction() as session:
        await session.execute(update(Session).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert await refresh(hall, admin.refresh_token) == (401, "session-ended")


async def test_only_digests_of_tokens_are_kept(hall: Hall, database: Database) -> None:
    admin = await hall.administrator()
    async with database.transaction() as session:
        (kept,) = (await session.execute(select(RefreshToken.token_hash))).scalars()
    assert len(kept) == 32
    assert admin.refresh_token.encode() not in kept


async def test_signing_out_ends_the_session_of_the_token(hall: Hall) -> None:
    admin = await hall.administrator()
    elsewhere = await hall.sign_in(admin.email)
    assert (await admin.http.delete("/api/v1/sessions/current")).status_code == 204
    assert await refresh(hall, admin.refresh_token) == (401, "session-ended")
    assert (await refresh(hall, elsewhere.refresh_token))[0] == 200
    again = await admin.http.delete("/api/v1/sessions/current")
    assert (again.status_code, problem(again)) == (401, "session-ended")


async def test_who_left_cannot_come_back_in(hall: Hall) -> None:
    admin = await hall.administrator()
    agent = await hall.colleague(admin, "agent")
    await admin.http.delete(f"{admin.path}/members/{agent.user_id}")
    assert await refresh(hall, agent.refresh_token) == (401, "session-ended")
    body = {"email": agent.email, "password": PASSWORD}
    assert (await hall.anonymous.post("/api/v1/sessions", json=body)).status_code == 401


async def test_a_changed_role_is_in_the_next_token(hall: Hall) -> None:
    admin = await hall.administrator()
    agent = await hall.colleague(admin, "agent")
    path = f"{admin.path}/members/{agent.user_id}"
    await admin.http.patch(path, json={"role": "viewer"}, headers={"If-Match": "*"})
    body = {"refresh_token": agent.refresh_token}
    fresh = (await hall.anonymous.post("/api/v1/sessions/refresh", json=body)).json()
    assert claims_of(fresh["access_token"])["role"] == "viewer"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "Bearer"])
async def test_a_token_that_is_none(hall: Hall, token: str) -> None:
    answer = await hall.anonymous.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, problem(answer)) == (401, "unauthenticated")


async def test_an_expired_token(settings: GatewaySettings) -> None:
    gateway = build(settings.model_copy(update={"access_token_s": -60}), {})
    hall = Hall(gateway)
    admin = await hall.administrator()
    answer = await admin.http.get("/api/v1/me")
    assert (answer.status_code, problem(answer)) == (401, "unauthenticated")
    assert "expired" in answer.json()["detail"]
    await hall.close()
    await gateway.close()


async def attempts(hall: Hall, email: str, password: str, times: int, *, address: str = "10.0.0.1") -> list[int]:
    client = hall.client(address=address)
    body = {"email": email, "password": password}
    return [(await client.post("/api/v1/sessions", json=body)).status_code for _ in range(times)]


class TestThrottle:
    @pytest.fixture
    def settings(self, settings: GatewaySettings) -> GatewaySettings:
        return settings.model_copy(update={"sign_in_failures_per_account": 3, "sign_in_failures_per_address": 5})

    @pytest.mark.parametrize("known", [True, False])
    async def test_an_account_has_to_wait_whether_it_exists_or_not(self, hall: Hall, known: bool) -> None:
        email = (await hall.administrator()).email if known else new_email()
        assert await attempts(hall, email, "wrong password", 4) == [401, 401, 401, 429]
        answer = await hall.client(address="10.0.0.2").post(
            "/api/v1/sessions", json={"email": email, "password": PASSWORD}
        )
        assert (answer.status_code, problem(answer)) == (429, "too-many-sign-ins")
        assert 0 < int(answer.headers["retry-after"]) <= 901

    async def test_guesses_sent_at_once_count_too(self, hall: Hall) -> None:
        email = (await hall.administrator()).email
        outcomes = await asyncio.gather(*(attempts(hall, email, "wrong password", 1) for _ in range(6)))
        assert sorted(status for (status,) in outcomes) == [401, 401, 401, 429, 429, 429]

    async def test_an_address_has_to_wait_whatever_accounts_it_tries(self, hall: Hall) -> None:
        outcomes = [(await attempts(hall, new_email(), "wrong password", 1))[0] for _ in range(6)]
        assert outcomes == [401] * 5 + [429]
        admin = await hall.administrator()
        assert await attempts(hall, admin.email, PASSWORD, 1) == [429]
        assert await attempts(hall, admin.email, PASSWORD, 1, address="10.0.0.2") == [201]

    async def test_who_knows_the_password_is_never_slowed_down(self, hall: Hall) -> None:
        email = (await hall.administrator()).email
        assert await attempts(hall, email, PASSWORD, 7) == [201] * 7

    async def test_a_success_starts_the_count_anew(self, hall: Hall) -> None:
        email = (await hall.administrator()).email
        for _ in range(2):
            assert await attempts(hall, email, "wrong password", 2) == [401, 401]
            assert await attempts(hall, email, PASSWORD, 1) == [201]

    async def test_the_window_ends(self, hall: Hall, database: Database, settings: GatewaySettings) -> None:
        email = (await hall.administrator()).email
        await attempts(hall, email, "wrong password", 4)
        async with database.transaction() as session:
            await session.execute(update(SignInAttempts).values(window_ends_at=utcnow() - timedelta(seconds=1)))
        assert await attempts(hall, email, PASSWORD, 1) == [201]
        await tidy(database, settings)
        async with database.transaction() as session:
            left = (await session.execute(select(func.count()).select_from(SignInAttempts))).scalar_one()
        assert left == 1  # the address, whose window has begun anew


async def test_a_password_is_never_written_to_the_database_or_shown(hall: Hall, database: Database) -> None:
    await hall.administrator()
    async with database.transaction() as session:
        tables = (await session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'gateway'"))).scalars()
        for table in tables:
            rows = (await session.execute(text(f'SELECT t::text FROM "{table}" t'))).scalars().all()
            assert not any(PASSWORD in row for row in rows), table
