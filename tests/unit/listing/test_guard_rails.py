"""What may be offered of a right."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.guard_rails import Proposal, refusals
from services.listing.domain.rights import Right, RightDraft, register
from services.listing.domain.vocabulary import DealForm, EncumbranceKind, PriceForm, RightStatus

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PAST = datetime(2025, 1, 1, tzinfo=UTC)
ORDINARY, SOLE, EXCLUSIVE = DealForm.ORDINARY_LICENCE, DealForm.SOLE_LICENCE, DealForm.EXCLUSIVE_LICENCE
ASSIGNMENT, OPEN, EQUITY = DealForm.ASSIGNMENT, DealForm.OPEN_LICENCE, DealForm.EQUITY
PLEDGE = Encumbrance(EncumbranceKind.PLEDGE, "泉州银行")
CO_OWNER = Encumbrance(EncumbranceKind.CO_OWNERSHIP, "某公司")
PRESERVED = Encumbrance(EncumbranceKind.PRESERVATION, "法院")
DECLARED = Encumbrance(EncumbranceKind.OPEN_LICENCE, "泉州试验大学")


def licence(form: DealForm = EXCLUSIVE, **parts: object) -> Encumbrance:
    return Encumbrance(EncumbranceKind.LICENCE, "某公司", licence_form=form, **parts)  # type: ignore[arg-type]


def right(status: RightStatus = RightStatus.GRANTED, *burdens: Encumbrance, number: str = "202310375785.X") -> Right:
    draft = RightDraft(number=number, title="t", abstract="a", status=status)
    made = register(draft, organisation_id=uuid4(), by=None, now=NOW).right
    return replace(made, encumbrances=burdens)


def offered(*forms: DealForm, territories: tuple[str, ...] = (), price: PriceForm = PriceForm.FIXED) -> Proposal:
    return Proposal(frozenset(forms or {ORDINARY}), territories, price)


def broken(held: Right, proposal: Proposal) -> str | None:
    refusal = next(refusals(held, proposal, NOW), None)
    return refusal and refusal.rule


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        (RightStatus.PENDING, None),
        (RightStatus.GRANTED, None),
        (RightStatus.GRACE, None),
        (RightStatus.UNMAPPED, None),
        (RightStatus.RECOVERABLE, "G3"),
        (RightStatus.TERMINATED, "G3"),
        (RightStatus.INVALIDATED, "G3"),
        (RightStatus.WITHDRAWN_OR_REJECTED, "G3"),
    ],
)
def test_none_on_a_right_that_is_not_in_force(status: RightStatus, rule: str | None) -> None:
    assert broken(right(status), offered()) == rule


def test_none_on_a_right_whose_term_is_over_by_its_number() -> None:
    assert broken(right(number="201520000001.6"), offered()) == "G3"  # a utility model of 2015: ten years


@pytest.mark.parametrize("form", list(DealForm))
def test_nothing_of_a_pledged_right_without_consent(form: DealForm) -> None:
    assert broken(right(RightStatus.GRANTED, PLEDGE), offered(form)) == "G5"
    assert broken(right(RightStatus.GRANTED, replace(PLEDGE, holder_consents=True)), offered(form)) is None
    assert broken(right(RightStatus.GRANTED, replace(PLEDGE, ends_at=PAST)), offered(form)) is None


@pytest.mark.parametrize("form", list(DealForm))
def test_co_owners_decide_on_all_but_ordinary_licences(form: DealForm) -> None:
    held = right(RightStatus.GRANTED, CO_OWNER)
    assert broken(held, offered(form)) == (None if form is ORDINARY else "G4")
    assert broken(held, offered(ORDINARY, form)) == (None if form is ORDINARY else "G4")
    assert broken(right(RightStatus.GRANTED, replace(CO_OWNER, holder_consents=True)), offered(form)) is None


@pytest.mark.parametrize(
    ("burden", "proposal", "rule"),
    [
        (licence(), offered(ORDINARY), "G2"),
        (licence(SOLE), offered(ORDINARY), "G2"),
        (licence(ORDINARY), offered(EXCLUSIVE), None),
        (licence(), offered(ASSIGNMENT), None),
        (licence(), offered(EQUITY), None),
        (licence(territories=("CN",)), offered(territories=("CN",)), "G2"),
        (licence(territories=("CN", "DE")), offered(territories=("CN",)), "G2"),
        (licence(territories=("CN",)), offered(territories=("CN", "DE")), None),
        (licence(territories=("CN",)), offered(), None),
        (licence(field_of_use="电动汽车"), offered(), None),
        (licence(ends_at=PAST), offered(), None),
        (licence(starts_at=datetime(2030, 1, 1, tzinfo=UTC)), offered(), None),
    ],
)
def test_a_restrictive_licence_that_covers_the_offer(burden: Encumbrance, proposal: Proposal, rule: str | None) -> None:
    assert broken(right(RightStatus.GRANTED, burden), proposal) == rule


@pytest.mark.parametrize(
    ("held", "price", "hindrance"),
    [
        (right(), PriceForm.FIXED, None),
        (right(), PriceForm.FREE, None),
        (right(), PriceForm.NEGOTIABLE, "fee"),
        (right(), PriceForm.RANGE, "fee"),
        (right(RightStatus.PENDING), PriceForm.FIXED, "status"),
        (right(RightStatus.GRACE), PriceForm.FIXED, "status"),
        (right(RightStatus.GRANTED, PRESERVED), PriceForm.FIXED, "preservation"),
        (right(RightStatus.GRANTED, licence(territories=("DE",))), PriceForm.FIXED, "licence"),
        (right(RightStatus.GRANTED, licence(ORDINARY)), PriceForm.FIXED, None),
    ],
)
def test_what_an_open_licence_needs(held: Right, price: PriceForm, hindrance: str | None) -> None:
    found = list(refusals(held, offered(OPEN, price=price), NOW))
    assert [refusal.params["hindrance"] for refusal in found] == ([hindrance] if hindrance else [])
    assert all(refusal.rule == "G7" for refusal in found)


def test_no_restrictive_licence_while_an_open_one_runs() -> None:
    held = right(RightStatus.GRANTED, DECLARED)
    assert broken(held, offered(EXCLUSIVE)) == "G7"
    assert broken(held, offered(SOLE)) == "G7"
    assert broken(held, offered(ORDINARY)) is None


def test_a_right_that_is_signed_away_is_not_offered_again() -> None:
    assert broken(replace(right(), assignment_deal_id=uuid4()), offered()) == "PL 10"
