"""Every endpoint × role × organisation: private things of others do not exist."""

from dataclasses import replace

import pytest

from services.kit.auth import Role
from services.kit.ids import new_id
from tests.service.contract.hall import ORDINARY, Hall, Json, good, refused
from tests.support.tokens import principal

LEAVE: Json = {"reason_code": "price"}
READS = ["", "/history"]


def writes(offer_id: str) -> dict[str, Json]:
    """Every write on a deal, with a sound body."""
    return {
        "/offers": {"terms": ORDINARY},
        f"/offers/{offer_id}/accept": {},
        "/reject": LEAVE,
        "/withdraw": LEAVE,
        "/signatures": {},
    }


async def test_without_a_token_there_is_nothing(hall: Hall) -> None:
    deal_id = await hall.inquired()
    offer_id = await hall.offered(deal_id, ORDINARY)
    refused(await hall.get(None), 401, "unauthenticated")
    refused(await hall.post(None, "", {"listing_id": str(new_id()), "message": ""}), 401, "unauthenticated")
    for path in READS:
        refused(await hall.get(None, f"/{deal_id}{path}"), 401, "unauthenticated")
    for path, body in writes(offer_id).items():
        refused(await hall.post(None, f"/{deal_id}{path}", body), 401, "unauthenticated")


@pytest.mark.parametrize("kind", ["university", "company", "broker", "operator"])
async def test_a_deal_of_others_does_not_exist(hall: Hall, kind: str) -> None:
    deal_id = await hall.inquired()
    offer_id = await hall.offered(deal_id, ORDINARY)
    for role in Role:
        foreigner = principal(kind, role)
        for path in READS:
            refused(await hall.get(foreigner, f"/{deal_id}{path}"), 404, "deal-not-found")
        assert good(await hall.get(foreigner))["items"] == []
        for path, body in writes(offer_id).items():
            answer = await hall.post(foreigner, f"/{deal_id}{path}", body)
            if role is Role.VIEWER:
                refused(answer, 403, "forbidden")
            else:
                refused(answer, 404, "deal-not-found")
    assert await hall.state(deal_id) == "offer"


async def test_the_same_answer_for_a_deal_that_never_was(hall: Hall) -> None:
    refused(await hall.get(hall.company, f"/{new_id()}"), 404, "deal-not-found")
    refused(await hall.get(hall.company, "/nonsense"), 422, "invalid-input")


@pytest.mark.parametrize("side", ["university", "company", "broker"])
async def test_a_viewer_reads_and_changes_nothing(hall: Hall, side: str) -> None:
    deal_id = await hall.inquired()
    offer_id = await hall.offered(deal_id, ORDINARY)
    viewer = replace(getattr(hall, side), role=Role.VIEWER)
    for path in READS:
        good(await hall.get(viewer, f"/{deal_id}{path}"))
    for path, body in writes(offer_id).items():
        refused(await hall.post(viewer, f"/{deal_id}{path}", body), 403, "forbidden")
    actions = good(await hall.get(viewer, f"/{deal_id}"))["actions"]
    assert actions
    assert {action["blocked_by"]["type"].rpartition("/")[2] for action in actions} == {"forbidden"}


async def test_a_broker_reads_and_does_not_act(hall: Hall) -> None:
    deal_id = await hall.inquired()
    offer_id = await hall.offered(deal_id, ORDINARY)
    assert good(await hall.get(hall.broker, f"/{deal_id}"))["my_side"] == "broker"
    for path, body in writes(offer_id).items():
        refused(await hall.post(hall.broker, f"/{deal_id}{path}", body), 403, "not-a-party")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
async def test_admins_and_agents_act(hall: Hall, role: Role) -> None:
    listing_id = await hall.listed()
    deal_id = await hall.inquired(listing_id, by=replace(hall.company, role=role))
    await hall.offered(deal_id, ORDINARY, by=replace(hall.university, role=role))


@pytest.mark.parametrize(
    ("kind", "role", "status"),
    [
        ("company", "admin", 201),
        ("university", "agent", 201),
        ("broker", "agent", 201),
        ("operator", "admin", 403),
        ("company", "viewer", 403),
    ],
)
async def test_who_may_inquire(hall: Hall, kind: str, role: str, status: int) -> None:
    body = {"listing_id": str(await hall.listed()), "message": "May we?"}
    answer = await hall.post(principal(kind, role), "", body)
    assert answer.status_code == status, answer.text


async def test_nobody_deals_with_itself(hall: Hall) -> None:
    body = {"listing_id": str(await hall.listed()), "message": "May we?"}
    refused(await hall.post(hall.university, "", body), 409, "deal-with-oneself")
    answer = await hall.post(hall.broker, "", body | {"broker_organisation_id": str(hall.broker.organisation_id)})
    refused(answer, 409, "deal-with-oneself")
