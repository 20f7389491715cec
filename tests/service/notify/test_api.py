"""A member's own notifications, and nobody else's."""

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from zayton.contract.v1.events_pb2 import DealOpened

from services.kit.auth import Principal

if TYPE_CHECKING:
    from tests.service.notify.conftest import Org, World
else:
    Org = World = Any

NOTIFICATIONS = "/api/v1/notifications"


async def deals(world: World, licensor: Org, licensee: Org, number: int) -> None:
    for n in range(number):
        message = DealOpened()
        message.deal.deal_id, message.deal.title = str(uuid4()), f"Patent {n}"
        message.deal.licensor_organisation_id = str(licensor.id)
        message.deal.licensee_organisation_id = str(licensee.id)
        world.later(seconds=1)
        await world.hear(world.record(message, UUID(message.deal.deal_id)))


@pytest.fixture
async def two_sides(world: World) -> tuple[Org, Org]:
    return await world.organisation("Uni"), await world.organisation("Anxi Tea")


@pytest.fixture
async def person(world: World, two_sides: tuple[Org, Org]) -> Principal:
    return await world.member(two_sides[0])


async def test_without_a_token_there_is_nothing_to_see(world: World) -> None:
    async with world.client(None) as client:
        for answer in (
            await client.get(NOTIFICATIONS),
            await client.get(f"{NOTIFICATIONS}/unread-count"),
            await client.post(f"{NOTIFICATIONS}/read-all", json={}),
            await client.post(f"{NOTIFICATIONS}/{uuid4()}/read"),
        ):
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"


async def test_pages_follow_one_another_newest_first(
    world: World, two_sides: tuple[Org, Org], person: Principal
) -> None:
    await deals(world, *two_sides, 7)
    titles, query = [], {"limit": "3"}
    async with world.client(person) as client:
        while True:
            answer = await client.get(NOTIFICATIONS, params=query)
            page = answer.json()
            titles += [item["text"] for item in page["items"]]
            assert ("next" in answer.links) is (page["next"] is not None)
            if page["next"] is None:
                break
            query = {"limit": "3", "cursor": page["next"]}
    assert titles == [f"Anxi Tea asks about “Patent {n}”." for n in range(6, -1, -1)]


async def test_read_one_then_all(world: World, two_sides: tuple[Org, Org], person: Principal) -> None:
    await deals(world, *two_sides, 3)
    newest = (await world.sees(person))[0]
    async with world.client(person) as client:
        first = await client.post(f"{NOTIFICATIONS}/{newest['notification_id']}/read")
        again = await client.post(f"{NOTIFICATIONS}/{newest['notification_id']}/read")
        assert first.json()["read_at"] == again.json()["read_at"] is not None
        assert await world.unread(person) == 2
        assert newest["notification_id"] not in {
            item["notification_id"] for item in await world.sees(person, unread=True)
        }
        assert (await client.post(f"{NOTIFICATIONS}/read-all", json={})).json() == {"read": 2}
        assert (await client.post(f"{NOTIFICATIONS}/read-all", json={})).json() == {"read": 0}
    assert await world.unread(person) == 0
    assert all(item["read"] for item in await world.sees(person))


async def test_a_colleague_has_own_notifications_and_cannot_touch_mine(
    world: World, two_sides: tuple[Org, Org], person: Principal
) -> None:
    colleague = await world.member(two_sides[0])
    await deals(world, *two_sides, 2)
    mine, theirs = await world.sees(person), await world.sees(colleague)
    assert not {item["notification_id"] for item in mine} & {item["notification_id"] for item in theirs}
    async with world.client(colleague) as client:
        answer = await client.post(f"{NOTIFICATIONS}/{mine[0]['notification_id']}/read")
        assert answer.status_code == 404
        assert answer.json()["title"] == "No such notification"
        await client.post(f"{NOTIFICATIONS}/read-all", json={})
    assert (await world.unread(person), await world.unread(colleague)) == (2, 0)


async def test_another_organisation_cannot_touch_mine(
    world: World, two_sides: tuple[Org, Org], person: Principal
) -> None:
    stranger = await world.member(two_sides[1])
    await deals(world, *two_sides, 1)
    (mine,) = await world.sees(person)
    async with world.client(stranger) as client:
        assert (await client.post(f"{NOTIFICATIONS}/{mine['notification_id']}/read")).status_code == 404
    assert await world.sees(stranger) == []
    assert await world.unread(person) == 1


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", NOTIFICATIONS, {"params": {"unread": "perhaps"}}),
        ("GET", NOTIFICATIONS, {"params": {"limit": "0"}}),
        ("GET", NOTIFICATIONS, {"params": {"cursor": "nonsense"}}),
        ("POST", f"{NOTIFICATIONS}/not-an-id/read", {}),
        ("POST", f"{NOTIFICATIONS}/read-all", {"json": {"colour": "red"}}),
    ],
)
async def test_bad_input_is_located(
    world: World, person: Principal, method: str, path: str, options: dict[str, Any]
) -> None:
    async with world.client(person) as client:
        answer = await client.request(method, path, **options)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"]
