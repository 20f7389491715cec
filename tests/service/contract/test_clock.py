from datetime import UTC, datetime, timedelta

import pytest
from zayton.contract.v1 import events_pb2 as pb

from tests.service.contract.hall import ORDINARY, Hall, good, in_days, refused
from tests.service.contract.till import FEE, Till


async def test_an_offer_nobody_answers_lapses(hall: Hall) -> None:
    deal_id = await hall.inquired()
    offer_id = await hall.offered(deal_id, ORDINARY)
    offer = good(await hall.get(hall.company, f"/{deal_id}"))["offers"][0]
    lasts = datetime.fromisoformat(offer["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=13, hours=23) < lasts <= timedelta(days=14)
    await hall.fire_timers()
    assert await hall.state(deal_id) == "offer", "not before its time"

    await hall.times("UPDATE offers SET expires_at = now() - interval '1 s'")
    refused(await hall.post(hall.company, f"/{deal_id}/offers/{offer_id}/accept"), 409, "offer-expired")
    await hall.times("UPDATE timers SET due_at = now() - interval '1 s'")
    await hall.fire_timers()
    closed = good(await hall.get(hall.company, f"/{deal_id}"))
    assert (closed["state"], closed["actions"], closed["open_offer_id"]) == ("offer_expired", [], None)
    assert closed["closing"]["reason_code"] == "offer_expired"
    assert closed["closing"]["closed_by_organisation_id"] is None
    event = (await hall.published(deal_id))[-1]
    assert isinstance(event.data, pb.DealClosed)
    assert (event.data.reason, event.data.closed_by_organisation_id, event.version) == ("offer_expired", "", 3)
    history = good(await hall.get(hall.company, f"/{deal_id}/history"))["items"]
    assert history[-1]["actor"] == {"timer": "offer_expiry"}


async def test_the_clock_of_an_answered_offer_does_nothing(hall: Hall) -> None:
    deal_id = await hall.inquired()
    await hall.offered(deal_id, ORDINARY, by=hall.company)
    latest = await hall.offered(deal_id, ORDINARY, by=hall.university, expires_at=in_days(30))
    await hall.times("UPDATE timers SET due_at = now() - interval '1 s'")
    await hall.times("UPDATE offers SET expires_at = now() - interval '1 s' WHERE round = 1")
    await hall.fire_timers()
    assert await hall.state(deal_id) == "counter"
    good(await hall.post(hall.company, f"/{deal_id}/offers/{latest}/accept"))
    assert await hall.value("SELECT count(*) FROM timers") == 0
    await hall.times("UPDATE offers SET expires_at = now() - interval '1 s'")
    await hall.fire_timers()
    assert await hall.state(deal_id) == "term_sheet"


@pytest.mark.parametrize(("days", "code"), [(-1, "not-future"), (180.01, "offer-too-long")])
async def test_an_offers_life_is_bounded(hall: Hall, days: float, code: str) -> None:
    deal_id = await hall.inquired()
    answer = await hall.post(hall.university, f"/{deal_id}/offers", {"terms": ORDINARY, "expires_at": in_days(days)})
    (error,) = refused(answer, 422, "invalid-input")["errors"]
    assert (error["pointer"], error["code"]) == ("/expires_at", code)


async def test_an_offer_may_last_half_a_year(hall: Hall) -> None:
    await hall.offered(await hall.inquired(), ORDINARY, expires_at=in_days(179.9))


@pytest.mark.parametrize(
    ("filed", "refused_by_the_office", "told"), [(False, False, 1), (True, False, 0), (True, True, 1)]
)
async def test_parties_are_told_when_the_term_for_recordal_ends_and_nothing_is_under_way(
    money: Till, filed: bool, refused_by_the_office: bool, told: int
) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await money.statement((FEE, invoice["reference"]))
    if filed:
        filing = {"filing_number": "F1", "filed_on": datetime.now(UTC).date().isoformat()}
        good(await hall.post(hall.university, f"/{deal_id}/recordal", filing), 201)
    if refused_by_the_office:
        good(await money.post(money.operator, f"/recordals/{deal_id}/refusal", {"reason": "the seal is missing"}))
        refusal = (await hall.published(deal_id))[-1].data
        assert isinstance(refusal, pb.RecordalRefused)
        assert (refusal.reason, refusal.recordal.filing_number) == ("the seal is missing", "F1")
        assert refusal.recordal.HasField("due_at")
    await hall.times("UPDATE timers SET due_at = now() - interval '1 s' WHERE kind = 'recordal_due'")
    await hall.fire_timers()
    reminders = [each.data for each in await hall.published(deal_id) if isinstance(each.data, pb.RecordalDue)]
    assert [each.article for each in reminders] == ["PR 15"] * told
