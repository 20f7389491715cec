from collections import Counter

from zayton.contract.v1 import events_pb2

from services.contract.domain.states import (
    AGREED,
    HOLD_EXPIRY,
    OFFER_EXPIRY,
    TRANSITIONS,
    Action,
    By,
    DealState,
    Transition,
    performed_from,
    transition,
)

FULFILMENT = AGREED - {DealState.TERM_SHEET, DealState.SIGNING}
ENDS = {DealState.REJECTED, DealState.WITHDRAWN, DealState.OFFER_EXPIRED}


def test_the_states_are_those_of_the_contract_between_services() -> None:
    published = {name.removeprefix("DEAL_STATE_").lower() for name in events_pb2.DealState.DESCRIPTOR.values_by_name}
    assert {state.value for state in DealState} == published - {"unspecified"}


def test_a_state_and_an_action_lead_to_one_state() -> None:
    assert not [pair for pair, times in Counter((t.source, t.action) for t in TRANSITIONS).items() if times > 1]


def test_every_state_is_reached_and_every_performed_one_from_the_inquiry() -> None:
    assert {each.target for each in TRANSITIONS} == set(DealState)
    reached = {DealState.INQUIRY}
    for _ in DealState:
        reached |= {each.target for each in TRANSITIONS if each.performed and each.source in reached}
    assert reached == {each.target for each in TRANSITIONS if each.performed}


def test_side_exits_and_the_end_of_the_contract_end_what_this_version_performs() -> None:
    performed = {each.target for each in TRANSITIONS if each.performed}
    over = {DealState.EXPIRED, DealState.TERMINATED, DealState.REFUNDED}
    assert {state for state in performed if not performed_from(state)} == ENDS | over


def test_every_state_before_the_contract_can_be_left_without_one() -> None:
    open_states = {each.source for each in TRANSITIONS if each.performed and each.source} - FULFILMENT
    assert open_states == {DealState.INQUIRY, DealState.OFFER, DealState.COUNTER} | {
        DealState.TERM_SHEET,
        DealState.SIGNING,
    }
    for state in open_states:
        assert {each.target for each in performed_from(state)} & ENDS


def test_money_that_is_held_always_has_a_way_out() -> None:
    holding = {DealState.FUNDED, DealState.RECORDAL_FILED, DealState.RECORDAL_REFUSED, DealState.DISPUTED}
    for state in holding:
        assert transition(state, Action.EXPIRE_HOLD) == Transition(
            state, Action.EXPIRE_HOLD, DealState.REFUNDED, By.TIMER, timer=HOLD_EXPIRY
        )


def test_whatever_puts_an_offer_on_the_table_starts_its_clock_and_only_clocks_expire_anything() -> None:
    for each in TRANSITIONS:
        assert (each.timer == OFFER_EXPIRY) == (each.action in {Action.OFFER, Action.COUNTER, Action.EXPIRE})
        assert (each.by is By.TIMER) == (each.action in {Action.EXPIRE, Action.EXPIRE_HOLD, Action.END})
        assert not (each.by is By.TIMER and each.timer is None)


def test_offers_acceptance_and_signature_are_guarded() -> None:
    guarded = {each.action for each in TRANSITIONS if each.performed and each.guards}
    assert guarded == {Action.OFFER, Action.COUNTER, Action.ACCEPT, Action.SIGN, Action.FILE_RECORDAL}
