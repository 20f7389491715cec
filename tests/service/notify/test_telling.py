"""Who is told what: once per cause and person, whatever is redelivered, in whatever order it comes."""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from zayton.contract.v1.events_pb2 import DealOpened, OfferMade
from zayton.listing.v1.events_pb2 import ImportFinished, ListingPublished
from zayton.matching.v1.events_pb2 import MatchFound

from services.kit.auth import Role

if TYPE_CHECKING:
    from tests.service.notify.conftest import Org, World
else:
    Org = World = Any


def opened(licensor: Org, licensee: Org, broker: Org | None = None) -> DealOpened:
    message = DealOpened()
    message.deal.deal_id = str(uuid4())
    message.deal.title = "Kiln heat recovery"
    message.deal.licensor_organisation_id = str(licensor.id)
    message.deal.licensee_organisation_id = str(licensee.id)
    message.deal.broker_organisation_id = str(broker.id) if broker else ""
    return message


def found(demand_side: Org, listing_side: Org, *, demand: UUID, listing: str = "A glaze") -> MatchFound:
    message = MatchFound()
    message.match.match_id = str(uuid4())
    message.match.demand_id = str(demand)
    message.match.demand_title = "Lead-free glaze wanted"
    message.match.demand_organisation_id = str(demand_side.id)
    message.match.listing_organisation_id = str(listing_side.id)
    message.match.listing_title = listing
    return message


async def test_the_other_side_and_the_broker_hear_of_a_deal_the_actor_does_not(world: World) -> None:
    university, company, broker = [await world.organisation(name) for name in ("Uni", "Anxi Tea", "Port Brokers")]
    licensor, licensee, agent = [await world.member(org) for org in (university, company, broker)]
    deal = opened(university, company, broker)
    await world.hear(world.record(deal, UUID(deal.deal.deal_id)))
    for person in (licensor, agent):
        (told,) = await world.sees(person)
        assert told["kind"] == "deal_opened"
        assert told["text"] == "Anxi Tea asks about “Kiln heat recovery”."
        assert told["link"] == f"/api/v1/deals/{deal.deal.deal_id}"
        assert (told["count"], told["read"]) == (1, False)
    assert await world.sees(licensee) == []


async def test_each_member_reads_it_in_the_language_of_the_account(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("安溪茶业")
    english, chinese = await world.member(university), await world.member(university, language="zh")
    deal = opened(university, company)
    await world.hear(world.record(deal, UUID(deal.deal.deal_id)))
    assert (await world.sees(english))[0]["title"] == "A new inquiry"
    assert (await world.sees(chinese))[0]["text"] == "安溪茶业 就“Kiln heat recovery”发来询盘。"
    await world.change(university, english, language="zh")
    assert (await world.sees(english))[0]["title"] == "收到新的询盘"


async def test_roles_decide_who_of_an_organisation_is_told(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("Anxi Tea")
    people = {role: await world.member(university, role) for role in Role}
    deal = opened(university, company)
    await world.hear(world.record(deal, UUID(deal.deal.deal_id)))
    counts = {role: len(await world.sees(person)) for role, person in people.items()}
    assert counts == {Role.ADMIN: 1, Role.AGENT: 1, Role.VIEWER: 0}


async def test_redelivery_tells_nobody_twice_even_when_the_inbox_has_forgotten(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("Anxi Tea")
    person = await world.member(university)
    deal = opened(university, company)
    record = world.record(deal, UUID(deal.deal.deal_id))
    await world.hear(record, record)
    await world.hear(record)
    assert len(await world.sees(person)) == 1
    async with world.service.database.transaction() as session:
        await session.execute(text("TRUNCATE inbox"))
    await world.hear(record)
    (told,) = await world.sees(person)
    assert told["count"] == 1


async def test_redelivered_matches_are_not_counted_again(world: World) -> None:
    company, university = await world.organisation("Anxi Tea"), await world.organisation("Uni")
    person = await world.member(company)
    demand = uuid4()
    records = [world.record(found(company, university, demand=demand), uuid4()) for _ in range(5)]
    await world.hear(*records)
    await world.hear(*records[2:], *records)
    (told,) = await world.sees(person)
    assert told["count"] == 5


async def test_many_matches_for_one_demand_are_one_notification_with_a_count(world: World) -> None:
    company, university = await world.organisation("Anxi Tea"), await world.organisation("Uni")
    buyer, seller = await world.member(company), await world.member(university)
    demand, other = uuid4(), uuid4()
    for _ in range(4):
        world.later(seconds=30)
        await world.hear(*[world.record(found(company, university, demand=demand), uuid4()) for _ in range(10)])
    await world.hear(world.record(found(company, university, demand=other, listing="A kiln"), uuid4()))
    one, many = await world.sees(buyer)
    assert (one["count"], one["text"]) == (1, "“A kiln” fits your demand “Lead-free glaze wanted”.")
    assert (many["count"], many["text"]) == (40, "40 listings fit your demand “Lead-free glaze wanted”.")
    assert many["link"] == f"/api/v1/matches?demand_id={demand}"
    assert many["created_at"] < many["updated_at"]
    (for_the_seller,) = await world.sees(seller)
    assert for_the_seller["count"] == 41


async def test_a_match_after_the_window_is_news_again(world: World) -> None:
    company, university = await world.organisation("Anxi Tea"), await world.organisation("Uni")
    person = await world.member(company)
    demand = uuid4()
    await world.hear(world.record(found(company, university, demand=demand), uuid4()))
    world.later(minutes=9)
    await world.hear(world.record(found(company, university, demand=demand), uuid4()))
    world.later(minutes=2)
    await world.hear(world.record(found(company, university, demand=demand), uuid4()))
    assert [told["count"] for told in await world.sees(person)] == [1, 2]


async def test_a_group_that_grows_after_it_was_read_is_unread_again(world: World) -> None:
    company, university = await world.organisation("Anxi Tea"), await world.organisation("Uni")
    person = await world.member(company)
    demand = uuid4()
    await world.hear(world.record(found(company, university, demand=demand), uuid4()))
    (told,) = await world.sees(person)
    async with world.client(person) as client:
        read = (await client.post(f"/api/v1/notifications/{told['notification_id']}/read", json={})).json()
    assert read["read"]
    assert await world.unread(person) == 0
    await world.hear(world.record(found(company, university, demand=demand), uuid4()))
    (again,) = await world.sees(person, unread=True)
    assert (again["notification_id"], again["count"], again["read"], again["read_at"]) == (
        told["notification_id"],
        2,
        False,
        None,
    )
    assert await world.unread(person) == 1


async def test_an_import_of_thousands_is_one_notification(world: World) -> None:
    university = await world.organisation("Uni")
    person = await world.member(university)
    message = ListingPublished()
    message.listing.organisation_id = str(university.id)
    await world.hear(*[world.record(message, uuid4()) for _ in range(500)])
    assert await world.sees(person) == []
    done = ImportFinished(
        import_id=str(uuid4()), organisation_id=str(university.id), rows=8000, accepted=7998, rejected=2
    )
    await world.hear(world.record(done, UUID(done.import_id)))
    (told,) = await world.sees(person)
    assert told["text"] == "Of 8000 rows 7998 were taken and 2 refused."


async def test_who_joins_later_does_not_get_old_news(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("Anxi Tea")
    await world.member(university)
    deal = opened(university, company)
    early = world.record(deal, UUID(deal.deal.deal_id))
    world.later(seconds=5)
    newcomer = await world.member(university)
    await world.hear(early)  # even if it is only now delivered
    assert await world.sees(newcomer) == []


async def test_who_joined_before_it_happened_is_told_whichever_event_comes_first(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("Anxi Tea")
    person, joining = world.joined(university)
    world.later(seconds=1)
    deal = opened(university, company)
    await world.hear(world.record(deal, UUID(deal.deal.deal_id)))
    assert await world.sees(person) == []
    await world.hear(joining)
    assert len(await world.sees(person)) == 1


async def test_joining_and_being_told_at_the_same_moment_do_not_miss_each_other(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("Anxi Tea")
    people, work = [], []
    for _ in range(20):
        person, joining = world.joined(university)
        people.append(person)
        world.later(seconds=0.5)
        deal = opened(university, company)
        work += [world.hear(joining), world.hear(world.record(deal, UUID(deal.deal.deal_id)))]
        world.later(seconds=0.5)
    await asyncio.gather(*work)
    assert [len(await world.sees(person)) for person in people] == list(range(20, 0, -1))


async def test_two_workers_adding_to_one_group_lose_no_count(world: World) -> None:
    company, university = await world.organisation("Anxi Tea"), await world.organisation("Uni")
    person = await world.member(company)
    demands = [uuid4() for _ in range(5)]
    batches = [
        [world.record(found(company, university, demand=demand), uuid4()) for demand in demands] for _ in range(20)
    ]
    await asyncio.gather(*[world.hear(*batch) for batch in batches])
    assert [told["count"] for told in await world.sees(person)] == [20] * 5


async def test_who_has_left_is_told_nothing_and_what_was_told_is_gone(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("Anxi Tea")
    person = await world.member(university)
    late = world.joined(university, version=1)[1]
    deal = opened(university, company)
    await world.hear(world.record(deal, UUID(deal.deal.deal_id)))
    assert len(await world.sees(person)) == 1
    await world.leave(university, person)
    assert await world.sees(person) == []
    await world.hear(late, world.record(opened(university, company), uuid4()))
    assert await world.sees(person) == []


async def test_a_late_older_change_does_not_undo_a_newer_one(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("Anxi Tea")
    person, joining = world.joined(university, Role.ADMIN)
    await world.change(university, person, role=Role.VIEWER)
    await world.hear(joining)
    await world.hear(world.record(opened(university, company), uuid4()))
    assert await world.sees(person) == []


async def test_an_event_that_names_no_organisation_becomes_a_dead_letter_alone(world: World) -> None:
    university, company = await world.organisation("Uni"), await world.organisation("Anxi Tea")
    person = await world.member(university)
    broken = OfferMade()
    broken.deal.licensor_organisation_id = "not an id"
    await world.hear(
        world.record(broken, uuid4()), *[world.record(opened(university, company), uuid4()) for _ in range(3)]
    )
    assert len(await world.sees(person)) == 3
    async with world.service.database.transaction() as session:
        reasons = (await session.execute(text("SELECT reason FROM dead_letters"))).scalars().all()
    assert reasons == ["ValueError"]


@pytest.mark.parametrize("role", list(Role))
async def test_a_new_member_of_any_role_may_look(world: World, role: Role) -> None:
    person = await world.member(await world.organisation("Uni"), role)
    assert await world.sees(person) == []
    assert await world.unread(person) == 0
