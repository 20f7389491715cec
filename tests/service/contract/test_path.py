"""From inquiry to signature, as both sides, the other services and an auditor see it."""

import hashlib
import json

from zayton.contract.v1 import events_pb2 as pb

from services.kit.ids import new_id
from tests.service.contract.hall import EXCLUSIVE, ORDINARY, Hall, good, in_days, refused


async def test_from_inquiry_to_signature(hall: Hall) -> None:
    listing_id = await hall.listed()
    demand_id = str(new_id())
    body = {"listing_id": str(listing_id), "message": "May we?", "demand_id": demand_id}
    answer = await hall.post(hall.company, "", body)
    deal = good(answer, 201)
    deal_id = deal["deal_id"]
    assert answer.headers["location"] == f"/api/v1/deals/{deal_id}"
    assert answer.headers["etag"] == '"1"'
    assert (deal["state"], deal["version"], deal["my_side"], deal["broker"]) == ("inquiry", 1, "licensee", None)
    assert deal["licensor"] == {
        "organisation_id": str(hall.university.organisation_id),
        "name": "Haixia University",
        "kind": "university",
    }
    first = await hall.offered(deal_id, ORDINARY, by=hall.company)
    assert await hall.state(deal_id) == "offer"
    second = await hall.offered(deal_id, EXCLUSIVE, by=hall.university)
    assert await hall.state(deal_id) == "counter"
    assert first != second
    agreed = good(await hall.post(hall.company, f"/{deal_id}/offers/{second}/accept"))
    assert (agreed["state"], agreed["open_offer_id"]) == ("term_sheet", None)
    assert [offer["terms"]["form"] for offer in agreed["offers"]] == ["ordinary_licence", "exclusive_licence"]
    signing = good(await hall.post(hall.university, f"/{deal_id}/signatures"), 201)
    assert signing["state"] == "signing"
    signed = good(await hall.post(hall.company, f"/{deal_id}/signatures"), 201)
    assert signed["state"] == "signed"
    assert [(action["action"], action["allowed"]) for action in signed["actions"]] == [
        ("file_recordal", False),
        ("terminate", False),
    ]

    # Anyone can recompute what was signed.
    document = signed["document"]
    canonical = json.dumps(document["content"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert document["sha256"] == hashlib.sha256(canonical.encode()).hexdigest() == agreed["document"]["sha256"]
    assert document["content"]["terms"]["fixed_fee"] == {"currency": "CNY", "minor_units": 80_000_000}
    assert [(each["organisation_id"], each["document_sha256"]) for each in signed["signatures"]] == [
        (str(who.organisation_id), document["sha256"]) for who in (hall.university, hall.company)
    ]


async def test_other_services_are_told_in_order(hall: Hall) -> None:
    deal_id = await hall.inquired()
    await hall.offered(deal_id, ORDINARY)
    offer_id = await hall.offered(deal_id, EXCLUSIVE, by=hall.company)
    good(await hall.post(hall.university, f"/{deal_id}/offers/{offer_id}/accept"))
    for who in (hall.university, hall.company):
        good(await hall.post(who, f"/{deal_id}/signatures"), 201)
    events = await hall.published(deal_id)
    assert [type(event.data) for event in events] == [
        pb.DealOpened,
        pb.OfferMade,
        pb.OfferMade,
        pb.OfferAccepted,
        pb.ContractPartySigned,
        pb.ContractPartySigned,
        pb.ContractSigned,
        pb.InvoiceIssued,
    ]
    assert [event.version for event in events] == list(range(1, 9))
    assert {event.source for event in events} == {"/zayton/contract"}
    opened, last = events[0].data, events[-2].data
    assert isinstance(opened, pb.DealOpened)
    assert isinstance(last, pb.ContractSigned)
    assert opened.message == "May we?"
    assert opened.deal.broker_organisation_id == str(hall.broker.organisation_id)
    assert last.deal.state == pb.DEAL_STATE_SIGNED
    assert last.terms.fixed_fee.minor_units == 80_000_000
    assert last.HasField("signed_at")


async def test_a_signature_needs_no_body(hall: Hall) -> None:
    deal_id = await hall.agreed(ORDINARY)
    path = f"/api/v1/deals/{deal_id}/signatures"
    good(await hall.client.post(path, headers=hall.headers(hall.university)), 201)


async def test_a_no_is_published_with_its_reason(hall: Hall) -> None:
    deal_id = await hall.inquired()
    body = {"reason_code": "too_early", "note": "next year"}
    closed = good(await hall.post(hall.university, f"/{deal_id}/reject", body))
    assert closed["state"] == "rejected"
    assert (closed["closing"]["reason_code"], closed["closing"]["note"]) == ("too_early", "next year")
    last = (await hall.published(deal_id))[-1].data
    assert isinstance(last, pb.DealClosed)
    assert (last.reason, last.closed_by_organisation_id) == ("too_early", str(hall.university.organisation_id))
    assert last.deal.state == pb.DEAL_STATE_REJECTED


async def test_the_history_can_be_checked_without_us(hall: Hall) -> None:
    deal_id = await hall.signed(EXCLUSIVE)
    entries = []
    path = f"/{deal_id}/history?limit=2"
    while path:
        answer = await hall.get(hall.broker, path)
        page = good(answer)
        entries += page["items"]
        path = f"/{deal_id}/history?limit=2&cursor={page['next']}" if page["next"] else ""
    assert [entry["event"] for entry in entries] == [
        "opened", "offer_made", "offer_accepted", "party_signed", "party_signed", "contract_signed",
        "invoice_issued",
    ]  # fmt: skip
    previous = "0" * 64
    for number, entry in enumerate(entries, start=1):
        covered = {name: value for name, value in entry.items() if name != "hash"}
        canonical = json.dumps(covered, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert entry["hash"] == hashlib.sha256(canonical.encode()).hexdigest()
        assert (entry["sequence"], entry["previous_hash"]) == (number, previous)
        previous = entry["hash"]
    assert entries[2]["data"]["guards_passed"] == ["G1", "G2", "G3", "G4", "G5"]


async def test_lists_hold_ones_own_deals_newest_first(hall: Hall) -> None:
    listing_id = await hall.listed()
    made = [await hall.inquired(listing_id, broker=number == 0) for number in range(3)]
    await hall.inquired(listing_id, by=hall.rival, broker=False)
    good(await hall.post(hall.company, f"/{made[1]}/withdraw", {"reason_code": "no_fit"}))
    page = good(await hall.get(hall.company, "?limit=2"))
    assert [item["deal_id"] for item in page["items"]] == [made[2], made[1]]
    rest = await hall.get(hall.company, f"?limit=2&cursor={page['next']}")
    assert [item["deal_id"] for item in good(rest)["items"]] == [made[0]]
    assert [item["deal_id"] for item in good(await hall.get(hall.company, "?state=withdrawn"))["items"]] == [made[1]]
    assert [item["deal_id"] for item in good(await hall.get(hall.broker))["items"]] == [made[0]]
    assert len(good(await hall.get(hall.university))["items"]) == 4
    refused(await hall.get(hall.company, "?state=nonsense"), 422, "invalid-input")


async def test_a_repeated_request_takes_effect_once(hall: Hall) -> None:
    deal_id = await hall.inquired()
    body = {"terms": ORDINARY, "expires_at": in_days(3)}
    first = await hall.post(hall.university, f"/{deal_id}/offers", body, **{"Idempotency-Key": "k1"})
    again = await hall.post(hall.university, f"/{deal_id}/offers", body, **{"Idempotency-Key": "k1"})
    assert good(first, 201) == good(again, 201)
    assert len(await hall.published(deal_id)) == 2
    assert again.headers["etag"] == '"2"'


async def test_refusals_speak_the_readers_language(hall: Hall) -> None:
    deal_id = await hall.inquired()
    answer = await hall.post(hall.company, f"/{deal_id}/signatures", **{"Accept-Language": "zh-CN"})
    assert refused(answer, 409, "action-not-possible")["title"] == "当前状态下不能进行此操作"
    await hall.offered(deal_id, {"form": None})
    view = good(await hall.get(hall.company, f"/{deal_id}", **{"Accept-Language": "zh"}))
    accept = next(action for action in view["actions"] if action["action"] == "accept")
    assert accept["notes"][0]["text"].startswith("未写明许可方式")
    assert view["offers"][0]["form_in_law"] == "ordinary_licence"
