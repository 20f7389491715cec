"""G1 to G5 through the API: at the offer, at acceptance and at each signature, by the facts of that moment."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from zayton.common.v1 import types_pb2 as types
from zayton.listing.v1 import events_pb2 as listing_events

from tests.service.contract.hall import EXCLUSIVE, ORDINARY, Hall, Json, event, good, refused

PLEDGE = types.Encumbrance(kind=types.ENCUMBRANCE_KIND_PLEDGE, holder="Harbour Bank")
CONSENTED = types.Encumbrance(kind=types.ENCUMBRANCE_KIND_PLEDGE, holder="Bank", holder_consents=True)
CO_OWNER = types.Encumbrance(kind=types.ENCUMBRANCE_KIND_CO_OWNERSHIP, holder="Institute A")
OWN_USE = types.Encumbrance(
    kind=types.ENCUMBRANCE_KIND_LICENCE,
    holder="Haixia University",
    licence_form=types.DEAL_FORM_ORDINARY_LICENCE,
)
REGISTERED = types.Encumbrance(
    kind=types.ENCUMBRANCE_KIND_LICENCE,
    holder="Paper Ltd",
    licence_form=types.DEAL_FORM_SOLE_LICENCE,
    territories=["CN"],
)


def says(answer: httpx.Response, slug: str, rule: str, article: str) -> Json:
    problem = refused(answer, 409, slug)
    assert (problem["rule"], problem["article"]) == (rule, article)
    return problem


@pytest.mark.parametrize(
    ("encumbrance", "terms", "refusal"),
    [
        (OWN_USE, EXCLUSIVE, ("exclusive-excludes-licensor", "G1", "TI 25")),
        (REGISTERED, ORDINARY, ("overlapping-licence", "G2", "TI 25")),
        (CO_OWNER, EXCLUSIVE, ("co-owners-must-consent", "G4", "PL 14")),
        (CO_OWNER, {"form": "assignment"}, ("co-owners-must-consent", "G4", "PL 14")),
        (PLEDGE, ORDINARY, ("pledgee-must-consent", "G5", "CC 444")),
        (PLEDGE, {"form": "assignment"}, ("pledgee-must-consent", "G5", "CC 444")),
    ],
)
async def test_an_offer_against_a_burden_of_the_right(
    hall: Hall, encumbrance: types.Encumbrance, terms: Json, refusal: tuple[str, str, str]
) -> None:
    deal_id = await hall.inquired(await hall.listed(hall.right(encumbrance)))
    says(await hall.post(hall.university, f"/{deal_id}/offers", {"terms": terms}), *refusal)
    assert await hall.state(deal_id) == "inquiry"


@pytest.mark.parametrize(
    ("encumbrance", "terms", "note"),
    [
        (OWN_USE, {"form": "sole_licence"}, None),
        (REGISTERED, ORDINARY | {"territories": ["US"]}, None),
        (CO_OWNER, ORDINARY, "note-share-fees"),
        (CONSENTED, EXCLUSIVE, "note-proceeds-to-pledgee"),
    ],
)
async def test_what_a_burden_leaves_open(
    hall: Hall, encumbrance: types.Encumbrance, terms: Json, note: str | None
) -> None:
    deal_id = await hall.inquired(await hall.listed(hall.right(encumbrance)))
    await hall.offered(deal_id, terms)
    actions = good(await hall.get(hall.company, f"/{deal_id}"))["actions"]
    accept = next(action for action in actions if action["action"] == "accept")
    assert accept["allowed"]
    assert note is None or note in [each["code"] for each in accept["notes"]]


@pytest.mark.parametrize(
    "status",
    [
        types.RIGHT_STATUS_RECOVERABLE,
        types.RIGHT_STATUS_TERMINATED,
        types.RIGHT_STATUS_INVALIDATED,
        types.RIGHT_STATUS_WITHDRAWN_OR_REJECTED,
    ],
)
async def test_nothing_on_a_right_that_ended(hall: Hall, status: Any) -> None:
    deal_id = await hall.inquired(await hall.listed(hall.right(status=status)))
    answer = await hall.post(hall.university, f"/{deal_id}/offers", {"terms": ORDINARY})
    says(answer, "right-not-in-force", "G3", "CC 865")
    offer = good(await hall.get(hall.company, f"/{deal_id}"))["actions"][0]
    assert (offer["action"], offer["blocked_by"]["rule"]) == ("offer", "G3")


async def test_a_licence_ends_with_the_right_at_the_latest(hall: Hall) -> None:
    deal_id = await hall.inquired()
    for late in ({"ends_at": "2037-03-01T00:00:01Z"}, {"starts_at": "2037-03-01T00:00:00Z"}):
        answer = await hall.post(hall.university, f"/{deal_id}/offers", {"terms": ORDINARY | late})
        assert "2037-03-01" in says(answer, "term-outlives-right", "G3", "CC 865")["detail"]
    await hall.offered(deal_id, ORDINARY | {"ends_at": "2037-03-01T08:00:00+08:00"})


async def test_every_rail_that_refuses_is_listed(hall: Hall) -> None:
    deal_id = await hall.inquired(await hall.listed(hall.right(REGISTERED, CO_OWNER, PLEDGE)))
    answer = await hall.post(hall.university, f"/{deal_id}/offers", {"terms": EXCLUSIVE})
    problem = says(answer, "overlapping-licence", "G2", "TI 25")
    assert [error["code"] for error in problem["errors"]] == ["co-owners-must-consent", "pledgee-must-consent"]


@pytest.mark.parametrize("moment", ["acceptance", "first signature", "second signature"])
async def test_facts_that_changed_since_the_offer_stop_the_deal_then(hall: Hall, moment: str) -> None:
    right = hall.right()
    deal_id = await hall.inquired(await hall.listed(right))
    offer_id = await hall.offered(deal_id, EXCLUSIVE)
    steps = [
        (hall.company, f"/{deal_id}/offers/{offer_id}/accept"),
        (hall.university, f"/{deal_id}/signatures"),
        (hall.company, f"/{deal_id}/signatures"),
    ]
    number = ["acceptance", "first signature", "second signature"].index(moment)
    for who, path in steps[:number]:
        assert (await hall.post(who, path)).is_success
    right.status = types.RIGHT_STATUS_INVALIDATED
    await hall.hear(event(listing_events.RightStatusChanged(right=right), UUID(right.right_id), 2))
    before = await hall.state(deal_id)
    who, path = steps[number]
    says(await hall.post(who, path), "right-not-in-force", "G3", "CC 865")
    assert await hall.state(deal_id) == before
    right.status = types.RIGHT_STATUS_GRANTED
    await hall.hear(event(listing_events.RightStatusChanged(right=right), UUID(right.right_id), 3))
    assert (await hall.post(who, path)).is_success


async def test_a_right_that_changed_hands_is_not_signed_away_by_its_old_owner(hall: Hall) -> None:
    right = hall.right()
    deal_id = await hall.agreed(ORDINARY, await hall.listed(right))
    right.organisation_id = str(hall.rival.organisation_id)
    await hall.hear(event(listing_events.RightStatusChanged(right=right), UUID(right.right_id), 2))
    refused(await hall.post(hall.university, f"/{deal_id}/signatures"), 409, "not-the-owner")
    good(await hall.post(hall.company, f"/{deal_id}/withdraw", {"reason_code": "no_fit"}))


async def test_what_is_agreed_is_reserved_and_free_again_when_left(hall: Hall) -> None:
    listing_id = await hall.listed()
    first = await hall.agreed(EXCLUSIVE, listing_id)
    second = await hall.inquired(listing_id, by=hall.rival)
    answer = await hall.post(hall.university, f"/{second}/offers", {"terms": ORDINARY})
    assert "Jinjiang Cells" in says(answer, "overlapping-licence", "G2", "TI 25")["detail"]
    good(await hall.post(hall.university, f"/{first}/withdraw", {"reason_code": "price"}))
    await hall.offered(second, ORDINARY)


async def test_a_signed_licence_counts_at_once(hall: Hall) -> None:
    listing_id = await hall.listed()
    await hall.signed(EXCLUSIVE | {"territories": ["CN"], "field_of_use": "batteries"}, listing_id)
    second = await hall.inquired(listing_id, by=hall.rival)
    for overlapping in (EXCLUSIVE, ORDINARY | {"territories": ["US", "CN"]}, ORDINARY | {"field_of_use": "Batteries"}):
        answer = await hall.post(hall.university, f"/{second}/offers", {"terms": overlapping})
        says(answer, "overlapping-licence", "G2", "TI 25")
    await hall.offered(second, EXCLUSIVE | {"territories": ["US"]})


async def test_what_the_register_repeats_is_one_licence(hall: Hall) -> None:
    right = hall.right()
    listing_id = await hall.listed(right)
    deal_id = await hall.signed(ORDINARY, listing_id)
    repeated = types.Encumbrance(
        kind=types.ENCUMBRANCE_KIND_LICENCE,
        holder="Jinjiang Cells",
        licence_form=types.DEAL_FORM_ORDINARY_LICENCE,
        deal_id=deal_id,
    )
    right.encumbrances.append(repeated)
    await hall.hear(event(listing_events.RightEncumbrancesChanged(right=right), UUID(right.right_id), 2))
    # The licensee's own ordinary licence is no obstacle to its exclusive one, told once or twice.
    second = await hall.inquired(listing_id)
    await hall.offered(second, EXCLUSIVE)


async def test_nothing_is_left_after_an_assignment(hall: Hall) -> None:
    listing_id = await hall.listed()
    await hall.signed({"form": "assignment"}, listing_id)
    second = await hall.inquired(listing_id, by=hall.rival)
    answer = await hall.post(hall.university, f"/{second}/offers", {"terms": ORDINARY})
    says(answer, "already-transferred", "G2", "TI 25")
