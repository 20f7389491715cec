"""Whatever anyone attempts, the deal moves along its table only, and its record never contradicts its state."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.contract.domain.deal import Deal
from services.contract.domain.facts import Grant
from services.contract.domain.options import options
from services.contract.domain.states import TRANSITIONS, Action, DealState, ReasonCode
from services.contract.domain.terms import DealForm, Terms
from services.kit.problems import Problem
from tests.unit.contract.makers import BROKER, COMPANY, NOW, PAPER, UNIVERSITY, actor, deal, grant, standing

organisations = st.sampled_from([UNIVERSITY, COMPANY, UNIVERSITY, COMPANY, BROKER])
forms = st.sampled_from([None, DealForm.ORDINARY_LICENCE, DealForm.EXCLUSIVE_LICENCE, DealForm.OPEN_LICENCE])
ARROWS = {(each.source, each.action, each.target) for each in TRANSITIONS if each.performed}


class Negotiation(RuleBasedStateMachine):
    deal: Deal
    now: datetime
    rival: tuple[Grant, ...]

    @initialize()
    def inquire(self) -> None:
        self.deal, self.now, self.rival = deal(), NOW, ()

    def attempt(self, action: Action, by: UUID, *, form: DealForm | None = None, older: bool = False) -> None:
        state, version, place = self.deal.state, self.deal.version, standing(*self.rival)
        allowed = {each.action for each in options(self.deal, by, place, self.now) if each.blocked_by is None}
        refusal = self.act(action, by, form=form, older=older)
        if refusal is not None:
            assert (self.deal.state, self.deal.version) == (state, version), "a refusal changes nothing"
            unwritten = action in {Action.OFFER, Action.COUNTER} or older
            assert action not in allowed or unwritten, f"{refusal.slug} was not foretold"
        else:
            assert action in allowed, "what was said to be blocked went through"
            assert (state, action, self.deal.state) in ARROWS

    def act(self, action: Action, by: UUID, *, form: DealForm | None, older: bool) -> Problem | None:
        place, who = standing(*self.rival), actor(by)
        offers = [offer.offer_id for offer in self.deal.offers]
        try:
            if action in {Action.OFFER, Action.COUNTER}:
                self.deal.offer(who, Terms(form), None, place, self.now)
            elif action is Action.ACCEPT:
                self.deal.accept(who, offers[0 if older else -1] if offers else UUID(int=0), place, self.now)
            elif action is Action.SIGN:
                self.deal.sign(who, place, self.now, PAPER)
            else:
                getattr(self.deal, action.value)(who, ReasonCode.PRICE, "", self.now)
        except Problem as problem:
            return problem
        return None

    @rule(by=organisations, form=forms)
    def propose(self, by: UUID, form: DealForm | None) -> None:
        self.attempt(self.deal.offer_action, by, form=form)

    @rule(by=organisations, older=st.booleans())
    def accept(self, by: UUID, older: bool) -> None:
        self.attempt(Action.ACCEPT, by, older=older)

    @rule(by=organisations)
    def sign(self, by: UUID) -> None:
        self.attempt(Action.SIGN, by)

    @rule(by=organisations, action=st.sampled_from([Action.REJECT, Action.WITHDRAW]), sure=st.integers(0, 5))
    def leave(self, by: UUID, action: Action, sure: int) -> None:
        if sure == 0:  # rarely, so that some runs reach a signature
            self.attempt(action, by)

    @rule(days=st.integers(1, 9))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        state = self.deal.state
        for offer in self.deal.offers:
            if offer.expires_at <= self.now and self.deal.expire(offer.offer_id, self.now):
                assert offer is self.deal.offers[-1]
                assert (state, Action.EXPIRE, self.deal.state) in ARROWS

    @rule(form=st.sampled_from([DealForm.ORDINARY_LICENCE, DealForm.EXCLUSIVE_LICENCE]))
    def a_rival_signs(self, form: DealForm) -> None:
        self.rival = (grant(form),)

    @invariant()
    def record_and_state_agree(self) -> None:
        the_deal = self.deal
        assert the_deal.version == len(the_deal.happenings)
        assert (the_deal.closing is not None) == (
            the_deal.state in {DealState.REJECTED, DealState.WITHDRAWN, DealState.OFFER_EXPIRED}
        )
        assert [offer.round for offer in the_deal.offers] == list(range(1, len(the_deal.offers) + 1))
        sides = [offer.from_organisation_id for offer in the_deal.offers]
        assert all(one != other for one, other in pairwise(sides)), "the sides take turns"
        signed = [signature.organisation_id for signature in the_deal.signatures]
        assert signed == [UNIVERSITY, COMPANY][: len(signed)]
        assert (len(signed) == 2) == (the_deal.state is DealState.SIGNED)
        assert BROKER not in sides + signed


TestNegotiation = Negotiation.TestCase
TestNegotiation.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
