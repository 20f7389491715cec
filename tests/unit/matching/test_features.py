from datetime import timedelta

import pytest

from services.matching.domain import features
from services.matching.domain.facts import (
    AskingPrice,
    DealForm,
    Encumbrance,
    EncumbranceKind,
    ListingStatus,
    Maturity,
    Money,
    PriceForm,
    RightStatus,
)
from services.matching.domain.reasons import Reason
from tests.unit.matching.makers import NOW, demand, listing, right, yuan


def price(asking: AskingPrice, budget: Money | None = None) -> list[Reason]:
    return list(features.price(demand(budget=budget or yuan(1_000_000)), listing(price=asking)))


def test_a_price_within_the_budget_names_both() -> None:
    (reason,) = price(AskingPrice(PriceForm.FIXED, yuan(800_000)))
    assert reason == Reason("price_within_budget", features.PRICE, {"asking": "800,000 CNY", "budget": "1,000,000 CNY"})


def test_the_further_above_the_budget_the_worse() -> None:
    little, much, absurd = (price(AskingPrice(PriceForm.FIXED, yuan(n)))[0] for n in (1_100_000, 1_500_000, 9_000_000))
    assert 0 > little.contribution > much.contribution > absurd.contribution == features.PRICE_ABOVE
    assert little.code == "price_above_budget"


def test_a_range_that_reaches_over_the_budget_counts_half() -> None:
    (reason,) = price(AskingPrice(PriceForm.RANGE, yuan(800_000), yuan(1_200_000)))
    assert (reason.code, reason.contribution) == ("price_range_meets_budget", features.PRICE / 2)


def test_two_currencies_are_not_compared() -> None:
    (reason,) = price(AskingPrice(PriceForm.FIXED, Money(1, "USD")))
    assert (reason.code, reason.contribution) == ("price_in_other_currency", 0)


def test_free_needs_no_budget_and_negotiable_says_nothing() -> None:
    assert (
        next(features.price(demand(budget=None), listing(price=AskingPrice(PriceForm.FREE)))).code == "free_of_charge"
    )
    assert price(AskingPrice(PriceForm.NEGOTIABLE)) == []
    assert list(features.price(demand(budget=None), listing())) == []


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (yuan(1), "1 CNY"),
        (Money(123_456, "CNY"), "1,234.56 CNY"),
        (Money(500, "JPY"), "500 JPY"),
        (Money(1_005, "KWD"), "1.005 KWD"),
    ],
)
def test_amounts_are_written_in_the_units_of_their_currency(money: Money, text: str) -> None:
    assert features.amount(money) == text


def forms(wanted: list[DealForm], offered: list[DealForm], **right_changes: object) -> list[Reason]:
    answer = listing(deal_forms=tuple(offered), right=right(**right_changes))
    return list(features.deal_form(demand(deal_forms=tuple(wanted)), answer))


def test_a_form_wanted_and_offered() -> None:
    (reason,) = forms([DealForm.ORDINARY_LICENCE, DealForm.EQUITY], [DealForm.ORDINARY_LICENCE, DealForm.ASSIGNMENT])
    assert (reason.code, reason.parameters) == ("deal_form", {"forms": "ordinary_licence"})


def test_no_form_in_common_speaks_against() -> None:
    (reason,) = forms([DealForm.EXCLUSIVE_LICENCE], [DealForm.ORDINARY_LICENCE])
    assert reason.contribution == features.DEAL_FORM_DIFFERS


def test_an_open_licence_is_an_ordinary_one() -> None:
    assert forms([DealForm.ORDINARY_LICENCE], [DealForm.OPEN_LICENCE])[0].code == "deal_form"


def test_a_co_owner_who_has_not_agreed_leaves_ordinary_licences_only() -> None:
    both = [DealForm.EXCLUSIVE_LICENCE, DealForm.ORDINARY_LICENCE]
    burden = Encumbrance(EncumbranceKind.CO_OWNERSHIP, holder="另一大学")
    assert forms([DealForm.EXCLUSIVE_LICENCE], both, encumbrances=(burden,))[0].code == "deal_form_differs"
    agreed = Encumbrance(EncumbranceKind.CO_OWNERSHIP, holder="另一大学", holder_consents=True)
    assert forms([DealForm.EXCLUSIVE_LICENCE], both, encumbrances=(agreed,))[0].code == "deal_form"


def test_any_form_or_none_told_says_nothing() -> None:
    assert forms([], [DealForm.ASSIGNMENT]) == forms([DealForm.ASSIGNMENT], []) == []


@pytest.mark.parametrize(
    ("wanted", "offered", "office", "code"),
    [
        (["CN"], [], "CN", "territory"),
        (["CN"], ["CN", "US"], "CN", "territory"),
        (["CN"], [], "US", "territory_differs"),
        (["CN", "DE"], [], "CN", "territory_in_part"),
        (["CN"], [], "WO", None),
        ([], ["US"], "US", None),
    ],
)
def test_a_right_reaches_as_far_as_its_office_unless_the_listing_says_less(
    wanted: list[str], offered: list[str], office: str, code: str | None
) -> None:
    answer = listing(territories=tuple(offered), right=right(office=office))
    reasons = list(features.territory(demand(territories=tuple(wanted)), answer))
    assert [reason.code for reason in reasons] == ([code] if code else [])


def test_one_industry_in_other_words_is_the_same() -> None:
    assert (
        next(features.industry(demand(industry="电池制造"), listing(industries=("锂电池制造",)))).code
        == "same_industry"
    )
    assert list(features.industry(demand(industry="电池制造"), listing(industries=("餐饮",)))) == []
    assert list(features.industry(demand(industry=""), listing(industries=("",)))) == []


def test_ripe_counts_a_little_and_unripe_nothing() -> None:
    assert next(features.maturity(listing(maturity=Maturity.SOLD))).contribution > 0
    assert list(features.maturity(listing(maturity=Maturity.CONCEPT))) == []


def state(**changes: object) -> dict[str, float]:
    status = changes.pop("status_of_listing", ListingStatus.PUBLISHED)
    return {
        each.code: each.contribution
        for each in features.legal_state(listing(status=status, right=right(**changes)), NOW)
    }


def test_the_state_of_the_right_is_told() -> None:
    assert state()["right_granted"] > 0
    assert (
        state(status=RightStatus.RECOVERABLE)["right_recoverable"] < state(status=RightStatus.GRACE)["right_grace"] < 0
    )
    assert state(status=RightStatus.UNMAPPED)["right_unmapped"] == 0
    assert state(expires_at=NOW + timedelta(days=300))["short_remaining_life"] < 0
    assert state(status_of_listing=ListingStatus.UNDER_OFFER)["under_offer"] < 0


def test_burdens_that_do_not_rule_it_out_speak_against() -> None:
    preserved = Encumbrance(EncumbranceKind.PRESERVATION, holder="法院")
    in_field = Encumbrance(EncumbranceKind.LICENCE, licence_form=DealForm.EXCLUSIVE_LICENCE, field_of_use="储能")
    ended = Encumbrance(EncumbranceKind.PRESERVATION, ends_at=NOW - timedelta(days=1))
    told = state(encumbrances=(preserved, in_field, ended))
    assert told["under_preservation"] < 0
    assert told["licensed_in_field"] < 0
    assert "under_preservation" not in state(encumbrances=(ended,))
