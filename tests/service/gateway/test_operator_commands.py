"""What `zayton keys` and `zayton seed-operator` do, while people are signed in."""

import pytest
from sqlalchemy import select

from deploy.local.child import CannotStart
from deploy.local.keys import change_local_secret, encrypt_all_anew, key_states, rotate_now
from deploy.local.operators import NotSeeded, seed
from gateway.bootstrap import Gateway, build
from gateway.settings import GatewaySettings
from gateway.tables import AuditEntry, Member, Organisation
from services.kit.db import Database
from tests.conftest import ServiceDatabase
from tests.support.people import PASSWORD, Hall, Person

NEW, OLD = "a new secret of thirty-two letters", "the old secret of thirty-two letter"
FIRST = {"email": "first@hall.test", "name": "Lin", "organisation": "泉州大厅", "password": PASSWORD, "language": "zh"}


@pytest.fixture
async def found(database: Database, service_database: ServiceDatabase) -> dict[str, str]:
    others = await service_database("notify", "contract")
    return {"gateway": database.url, "notify": others.url, "contract": others.url}


async def goes_on(hall: Hall, person: Person) -> None:
    """The access token is good, and the refresh token brings another."""
    assert (await person.http.get("/api/v1/me")).status_code == 200
    answer = await hall.anonymous.post("/api/v1/sessions/refresh", json={"refresh_token": person.refresh_token})
    assert answer.status_code == 200, answer.text
    person.refresh_token = answer.json()["refresh_token"]
    renewed = await hall.client(answer.json()["access_token"]).get("/api/v1/me")
    assert renewed.status_code == 200


async def test_rotating_by_command_signs_nobody_out(
    hall: Hall, settings: GatewaySettings, found: dict[str, str]
) -> None:
    person = await hall.administrator()
    kid, after = await rotate_now(found, settings)
    states = await key_states(found, settings)
    assert [(each.state, each.readable) for each in states] == [("signs", True), ("soon", True)]
    assert states[1].kid == kid
    assert 0 < after.seconds <= 60
    hall.gateway.parts.issuer.forget()
    await goes_on(hall, person)


async def test_another_secret_takes_over_and_nobody_is_signed_out(
    settings: GatewaySettings,
    found: dict[str, str],
    quick_passwords: None,  # noqa: ARG001
) -> None:
    def with_secrets(new: str, old: str | None = None) -> GatewaySettings:
        return GatewaySettings.model_validate(settings.model_dump() | {"secret_key": new, "secret_key_old": old})

    async def started(changed: GatewaySettings) -> tuple[Gateway, Hall]:
        gateway = build(changed, {})
        return gateway, Hall(gateway)

    gateway, hall = await started(with_secrets(OLD))
    person = await hall.administrator()
    await hall.close()
    await gateway.close()

    both = with_secrets(NEW, OLD)
    gateway, hall = await started(both)
    person = signed_in_at(hall, person)
    await goes_on(hall, person)
    assert await encrypt_all_anew(found, both) == 1
    assert await encrypt_all_anew(found, both) == 0
    await goes_on(hall, person)
    await hall.close()
    await gateway.close()

    gateway, hall = await started(with_secrets(NEW))
    await goes_on(hall, signed_in_at(hall, person))
    await hall.close()
    await gateway.close()
    (key,) = await key_states(found, with_secrets(OLD))
    assert not key.readable


def signed_in_at(hall: Hall, person: Person) -> Person:
    return Person(hall.client(person.token), person.member, person.organisation, person.email, person.refresh_token)


async def test_a_secret_nobody_knows_changes_nothing(
    hall: Hall, settings: GatewaySettings, found: dict[str, str]
) -> None:
    person = await hall.administrator()
    wrong = GatewaySettings.model_validate(settings.model_dump() | {"secret_key": NEW, "secret_key_old": OLD})
    with pytest.raises(CannotStart, match="ZAYTON_SECRET_KEY_OLD"):
        await encrypt_all_anew(found, wrong)
    assert [each.readable for each in await key_states(found, settings)] == [True]
    await goes_on(hall, person)


async def test_the_local_secret_is_changed_while_the_hall_runs(
    hall: Hall, settings: GatewaySettings, found: dict[str, str]
) -> None:
    person = await hall.administrator()
    before = (settings.home / "secret_key").read_text()
    assert await change_local_secret(found, settings) == 1
    assert (settings.home / "secret_key").read_text() != before
    assert not (settings.home / "secret_key_old").exists()
    hall.gateway.parts.issuer.forget()
    hall.gateway.parts.issuer._private.clear()
    await goes_on(hall, person)
    set_by_hand = GatewaySettings.model_validate(settings.model_dump() | {"secret_key": NEW})
    with pytest.raises(CannotStart, match="zayton keys reencrypt"):
        await change_local_secret(found, set_by_hand)


async def test_there_is_one_first_operator_and_more_by_wish(
    hall: Hall, database: Database, found: dict[str, str]
) -> None:
    with pytest.raises(NotSeeded, match="no operator yet"):
        await seed(found, **FIRST, add=True)
    with pytest.raises(NotSeeded, match="too weak"):
        await seed(found, **(FIRST | {"password": "short"}), add=False)
    await seed(found, **FIRST, add=False)
    second = FIRST | {"email": "second@hall.test"}
    with pytest.raises(NotSeeded, match="--add"):
        await seed(found, **second, add=False)
    await seed(found, **second, add=True)
    with pytest.raises(NotSeeded, match="has a login already"):
        await seed(found, **second, add=True)

    first, other = await hall.sign_in("first@hall.test"), await hall.sign_in("second@hall.test")
    assert first.organisation == other.organisation
    assert (first.organisation["kind"], first.organisation["name"]) == ("operator", "泉州大厅")
    assert [person.member["role"] for person in (first, other)] == ["admin", "admin"]
    async with database.transaction() as session:
        assert len((await session.execute(select(Organisation.organisation_id))).all()) == 1
        assert len((await session.execute(select(Member.user_id))).all()) == 2
        joined = select(AuditEntry.action).where(AuditEntry.action == "member_joined")
        assert len((await session.execute(joined)).all()) == 2
