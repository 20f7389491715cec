from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contract.domain.terms import DealForm, Money, Terms, faults
from tests.unit.contract.makers import NOW, YEAR

FEE = Money(80_000_000, "CNY")
moments = st.none() | st.datetimes(min_value=NOW.replace(tzinfo=None), timezones=st.just(NOW.tzinfo))
money = st.none() | st.builds(Money, st.integers(0, 2**63 - 1), st.sampled_from(["CNY", "USD"]))


@pytest.mark.parametrize(
    ("terms", "pointer", "code"),
    [
        (Terms(DealForm.OPEN_LICENCE), "/terms/form", "open-licence-not-negotiated"),
        (Terms(ends_at=NOW), "/terms/ends_at", "not-future"),
        (Terms(starts_at=NOW + YEAR, ends_at=NOW + YEAR), "/terms/ends_at", "ends-before-start"),
        (Terms(DealForm.ASSIGNMENT, territories=("CN",)), "/terms/territories", "transfer-is-whole"),
        (Terms(DealForm.EQUITY, field_of_use="cells"), "/terms/field_of_use", "transfer-is-whole"),
        (Terms(DealForm.ASSIGNMENT, ends_at=NOW + YEAR), "/terms/ends_at", "transfer-is-whole"),
        (Terms(minimum_annual_royalty=FEE), "/terms/minimum_annual_royalty", "minimum-without-royalty"),
        (
            Terms(royalty_basis_points=250, fixed_fee=Money(1, "USD"), minimum_annual_royalty=FEE),
            "/terms/minimum_annual_royalty/currency",
            "two-currencies",
        ),
    ],
)
def test_unsound_terms_are_located(terms: Terms, pointer: str, code: str) -> None:
    assert [(fault.pointer, fault.code) for fault in faults(terms, NOW)] == [(pointer, code)]


def test_sound_terms() -> None:
    assert not list(faults(Terms(), NOW)), "free and for ever is a form of licence too"
    assert not list(faults(Terms(DealForm.ASSIGNMENT, fixed_fee=FEE), NOW))
    royalty = Terms(
        royalty_basis_points=250, fixed_fee=FEE, minimum_annual_royalty=FEE, ends_at=NOW + timedelta(days=1)
    )
    assert not list(faults(royalty, NOW))


@given(
    st.builds(
        Terms,
        form=st.none() | st.sampled_from(DealForm),
        territories=st.lists(st.sampled_from(["CN", "US"]), unique=True).map(tuple),
        field_of_use=st.text(),
        starts_at=moments,
        ends_at=moments,
        sublicensing_allowed=st.booleans(),
        fixed_fee=money,
        royalty_basis_points=st.integers(0, 10_000),
        minimum_annual_royalty=money,
        other_terms=st.text(),
    )
)
def test_terms_survive_being_written_down(terms: Terms) -> None:
    assert Terms.from_data(terms.as_data()) == terms
