"""What a member wants to be told: read, changed, and nobody else's."""

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from zayton.contract.v1.events_pb2 import DealOpened

from services.kit.auth import Principal, Role

if TYPE_CHECKING:
    from tests.service.notify.conftest import Org, World
else:
    Org = World = Any

PREFERENCES = "/api/v1/notification-preferences"


@pytest.fixture
async def university(world: World) -> Org:
    return await world.organisation("Uni")


@pytest.fixture
async def person(world: World, university: Org) -> Principal:
    return await world.member(university, Role.VIEWER, language="zh")


async def test_who_never_chose_sees_the_defaults_and_that_there_is_no_mail_here(
    world: World, person: Principal
) -> None:
    async with world.client(person) as client:
        answer = await client.get(PREFERENCES)
    body = answer.json()
    assert answer.headers["etag"] == '"0"'
    assert (body["language"], body["time_zone"], body["quiet_hours"]) == ("zh", "Asia/Shanghai", None)
    assert body["email"] == {"available": False, "enabled": True, "address": f"{person.user_id}@example.org"}
    by_kind = {each["kind"]: each for each in body["kinds"]}
    assert by_kind["offer_made"] == {"kind": "offer_made", "title": "收到报价", "in_app": True, "email": "now"}
    assert by_kind["matches_for_demand"]["email"] == "daily"
    assert by_kind["import_finished"]["email"] == "off"


async def test_a_change_is_kept_and_needs_the_version_that_was_read(world: World, person: Principal) -> None:
    change = {
        "language": "en",
        "time_zone": "Europe/Berlin",
        "quiet_hours": {"start": "22:00", "end": "07:00"},
        "digest": {"hour": 6, "weekday": 4},
        "email_enabled": False,
        "kinds": {"offer_made": {"email": "weekly"}, "deal_opened": {"in_app": False}},
    }
    async with world.client(person) as client:
        assert (await client.patch(PREFERENCES, json=change)).status_code == 428
        first = await client.patch(PREFERENCES, json=change, headers={"If-Match": '"0"'})
        assert (first.status_code, first.headers["etag"]) == (200, '"1"')
        late = await client.patch(PREFERENCES, json={"language": "zh"}, headers={"If-Match": '"0"'})
        assert late.status_code == 412
        body = (await client.get(PREFERENCES)).json()
        assert body == first.json()
        assert (body["language"], body["time_zone"]) == ("en", "Europe/Berlin")
        assert body["quiet_hours"] == {"start": "22:00:00", "end": "07:00:00"}
        assert body["digest"] == {"hour": 6, "weekday": 4}
        assert body["email"]["enabled"] is False
        by_kind = {each["kind"]: each for each in body["kinds"]}
        assert by_kind["offer_made"] == {
            "kind": "offer_made",
            "title": "An offer has been made",
            "in_app": True,
            "email": "weekly",
        }
        again = await client.patch(
            PREFERENCES, json={"kinds": {"offer_made": {"in_app": False}}}, headers={"If-Match": '"1"'}
        )
        offer = next(each for each in again.json()["kinds"] if each["kind"] == "offer_made")
        assert (offer["in_app"], offer["email"]) == (False, "weekly")
        assert again.json()["quiet_hours"]  # what was left out stayed


async def test_what_is_not_wanted_in_the_hall_is_not_there_and_the_language_holds_there_too(
    world: World, university: Org
) -> None:
    person, colleague = await world.member(university), await world.member(university)
    async with world.client(person) as client:
        change = {"kinds": {"deal_opened": {"in_app": False}}}
        await client.patch(PREFERENCES, json=change, headers={"If-Match": "*"})
    async with world.client(colleague) as client:
        await client.patch(PREFERENCES, json={"language": "zh"}, headers={"If-Match": "*"})
    message = DealOpened()
    message.deal.deal_id = str(uuid4())
    message.deal.licensor_organisation_id, message.deal.licensee_organisation_id = str(university.id), str(uuid4())
    await world.hear(world.record(message, uuid4()))
    assert await world.sees(person) == []
    assert (await world.sees(colleague))[0]["title"] == "收到新的询盘"


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"time_zone": "Mars/Olympus"}, ["/time_zone"]),
        ({"time_zone": "../../etc/passwd"}, ["/time_zone"]),
        ({"kinds": {"nonsense": {"email": "off"}}}, ["/kinds/nonsense"]),
        ({"kinds": {"offer_made": {"email": "hourly"}}}, ["/kinds/offer_made/email"]),
        ({"quiet_hours": {"start": "22:00", "end": "22:00"}}, ["/quiet_hours"]),
        ({"quiet_hours": {"start": "25:00", "end": "07:00"}}, ["/quiet_hours/start"]),
        ({"quiet_hours": {"start": "22:00"}}, ["/quiet_hours/end"]),
        ({"digest": {"hour": 24, "weekday": 7}}, ["/digest/hour", "/digest/weekday"]),
        ({"language": "fr"}, ["/language"]),
        ({"colour": "red"}, ["/colour"]),
    ],
)
async def test_bad_input_is_located_and_changes_nothing(
    world: World, person: Principal, change: dict[str, Any], pointers: list[str]
) -> None:
    async with world.client(person) as client:
        answer = await client.patch(PREFERENCES, json={"email_enabled": False, **change}, headers={"If-Match": "*"})
        assert answer.status_code == 422
        assert [each["pointer"] for each in answer.json()["errors"]] == pointers
        assert (await client.get(PREFERENCES)).json()["email"]["enabled"]


async def test_without_a_token_there_are_no_preferences(world: World) -> None:
    async with world.client(None) as client:
        assert (await client.get(PREFERENCES)).status_code == 401
        assert (await client.patch(PREFERENCES, json={}, headers={"If-Match": "*"})).status_code == 401
        for token in ("x", "x.y", "MDFh.", "\u4e2d\u6587", "a" * 5_000):
            path = f"{PREFERENCES}/unsubscribe/{token}"
            assert (await client.get(path)).status_code == 404
            assert (await client.post(path)).status_code == 404


async def test_a_new_member_that_no_event_told_of_yet_may_look_and_choose(world: World, university: Org) -> None:
    person, joining = world.joined(university)
    async with world.client(person) as client:
        assert (await client.get(PREFERENCES)).json()["email"]["address"] is None
        assert (await client.patch(PREFERENCES, json={"language": "zh"}, headers={"If-Match": "*"})).status_code == 200
        await world.hear(joining)
        assert (await client.get(PREFERENCES)).json()["language"] == "zh"


async def test_while_there_is_no_mail_server_no_mails_pile_up(world: World, university: Org) -> None:
    person = await world.member(university)
    message = DealOpened()
    message.deal.deal_id = str(uuid4())
    message.deal.licensor_organisation_id, message.deal.licensee_organisation_id = str(university.id), str(uuid4())
    await world.hear(world.record(message, uuid4()))
    assert len(await world.sees(person)) == 1
    async with world.service.database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM deliveries"))).scalar_one() == 0


async def test_who_leaves_is_forgotten_with_address_preferences_and_links(
    world: World, university: Org, person: Principal
) -> None:
    async with world.client(person) as client:
        await client.patch(PREFERENCES, json={"language": "zh"}, headers={"If-Match": "*"})
        await client.post("/api/v1/calendars", json={})
    await world.leave(university, person)
    async with world.service.database.transaction() as session:
        assert (await session.execute(text("SELECT name, email FROM members"))).one() == (None, None)
        for table in ("preferences", "secret_links"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
