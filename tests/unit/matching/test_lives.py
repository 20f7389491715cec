"""What becomes of a demand and of a match."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.messages import Catalogue
from services.matching.domain import errors
from services.matching.domain.demands import Demand, DemandStatus
from services.matching.domain.eligibility import Bar
from services.matching.domain.facts import DealForm, Maturity
from services.matching.domain.features import MATURITY
from services.matching.domain.feedback import DismissalReason
from services.matching.domain.matches import TRANSITIONS, Judgement, Match, Party, Side, Standing, Verdict
from tests.unit.matching.makers import NOW, demand

MESSAGES = Path(__file__).parents[3] / "services" / "matching" / "messages.toml"


def opened() -> Demand:
    return Demand(demand(), "刺桐电池", NOW, NOW + timedelta(days=30))


def test_a_demand_ends_once() -> None:
    wanted = opened()
    wanted.close("found elsewhere")
    assert (wanted.status, wanted.close_reason, wanted.version) == (DemandStatus.CLOSED, "found elsewhere", 2)
    for end in (wanted.expire, lambda: wanted.close("again")):
        with pytest.raises(errors.DemandNotOpen):
            end()


def match(standing: Standing = Standing.CURRENT) -> Match:
    demander, owner = (Party(uuid4(), "", uuid4(), "") for _ in range(2))
    bar = Bar("listing_withdrawn") if standing is Standing.LAPSED else None
    return Match(uuid4(), demander, owner, 0.5, (), standing, NOW, NOW, 1, bar)


def said(verdict: Verdict, side: Side = Side.DEMAND, reason: DismissalReason | None = None) -> Judgement:
    if verdict is Verdict.DISMISSED and reason is None:
        reason = DismissalReason.PRICE
    return Judgement(side, verdict, reason, NOW)


def test_only_the_two_sides_are_sides() -> None:
    found = match()
    assert found.side_of(found.demand.organisation_id) is Side.DEMAND
    assert found.side_of(found.listing.organisation_id) is Side.LISTING
    with pytest.raises(errors.MatchNotFound):
        found.side_of(UUID(int=1))


@pytest.mark.parametrize("side", list(Side))
def test_a_no_of_either_side_is_final(side: Side) -> None:
    dismissed = match().judged(said(Verdict.DISMISSED, side))
    assert dismissed.standing is Standing.DISMISSED
    for other in Side:
        with pytest.raises(errors.MatchDismissed):
            dismissed.judged(said(Verdict.ACCEPTED, other))


def test_the_same_again_changes_nothing() -> None:
    accepted = match().judged(said(Verdict.ACCEPTED))
    assert accepted.judged(said(Verdict.ACCEPTED)) is accepted
    dismissed = accepted.judged(said(Verdict.DISMISSED))
    assert dismissed.judged(said(Verdict.DISMISSED)) is dismissed
    assert dismissed.version == 3


def test_what_cannot_be_had_cannot_be_accepted_but_dismissed() -> None:
    lapsed = match(Standing.LAPSED)
    with pytest.raises(errors.MatchLapsed):
        lapsed.judged(said(Verdict.ACCEPTED))
    assert lapsed.judged(said(Verdict.DISMISSED)).standing is Standing.DISMISSED


JUDGEMENTS = st.builds(
    said, st.sampled_from(Verdict), st.sampled_from(Side), st.sampled_from(DismissalReason) | st.none()
)


@given(st.sampled_from(Standing), st.lists(JUDGEMENTS, max_size=6))
def test_no_sequence_of_judgements_leaves_the_table_of_transitions(start: Standing, sequence: list[Judgement]) -> None:
    state = match(start)
    for judgement in sequence:
        try:
            after = state.judged(judgement)
        except (errors.MatchDismissed, errors.MatchLapsed):
            continue
        assert after.standing is state.standing or after.standing in TRANSITIONS[state.standing]
        assert after.version == state.version + (after is not state)
        state = after


def test_every_code_that_can_be_said_has_words() -> None:
    texts = Catalogue.load(MESSAGES)
    codes = {f"deal-form.{each}" for each in DealForm} | {f"maturity.{each}" for each in MATURITY}
    codes |= {f"dismissal.{each}" for each in DismissalReason}
    assert {code.replace("_", "-") for code in codes} <= set(texts)
    assert Maturity.CONCEPT not in MATURITY
