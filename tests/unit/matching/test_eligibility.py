from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.eligibility import bar, bar_for, next_change
from services.matching.domain.facts import (
    DealForm,
    Encumbrance,
    EncumbranceKind,
    ListingFacts,
    ListingStatus,
    RightStatus,
)
from tests.unit.matching.makers import NOW, demand, listing, right


def burdened(**burden: Any) -> ListingFacts:
    return listing(right=right(encumbrances=(Encumbrance(**burden),)))


def licence(form: DealForm = DealForm.EXCLUSIVE_LICENCE, **changes: Any) -> ListingFacts:
    return burdened(kind=EncumbranceKind.LICENCE, licence_form=form, **changes)


def test_a_published_listing_of_a_living_right_may_be_matched() -> None:
    assert bar(listing(), NOW) is None
    assert bar(listing(status=ListingStatus.UNDER_OFFER), NOW) is None
    assert bar_for(demand(), listing(), NOW) is None


@pytest.mark.parametrize("status", sorted(set(ListingStatus) - {ListingStatus.PUBLISHED, ListingStatus.UNDER_OFFER}))
def test_what_is_not_listed_is_not_matched(status: ListingStatus) -> None:
    found = bar(listing(status=status), NOW)
    assert found is not None
    assert found.code == f"listing_{status}"


@pytest.mark.parametrize("status", list(RightStatus))
def test_no_licence_on_a_dead_right(status: RightStatus) -> None:
    dead = {RightStatus.TERMINATED, RightStatus.INVALIDATED, RightStatus.WITHDRAWN_OR_REJECTED}
    found = bar(listing(right=right(status=status)), NOW)
    assert (found is not None) == (status in dead)
    if found is not None:
        assert (found.rule, found.article) == ("G3", "CC 865")


def test_a_right_ends_at_the_moment_it_expires() -> None:
    expires = right(expires_at=NOW)
    assert bar(listing(right=expires), NOW - timedelta(seconds=1)) is None
    found = bar(listing(right=expires), NOW)
    assert found is not None
    assert (found.code, found.rule) == ("right_expired", "G3")


def test_a_pledge_needs_the_pledgee() -> None:
    found = bar(burdened(kind=EncumbranceKind.PLEDGE, holder="银行"), NOW)
    assert found is not None
    assert (found.code, found.rule, found.article) == ("pledged_without_consent", "G5", "CC 444")
    assert bar(burdened(kind=EncumbranceKind.PLEDGE, holder_consents=True), NOW) is None
    assert bar(burdened(kind=EncumbranceKind.PLEDGE, ends_at=NOW), NOW) is None


@pytest.mark.parametrize("form", [DealForm.EXCLUSIVE_LICENCE, DealForm.SOLE_LICENCE])
def test_exclusive_and_sole_licences_leave_no_room(form: DealForm) -> None:
    found = bar(licence(form), NOW)
    assert found is not None
    assert (found.code, found.rule) == ("licensed_away", "G2")
    assert bar(licence(form, ends_at=NOW), NOW) is None


def test_an_ordinary_licence_leaves_room() -> None:
    assert bar(licence(DealForm.ORDINARY_LICENCE), NOW) is None


def test_a_licence_in_all_the_right_reaches_bars_it_for_all() -> None:
    assert bar(licence(territories=("CN",)), NOW) is not None


def test_a_licence_in_some_territories_bars_demands_there() -> None:
    offered = listing(
        territories=("CN", "US"),
        right=right(
            encumbrances=(
                Encumbrance(EncumbranceKind.LICENCE, licence_form=DealForm.EXCLUSIVE_LICENCE, territories=("US",)),
            )
        ),
    )
    assert bar(offered, NOW) is None
    found = bar_for(demand(territories=("US",)), offered, NOW)
    assert found is not None
    assert (found.code, found.parameters["territories"]) == ("licensed_in_territory", "US")
    assert bar_for(demand(territories=("CN",)), offered, NOW) is None
    assert bar_for(demand(territories=("CN", "US")), offered, NOW) is None
    assert bar_for(demand(territories=()), offered, NOW) is None


def test_nobody_is_matched_with_itself() -> None:
    wanted = demand()
    found = bar_for(wanted, listing(organisation_id=wanted.organisation_id), NOW)
    assert found is not None
    assert found.code == "own_listing"


@given(st.lists(st.integers(-10, 10), max_size=4), st.integers(-10, 10) | st.none())
def test_between_now_and_the_next_change_nothing_changes(ends: list[int], expires: int | None) -> None:
    burdens = tuple(
        Encumbrance(
            EncumbranceKind.LICENCE,
            licence_form=DealForm.EXCLUSIVE_LICENCE,
            ends_at=NOW + timedelta(days=days),
        )
        for days in ends
    )
    expiry = None if expires is None else NOW + timedelta(days=expires)
    facts = listing(right=right(encumbrances=burdens, expires_at=expiry))
    change = next_change(facts, NOW)
    last = (change or NOW + timedelta(days=400)) - timedelta(seconds=1)
    assert bar(facts, NOW) == bar(facts, last)
    assert change is None or change > NOW
