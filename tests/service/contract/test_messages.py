"""What the parties write to each other, and how far their deals come."""

from dataclasses import replace

import pytest
from zayton.contract.v1 import events_pb2 as pb

from services.kit.auth import Role
from tests.service.contract.hall import EXCLUSIVE, ORDINARY, Hall, Json, good, refused
from tests.support.tokens import principal


async def test_everyone_in_the_deal_reads_what_anyone_in_it_wrote(hall: Hall) -> None:
    deal_id = await hall.inquired()
    for who, words in ((hall.company, "Any sample?"), (hall.university, "有，本周寄出。"), (hall.broker, " Good. ")):
        good(await hall.post(who, f"/{deal_id}/messages", {"text": words}), 201)
    for who in (hall.company, hall.university, hall.broker):
        items = good(await hall.get(who, f"/{deal_id}/messages"))["items"]
        assert [(each["from_side"], each["text"]) for each in items] == [
            ("broker", "Good."),
            ("licensor", "有，本周寄出。"),
            ("licensee", "Any sample?"),
        ]
        assert items[1]["author"] == hall.university.name


async def test_pages_of_a_long_conversation_meet_without_gap(hall: Hall) -> None:
    deal_id = await hall.inquired()
    for number in range(5):
        good(await hall.post(hall.company, f"/{deal_id}/messages", {"text": str(number)}), 201)
    first = good(await hall.get(hall.university, f"/{deal_id}/messages?limit=3"))
    rest = good(await hall.get(hall.university, f"/{deal_id}/messages?limit=3&cursor={first['next']}"))
    assert [each["text"] for each in first["items"] + rest["items"]] == ["4", "3", "2", "1", "0"]
    assert rest["next"] is None


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4_001, "a\x00b", None, 7])
async def test_what_is_no_message_is_located_and_tells_nobody(hall: Hall, text: object) -> None:
    deal_id = await hall.inquired()
    problem = refused(await hall.post(hall.company, f"/{deal_id}/messages", {"text": text}), 422, "invalid-input")
    assert [error["pointer"] for error in problem["errors"]] == ["/text"]
    assert [type(event.data) for event in await hall.published(deal_id)] == [pb.DealOpened]


async def test_the_longest_message_is_taken(hall: Hall) -> None:
    deal_id = await hall.inquired()
    good(await hall.post(hall.company, f"/{deal_id}/messages", {"text": "字" * 4_000}), 201)


async def test_a_message_is_told_and_moves_nothing(hall: Hall) -> None:
    deal_id = await hall.inquired()
    before = good(await hall.get(hall.company, f"/{deal_id}"))
    good(await hall.post(hall.company, f"/{deal_id}/messages", {"text": "Any sample?"}), 201)
    after = good(await hall.get(hall.company, f"/{deal_id}"))
    assert (after["state"], after["version"]) == (before["state"], before["version"])
    assert len(good(await hall.get(hall.company, f"/{deal_id}/history"))["items"]) == 1
    told = (await hall.published(deal_id))[-1]
    assert isinstance(told.data, pb.DealMessageSent)
    assert (told.version, told.data.text, told.data.deal.deal_id) == (before["version"], "Any sample?", deal_id)
    assert told.data.from_organisation_id == str(hall.company.organisation_id)


async def test_a_repeated_message_is_written_once(hall: Hall) -> None:
    deal_id = await hall.inquired()
    key = {"Idempotency-Key": "twice"}
    sent = [await hall.post(hall.company, f"/{deal_id}/messages", {"text": "Hello"}, **key) for _ in range(2)]
    assert good(sent[0], 201) == good(sent[1], 201)
    assert len(good(await hall.get(hall.company, f"/{deal_id}/messages"))["items"]) == 1


async def test_what_is_over_may_still_need_a_word(hall: Hall) -> None:
    deal_id = await hall.inquired()
    good(await hall.post(hall.university, f"/{deal_id}/reject", {"reason_code": "too_early"}))
    good(await hall.post(hall.university, f"/{deal_id}/messages", {"text": "Ask again in spring."}), 201)


async def test_strangers_and_viewers_write_nothing(hall: Hall) -> None:
    deal_id = await hall.inquired()
    for kind in ("university", "company", "broker", "operator"):
        stranger = principal(kind)
        refused(await hall.get(stranger, f"/{deal_id}/messages"), 404, "deal-not-found")
        refused(await hall.post(stranger, f"/{deal_id}/messages", {"text": "Hello"}), 404, "deal-not-found")
    viewer = replace(hall.company, role=Role.VIEWER)
    refused(await hall.post(viewer, f"/{deal_id}/messages", {"text": "Hello"}), 403, "forbidden")
    assert good(await hall.get(viewer, f"/{deal_id}/messages"))["items"] == []
    refused(await hall.get(None, f"/{deal_id}/messages"), 401, "unauthenticated")
    refused(await hall.post(None, f"/{deal_id}/messages", {"text": "Hello"}), 401, "unauthenticated")


async def test_whose_step_is_next_is_told_in_lists_as_in_the_deal(hall: Hall) -> None:
    deal_id = await hall.inquired()

    async def awaited() -> str | None:
        deal = good(await hall.get(hall.company, f"/{deal_id}"))
        listed = good(await hall.get(hall.company))["items"]
        assert [each["awaits"] for each in listed] == [deal["awaits"]]
        for who, side in ((hall.company, "licensee"), (hall.university, "licensor"), (hall.broker, "broker")):
            mine = good(await hall.get(who, "?awaiting_me=true"))["items"]
            assert [each["deal_id"] for each in mine] == ([deal_id] if deal["awaits"] == side else [])
            assert good(await hall.get(who, "/figures"))["awaiting_me"] == len(mine)
        return str(deal["awaits"]) if deal["awaits"] else None

    assert await awaited() == "licensor"
    await hall.offered(deal_id, ORDINARY)
    assert await awaited() == "licensee"
    offer_id = await hall.offered(deal_id, EXCLUSIVE, by=hall.company)
    assert await awaited() == "licensor"
    good(await hall.post(hall.university, f"/{deal_id}/offers/{offer_id}/accept"))
    assert await awaited() == "licensor"
    good(await hall.post(hall.university, f"/{deal_id}/signatures"), 201)
    assert await awaited() == "licensee"
    good(await hall.post(hall.company, f"/{deal_id}/signatures"), 201)
    assert await awaited() == "licensee"  # who is to pay


async def test_figures_count_how_far_deals_came_and_why_they_ended(hall: Hall) -> None:
    nothing: Json = {"total": 0, "awaiting_me": 0, "states": {}, "reached": {}, "ended_for": {}}
    assert good(await hall.get(hall.company, "/figures")) == nothing
    await hall.signed(ORDINARY)
    await hall.agreed(ORDINARY)
    left = await hall.inquired()
    await hall.offered(left, ORDINARY)
    await hall.offered(left, EXCLUSIVE, by=hall.company)
    good(await hall.post(hall.university, f"/{left}/reject", {"reason_code": "price"}))
    await hall.inquired()
    await hall.inquired(by=hall.rival)
    assert good(await hall.get(hall.company, "/figures")) == {
        "total": 4,
        "awaiting_me": 0,
        "states": {"active": 1, "term_sheet": 1, "rejected": 1, "inquiry": 1},
        "reached": {
            "opened": 4,
            "offer_made": 3,
            "offer_accepted": 2,
            "party_signed": 1,
            "contract_signed": 1,
            "deal_activated": 1,
            "closed": 1,
        },
        "ended_for": {"price": 1},
    }
    assert good(await hall.get(hall.university, "/figures"))["total"] == 5
    refused(await hall.get(None, "/figures"), 401, "unauthenticated")
