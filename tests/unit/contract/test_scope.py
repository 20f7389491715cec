"""Overlap of licences, as properties (G2)."""

from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from services.contract.domain.guards import exclude_each_other
from services.contract.domain.terms import DealForm, Scope

START = datetime(2026, 1, 1, tzinfo=UTC)
days = st.integers(0, 40).map(lambda number: START + timedelta(days=number))


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    starts_at, ends_at = draw(st.none() | days), draw(st.none() | days)
    assume(starts_at is None or ends_at is None or starts_at < ends_at)
    territories = draw(st.frozensets(st.sampled_from(["CN", "US", "DE"])))
    return Scope(territories, draw(st.sampled_from(["", "batteries", "medicine"])), starts_at, ends_at)


@given(scopes(), scopes())
def test_overlap_is_symmetric(one: Scope, other: Scope) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    assert one.differs_in_field_alone(other) == other.differs_in_field_alone(one)


@given(scopes())
def test_everything_overlaps_itself_and_the_unlimited_scope(scope: Scope) -> None:
    assert scope.overlaps(scope)
    assert scope.overlaps(Scope())


@given(scopes(), scopes(), st.sampled_from(["territories", "field_of_use", "starts_at", "ends_at"]))
def test_lifting_a_limit_never_ends_an_overlap(one: Scope, other: Scope, limit: str) -> None:
    assume(one.overlaps(other))
    lifted = Scope(
        **{
            name: getattr(Scope() if name == limit else one, name)
            for name in ("territories", "field_of_use", "starts_at", "ends_at")
        }
    )
    assert lifted.overlaps(other)


@given(scopes(), scopes())
def test_overlap_means_a_common_territory_field_and_day(one: Scope, other: Scope) -> None:
    def uses(scope: Scope) -> set[tuple[str, str, int]]:
        # Half days, and a field and land nobody named, so that "unlimited" differs from every list.
        first = START - timedelta(days=1)
        moments = [(number, first + number * timedelta(hours=12)) for number in range(90)]
        return {
            (land, field, number)
            for land in scope.territories or {"CN", "US", "DE", "elsewhere"}
            for field in ({scope.field_of_use} if scope.field_of_use else {"batteries", "medicine", "other"})
            for number, moment in moments
            if (scope.starts_at is None or scope.starts_at <= moment)
            and (scope.ends_at is None or moment < scope.ends_at)
        }

    assert one.overlaps(other) == bool(uses(one) & uses(other))


def test_one_may_start_when_the_other_ends() -> None:
    assert not Scope(ends_at=START).overlaps(Scope(starts_at=START))


def test_a_field_is_compared_by_its_words() -> None:
    assert Scope(field_of_use="Solid  State batteries").overlaps(Scope(field_of_use="solid state BATTERIES "))
    assert Scope(field_of_use="cells").differs_in_field_alone(Scope(field_of_use="batteries"))


@given(st.sampled_from(DealForm), st.sampled_from(DealForm))
def test_exclusion_is_symmetric(one: DealForm, other: DealForm) -> None:
    assert exclude_each_other(one, other) == exclude_each_other(other, one)
