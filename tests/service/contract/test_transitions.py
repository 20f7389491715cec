"""Every state × action × side through the API: what the table allows happens, everything else is refused."""

import pytest

from services.contract.domain.states import AGREED, TRANSITIONS, Action, By, DealState, transition
from tests.service.contract.hall import ORDINARY, PAID, Hall, Json, good, refused

BEFORE_THE_CONTRACT = {DealState.TERM_SHEET, DealState.SIGNING, DealState.SIGNED}
LEAVE: Json = {"reason_code": "capacity"}
# Up to the contract. What comes after it has its own tests (test_fulfilment.py).
STATES = sorted({each.target for each in TRANSITIONS if each.performed} - AGREED | BEFORE_THE_CONTRACT)
ACTIONS = [Action.OFFER, Action.ACCEPT, Action.REJECT, Action.WITHDRAW, Action.SIGN]


async def deal_in(hall: Hall, state: DealState) -> str:
    """A deal brought to a state by the API; the university has made the offer on the table, if there is one."""
    if state in {DealState.TERM_SHEET, DealState.SIGNING, DealState.SIGNED}:
        deal_id = await hall.agreed(PAID)
        signers = {DealState.SIGNING: 1, DealState.SIGNED: 2}.get(state, 0)
        for who in (hall.university, hall.company)[:signers]:
            good(await hall.post(who, f"/{deal_id}/signatures"), 201)
        return deal_id
    deal_id = await hall.inquired()
    if state is DealState.REJECTED:
        good(await hall.post(hall.university, f"/{deal_id}/reject", LEAVE))
    elif state is DealState.WITHDRAWN:
        good(await hall.post(hall.company, f"/{deal_id}/withdraw", LEAVE))
    elif state is DealState.COUNTER:
        await hall.offered(deal_id, ORDINARY, by=hall.company)
        await hall.offered(deal_id, ORDINARY, by=hall.university)
    elif state in {DealState.OFFER, DealState.OFFER_EXPIRED}:
        await hall.offered(deal_id, ORDINARY, by=hall.university)
    if state is DealState.OFFER_EXPIRED:
        await hall.times("UPDATE offers SET expires_at = now() - interval '1 s'")
        await hall.times("UPDATE timers SET due_at = now() - interval '1 s'")
        await hall.fire_timers()
    assert await hall.state(deal_id) == state
    return deal_id


def expected(state: DealState, action: Action, side: By) -> DealState | str:
    """The state reached, or the slug of the refusal."""
    on_the_table = state in {DealState.OFFER, DealState.COUNTER}
    found = transition(state, Action.COUNTER if action is Action.OFFER and on_the_table else action)
    if found is None:
        return "action-not-possible"
    table_side = {By.OFFEROR: By.LICENSOR, By.ADDRESSEE: By.LICENSEE}.get(found.by, found.by)
    return found.target if table_side in {side, By.EITHER} else "not-your-turn"


def test_the_whole_table_is_gone_through() -> None:
    reached = {
        (state, action, outcome)
        for state in STATES
        for action in ACTIONS
        for side in (By.LICENSOR, By.LICENSEE)
        if isinstance(outcome := expected(state, action, side), DealState)
    }
    by_hand = {
        (each.source, Action.OFFER if each.action is Action.COUNTER else each.action, each.target)
        for each in TRANSITIONS
        if each.performed and each.source in STATES and each.by is not By.TIMER and each.target in STATES
    }
    assert reached == by_hand


@pytest.mark.parametrize("side", [By.LICENSOR, By.LICENSEE])
@pytest.mark.parametrize("state", STATES)
async def test_every_action(hall: Hall, state: DealState, side: By) -> None:
    who = hall.university if side is By.LICENSOR else hall.company
    for action in ACTIONS:
        deal_id = await deal_in(hall, state)
        before = len(await hall.published(deal_id))
        offers = good(await hall.get(who, f"/{deal_id}"))["offers"]
        paths: dict[Action, tuple[str, Json]] = {
            Action.OFFER: ("/offers", {"terms": ORDINARY}),
            Action.ACCEPT: (f"/offers/{offers[-1]['offer_id'] if offers else deal_id}/accept", {}),
            Action.REJECT: ("/reject", LEAVE),
            Action.WITHDRAW: ("/withdraw", LEAVE),
            Action.SIGN: ("/signatures", {}),
        }
        path, body = paths[action]
        answer = await hall.post(who, f"/{deal_id}{path}", body)
        outcome = expected(state, action, side)
        if isinstance(outcome, DealState):
            assert answer.is_success, (action, answer.text)
            assert await hall.state(deal_id) == outcome
        elif action is Action.ACCEPT and not offers:
            refused(answer, 404, "offer-not-found")
        else:
            refused(answer, 409, outcome)
        if not isinstance(outcome, DealState):
            assert await hall.state(deal_id) == state
            assert len(await hall.published(deal_id)) == before


async def test_only_the_latest_offer_is_accepted(hall: Hall) -> None:
    deal_id = await hall.inquired()
    first = await hall.offered(deal_id, ORDINARY, by=hall.company)
    second = await hall.offered(deal_id, ORDINARY, by=hall.university)
    refused(await hall.post(hall.company, f"/{deal_id}/offers/{first}/accept"), 409, "offer-superseded")
    refused(await hall.post(hall.university, f"/{deal_id}/offers/{second}/accept"), 409, "not-your-turn")
    good(await hall.post(hall.company, f"/{deal_id}/offers/{second}/accept"))


async def test_what_one_may_do_is_what_the_deal_says_one_may(hall: Hall) -> None:
    deal_id = await deal_in(hall, DealState.OFFER)
    seen = {
        side: {
            action["action"]: action["blocked_by"] and action["blocked_by"]["type"].rpartition("/")[2]
            for action in good(await hall.get(who, f"/{deal_id}"))["actions"]
        }
        for side, who in (("licensor", hall.university), ("licensee", hall.company))
    }
    turn = "not-your-turn"
    assert seen == {
        "licensor": {"counter": turn, "accept": turn, "reject": turn, "withdraw": None},
        "licensee": {"counter": None, "accept": None, "reject": None, "withdraw": turn},
    }
