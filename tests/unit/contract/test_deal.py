from datetime import timedelta
from uuid import UUID

import pytest

from services.contract.domain.deal import OFFER_LASTS_AT_MOST, Deal, Subject
from services.contract.domain.evidence import sha256
from services.contract.domain.facts import Encumbrance, EncumbranceKind, RightStatus
from services.contract.domain.findings import RightNotInForce
from services.contract.domain.happenings import Accepted, Closed, Offered, Opened, PartySigned, Signed
from services.contract.domain.options import options
from services.contract.domain.states import DealState, ReasonCode
from services.contract.domain.terms import DealForm, Terms
from services.kit.problems import InvalidInput, Problem
from tests.unit.contract.makers import (
    BROKER,
    COMPANY,
    DEAL_ID,
    LISTING_ID,
    NOW,
    PAPER,
    RIGHT_ID,
    UNIVERSITY,
    actor,
    deal,
    grant,
    standing,
)

EXCLUSIVE = Terms(DealForm.EXCLUSIVE_LICENCE)
LATER = NOW + timedelta(days=1)


def offered(by: UUID = UNIVERSITY, terms: Terms = EXCLUSIVE) -> Deal:
    the_deal = deal()
    the_deal.offer(actor(by), terms, None, standing(), NOW)
    return the_deal


def accepted(terms: Terms = EXCLUSIVE) -> Deal:
    the_deal = offered(terms=terms)
    assert the_deal.latest
    the_deal.accept(actor(COMPANY), the_deal.latest.offer_id, standing(), LATER)
    return the_deal


def slug(problem: pytest.ExceptionInfo[Problem]) -> str:
    return problem.value.slug


def test_from_inquiry_to_signature() -> None:
    the_deal = offered(COMPANY)
    the_deal.offer(actor(UNIVERSITY), EXCLUSIVE, None, standing(), NOW)
    assert the_deal.state is DealState.COUNTER
    the_deal.offer(actor(COMPANY), EXCLUSIVE, None, standing(), NOW)
    assert the_deal.state is DealState.OFFER, "the first side's proposal is on the table again"
    assert the_deal.latest
    the_deal.accept(actor(UNIVERSITY), the_deal.latest.offer_id, standing(), LATER)
    the_deal.sign(actor(UNIVERSITY), standing(), LATER, PAPER)
    assert the_deal.state is DealState.SIGNING
    the_deal.sign(actor(COMPANY), standing(), LATER, PAPER)
    assert the_deal.state is DealState.SIGNED
    kinds = [type(each) for each in the_deal.happenings]
    assert kinds == [Opened, Offered, Offered, Offered, Accepted, PartySigned, PartySigned, Signed]
    assert the_deal.version == len(kinds)
    assert {signature.document_sha256 for signature in the_deal.signatures} == {sha256(the_deal.document())}
    assert [offer.round for offer in the_deal.offers] == [1, 2, 3]


@pytest.mark.parametrize(
    ("licensor", "licensee", "broker"),
    [(COMPANY, COMPANY, None), (UNIVERSITY, COMPANY, COMPANY), (UNIVERSITY, COMPANY, UNIVERSITY)],
)
def test_nobody_deals_with_itself(licensor: UUID, licensee: UUID, broker: UUID | None) -> None:
    subject = Subject(DEAL_ID, LISTING_ID, RIGHT_ID, "CN1", "A membrane", licensor, licensee, broker)
    with pytest.raises(Problem) as problem:
        Deal.open(subject, "", actor(licensee), NOW)
    assert slug(problem) == "deal-with-oneself"


def test_only_the_addressee_answers_an_offer() -> None:
    the_deal = offered(UNIVERSITY)
    assert the_deal.latest
    with pytest.raises(Problem) as problem:
        the_deal.accept(actor(UNIVERSITY), the_deal.latest.offer_id, standing(), NOW)
    assert slug(problem) == "not-your-turn"
    with pytest.raises(Problem) as problem:
        the_deal.offer(actor(UNIVERSITY), EXCLUSIVE, None, standing(), NOW)
    assert slug(problem) == "not-your-turn"


def test_a_broker_sees_and_does_not_act() -> None:
    the_deal = offered()
    assert the_deal.side_of(BROKER) == "broker"
    with pytest.raises(Problem) as problem:
        the_deal.withdraw(actor(BROKER), ReasonCode.PRICE, "", NOW)
    assert slug(problem) == "not-a-party"
    assert [option.blocked_by and option.blocked_by.slug for option in options(the_deal, BROKER, standing(), NOW)] == [
        "not-a-party"
    ] * 4


def test_an_older_offer_cannot_be_accepted() -> None:
    the_deal = offered(COMPANY)
    first = the_deal.offers[0]
    the_deal.offer(actor(UNIVERSITY), EXCLUSIVE, None, standing(), NOW)
    with pytest.raises(Problem) as problem:
        the_deal.accept(actor(COMPANY), first.offer_id, standing(), NOW)
    assert slug(problem) == "offer-superseded"
    with pytest.raises(Problem) as problem:
        the_deal.accept(actor(COMPANY), UUID(int=999), standing(), NOW)
    assert slug(problem) == "offer-not-found"


def test_an_offer_lapses_at_its_moment_and_not_before() -> None:
    the_deal = offered()
    offer = the_deal.offers[0]
    assert offer.expires_at == NOW + timedelta(days=14)
    assert not the_deal.expire(offer.offer_id, offer.expires_at - timedelta(microseconds=1))
    with pytest.raises(Problem) as problem:
        the_deal.accept(actor(COMPANY), offer.offer_id, standing(), offer.expires_at)
    assert slug(problem) == "offer-expired"
    with pytest.raises(Problem) as problem:
        the_deal.offer(actor(COMPANY), EXCLUSIVE, None, standing(), offer.expires_at)
    assert slug(problem) == "offer-expired"
    assert the_deal.expire(offer.offer_id, offer.expires_at)
    assert the_deal.state is DealState.OFFER_EXPIRED
    closed = the_deal.happenings[-1]
    assert isinstance(closed, Closed)
    assert (closed.actor, closed.closing.reason_code, closed.closing.closed_by) == (None, "offer_expired", None)


def test_the_clock_of_an_answered_offer_does_nothing() -> None:
    countered = offered(COMPANY)
    countered.offer(actor(UNIVERSITY), EXCLUSIVE, LATER + timedelta(days=60), standing(), NOW)
    agreed = accepted()
    for the_deal in (countered, agreed):
        before = (the_deal.state, the_deal.version)
        assert not the_deal.expire(the_deal.offers[0].offer_id, NOW + timedelta(days=30))
        assert (the_deal.state, the_deal.version) == before


@pytest.mark.parametrize(
    ("expires_in", "code"),
    [(timedelta(0), "not-future"), (OFFER_LASTS_AT_MOST + timedelta(seconds=1), "offer-too-long")],
)
def test_an_offers_life_is_bounded(expires_in: timedelta, code: str) -> None:
    the_deal = deal()
    with pytest.raises(InvalidInput) as problem:
        the_deal.offer(actor(COMPANY), EXCLUSIVE, NOW + expires_in, standing(), NOW)
    assert [(error.pointer, error.code) for error in problem.value.errors] == [("/expires_at", code)]
    assert (the_deal.offers, the_deal.version) == ([], 1), "a refusal changes nothing"


def test_facts_that_change_between_offer_and_signature_are_looked_at_again() -> None:
    pledged = (Encumbrance(EncumbranceKind.PLEDGE, "Harbour Bank"),)
    the_deal = offered()
    with pytest.raises(Problem) as problem:
        the_deal.accept(actor(COMPANY), the_deal.offers[0].offer_id, standing(encumbrances=pledged), NOW)
    assert slug(problem) == "pledgee-must-consent"
    agreed = accepted()
    with pytest.raises(RightNotInForce):
        agreed.sign(actor(UNIVERSITY), standing(status=RightStatus.INVALIDATED), LATER, PAPER)
    with pytest.raises(Problem) as problem:
        agreed.sign(actor(UNIVERSITY), standing(organisation_id=BROKER), LATER, PAPER)
    assert slug(problem) == "not-the-owner"
    assert (agreed.state, agreed.signatures) == (DealState.TERM_SHEET, [])


def test_the_licensor_signs_first_and_nobody_twice() -> None:
    the_deal = accepted()
    with pytest.raises(Problem) as problem:
        the_deal.sign(actor(COMPANY), standing(), LATER, PAPER)
    assert slug(problem) == "not-your-turn"
    the_deal.sign(actor(UNIVERSITY), standing(), LATER, PAPER)
    with pytest.raises(Problem) as problem:
        the_deal.sign(actor(UNIVERSITY), standing(), LATER, PAPER)
    assert slug(problem) == "not-your-turn"


def test_either_may_leave_until_the_last_signature() -> None:
    the_deal = accepted()
    the_deal.sign(actor(UNIVERSITY), standing(), LATER, PAPER)
    the_deal.withdraw(actor(UNIVERSITY), ReasonCode.CAPACITY, "no hands", LATER)
    assert (the_deal.state, the_deal.agreed) == (DealState.WITHDRAWN, None)
    signed = accepted()
    signed.sign(actor(UNIVERSITY), standing(), LATER, PAPER)
    signed.sign(actor(COMPANY), standing(), LATER, PAPER)
    with pytest.raises(Problem) as problem:
        signed.withdraw(actor(COMPANY), ReasonCode.PRICE, "", LATER)
    assert slug(problem) == "action-not-possible"


def test_another_reason_is_put_in_words() -> None:
    with pytest.raises(InvalidInput) as problem:
        deal().reject(actor(UNIVERSITY), ReasonCode.OTHER, "  ", NOW)
    assert [(error.pointer, error.code) for error in problem.value.errors] == [("/note", "note-needed")]


def test_the_signed_document_changes_with_every_term() -> None:
    digests = {
        sha256(document | {"terms": terms.as_data()})
        for document in [accepted().document() | {"offer_id": "same"}]
        for terms in (
            EXCLUSIVE,
            Terms(DealForm.SOLE_LICENCE),
            Terms(DealForm.EXCLUSIVE_LICENCE, ("CN",)),
            Terms(DealForm.EXCLUSIVE_LICENCE, other_terms="x"),
        )
    }
    assert len(digests) == 4


class TestOptions:
    def test_what_each_side_may_do_and_what_stops_it(self) -> None:
        the_deal = offered(UNIVERSITY)
        seen = {
            side: {option.action.value: option.blocked_by and option.blocked_by.slug for option in found}
            for side, found in (
                ("company", options(the_deal, COMPANY, standing(), NOW)),
                ("university", options(the_deal, UNIVERSITY, standing(), NOW)),
            )
        }
        turn = "not-your-turn"
        assert seen == {
            "company": {"counter": None, "accept": None, "reject": None, "withdraw": turn},
            "university": {"counter": turn, "accept": turn, "reject": turn, "withdraw": None},
        }

    def test_a_guard_rail_names_its_rule(self) -> None:
        found = {each.action.value: each for each in options(offered(), COMPANY, standing(grant()), NOW)}
        blocked = found["accept"].blocked_by
        assert blocked
        assert (blocked.rule, blocked.article) == ("G2", "TI 25")
        assert found["counter"].blocked_by is None, "other terms may fit beside the running licence"

    def test_what_no_terms_could_cure_blocks_a_counter_too(self) -> None:
        ended = standing(status=RightStatus.TERMINATED)
        found = {each.action.value: each.blocked_by for each in options(offered(), COMPANY, ended, NOW)}
        assert found["counter"]
        assert found["counter"].rule == "G3"
        assert found["reject"] is None

    def test_a_deal_that_ended_offers_nothing(self) -> None:
        the_deal = deal()
        the_deal.reject(actor(UNIVERSITY), ReasonCode.TOO_EARLY, "", NOW)
        assert options(the_deal, COMPANY, standing(), NOW) == []
