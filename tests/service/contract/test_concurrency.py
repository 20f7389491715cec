"""Real transactions at the same time: of two that exclude each other, one wins."""

import asyncio
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.service.contract.hall import EXCLUSIVE, ORDINARY, Hall, refused, together

ROUNDS = 5


async def chain_is_whole(hall: Hall, deal_id: str) -> bool:
    """Versions published and the history both run 1, 2, 3 … without a gap or a double."""
    versions = [event.version for event in await hall.published(deal_id)]
    history = await hall.value(
        "SELECT array_agg(sequence ORDER BY sequence) FROM history WHERE deal_id = :id", id=UUID(deal_id)
    )
    return versions == history == list(range(1, len(versions) + 1))


async def test_two_acceptances_at_once(hall: Hall) -> None:
    for _ in range(ROUNDS):
        deal_id = await hall.inquired()
        offer_id = await hall.offered(deal_id, EXCLUSIVE)
        accept = partial(hall.post, hall.company, f"/{deal_id}/offers/{offer_id}/accept")
        answers = await together(accept, accept)
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        refused(max(answers, key=lambda answer: answer.status_code), 409, "action-not-possible")
        assert await chain_is_whole(hall, deal_id)


async def test_acceptance_and_rejection_at_once(hall: Hall) -> None:
    for _ in range(ROUNDS):
        deal_id = await hall.inquired()
        offer_id = await hall.offered(deal_id, ORDINARY)
        accepted, rejected = await together(
            partial(hall.post, hall.company, f"/{deal_id}/offers/{offer_id}/accept"),
            partial(hall.post, hall.company, f"/{deal_id}/reject", {"reason_code": "price"}),
        )
        assert {accepted.status_code, rejected.status_code} == {200, 409}
        assert await hall.state(deal_id) == ("term_sheet" if accepted.is_success else "rejected")
        assert await chain_is_whole(hall, deal_id)


async def test_two_counters_at_once(hall: Hall) -> None:
    deal_id = await hall.inquired()
    await hall.offered(deal_id, ORDINARY)
    counter = partial(hall.post, hall.company, f"/{deal_id}/offers", {"terms": ORDINARY})
    answers = await together(counter, counter, counter)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert await chain_is_whole(hall, deal_id)


@pytest.mark.parametrize("first", ["answer", "clock"])
async def test_acceptance_and_expiry_in_the_same_second(hall: Hall, first: str) -> None:
    """Both wait for the deal's row; whichever gets it decides, and the other finds the deal changed."""
    deal_id = await hall.inquired()
    offer_id = await hall.offered(deal_id, ORDINARY)
    lapses_in_s = 30 if first == "answer" else 0
    await hall.times(f"UPDATE offers SET expires_at = now() + interval '{lapses_in_s} s'")
    await hall.times("UPDATE timers SET due_at = now() - interval '1 s'")
    async with hall.service.database.transaction() as session:
        await session.execute(text("SELECT 1 FROM deals WHERE deal_id = :id FOR UPDATE"), {"id": UUID(deal_id)})
        accept = partial(hall.post, hall.company, f"/{deal_id}/offers/{offer_id}/accept")
        if first == "answer":
            answering = asyncio.create_task(accept())
            await waiting(hall, 1)
            firing = asyncio.create_task(hall.fire_timers())
        else:
            firing = asyncio.create_task(hall.fire_timers())
            await waiting(hall, 1)
            answering = asyncio.create_task(accept())
        await waiting(hall, 2)
    await firing
    answer = await answering
    if first == "answer":
        assert answer.status_code == 200, answer.text
        assert await hall.state(deal_id) == "term_sheet"
    else:
        refused(answer, 409, "action-not-possible")
        assert await hall.state(deal_id) == "offer_expired"
    assert await hall.value("SELECT count(*) FROM timers") == 0
    assert await chain_is_whole(hall, deal_id)


async def waiting(hall: Hall, number: int) -> None:
    """Return once so many transactions wait for a lock."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(4):
        while await hall.value(waits) != number:  # noqa: ASYNC110  # the server has no event to wait for
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("step", ["acceptance", "signature"])
async def test_two_exclusive_deals_on_one_right(hall: Hall, step: str) -> None:
    """Neither deal sees the other's uncommitted grant; the lock on the right makes the second wait and look again."""
    for _ in range(ROUNDS):
        listing_id = await hall.listed()
        deals = []
        for who in (hall.company, hall.rival):
            deal_id = await hall.inquired(listing_id, by=who, broker=False)
            deals.append((who, deal_id, await hall.offered(deal_id, EXCLUSIVE)))
        if step == "signature":
            # Both agreed by hand, as before reservations: the signature alone must still keep them apart.
            for who, deal_id, offer_id in deals:
                assert (await hall.post(who, f"/{deal_id}/offers/{offer_id}/accept")).is_success
                await hall.times("UPDATE grants SET right_id = gen_random_uuid() WHERE NOT running")
        requests = [
            partial(hall.post, who, f"/{deal_id}/offers/{offer_id}/accept")
            if step == "acceptance"
            else partial(hall.post, who, f"/{deal_id}/signatures")
            for who, deal_id, offer_id in deals
        ]
        if step == "signature":
            for _who, deal_id, _offer in deals:
                assert (await hall.post(hall.university, f"/{deal_id}/signatures")).is_success
        answers = await together(*requests)
        assert sorted(answer.is_success for answer in answers) == [False, True], [each.text for each in answers]
        loser = next(answer for answer in answers if not answer.is_success)
        problem = refused(loser, 409, "overlapping-licence")
        assert (problem["rule"], problem["article"]) == ("G2", "TI 25")


async def test_two_deals_answer_each_other_without_a_deadlock(hall: Hall) -> None:
    listing_id = await hall.listed()
    deals = []
    for who in (hall.company, hall.rival):
        deal_id = await hall.inquired(listing_id, by=who, broker=False)
        deals.append((who, deal_id, await hall.offered(deal_id, ORDINARY)))
    answers = await together(
        *(partial(hall.post, who, f"/{deal_id}/offers/{offer_id}/accept") for who, deal_id, offer_id in deals)
    )
    assert [answer.status_code for answer in answers] == [200, 200]
