from datetime import timedelta

import pytest

from services.contract.domain import guards
from services.contract.domain.facts import Encumbrance, EncumbranceKind, Grant, RightKind, RightStatus, grants_on
from services.contract.domain.findings import Finding
from services.contract.domain.terms import DealForm, Scope, Terms
from tests.unit.contract.makers import COMPANY, NOW, RIVAL, UNIVERSITY_NAME, YEAR, case, grant

ORDINARY, SOLE, EXCLUSIVE = DealForm.ORDINARY_LICENCE, DealForm.SOLE_LICENCE, DealForm.EXCLUSIVE_LICENCE


def codes(findings: object) -> list[str]:
    return [finding.code for finding in findings]  # type: ignore[attr-defined]


class TestG1MeaningOfForms:
    def test_unclear_means_ordinary(self) -> None:
        assert Terms().meaning is ORDINARY
        assert codes(guards.meaning_of_forms(case(Terms()))) == ["note-unclear-is-ordinary"]

    def test_a_permitted_sublicence_is_ordinary(self) -> None:
        assert codes(guards.meaning_of_forms(case(Terms(SOLE, sublicensing_allowed=True)))) == [
            "note-sublicence-is-ordinary"
        ]

    def test_exclusive_shuts_out_the_licensors_own_running_use(self) -> None:
        own_use = Grant(UNIVERSITY_NAME, ORDINARY, Scope())
        (finding,) = guards.meaning_of_forms(case(Terms(EXCLUSIVE), own_use))
        assert finding == Finding("exclusive-excludes-licensor", "G1", "TI 25", params={"holder": UNIVERSITY_NAME})

    def test_sole_and_a_use_elsewhere_leave_the_licensor_in(self) -> None:
        own_use = Grant(UNIVERSITY_NAME, ORDINARY, Scope(frozenset({"US"})))
        assert codes(guards.meaning_of_forms(case(Terms(SOLE), own_use))) == []
        assert codes(guards.meaning_of_forms(case(Terms(EXCLUSIVE, ("CN",)), own_use))) == [
            "note-exclusive-binds-licensor"
        ]
        assert codes(guards.overlap(case(Terms(SOLE), own_use))) == []


class TestG2Overlap:
    @pytest.mark.parametrize(
        ("new", "running", "refused"),
        [
            (ORDINARY, ORDINARY, False),
            (ORDINARY, SOLE, True),
            (ORDINARY, EXCLUSIVE, True),
            (SOLE, ORDINARY, True),
            (SOLE, SOLE, True),
            (EXCLUSIVE, ORDINARY, True),
            (EXCLUSIVE, EXCLUSIVE, True),
        ],
    )
    def test_forms(self, new: DealForm, running: DealForm, refused: bool) -> None:
        found = list(guards.overlap(case(Terms(new), grant(running))))
        assert codes(found) == (["overlapping-licence"] if refused else [])
        assert all(finding.refuses and (finding.rule, finding.article) == ("G2", "TI 25") for finding in found)

    @pytest.mark.parametrize(
        "terms",
        [
            Terms(EXCLUSIVE, territories=("US",)),
            Terms(EXCLUSIVE, territories=("CN",), starts_at=NOW + 2 * YEAR),
        ],
    )
    def test_another_territory_or_time_is_free(self, terms: Terms) -> None:
        running = grant(scope=Scope(frozenset({"CN"}), ends_at=NOW + 2 * YEAR))
        assert codes(guards.overlap(case(terms, running))) == []

    def test_another_field_is_free_but_worth_a_look(self) -> None:
        running = grant(scope=Scope(field_of_use="batteries"))
        (finding,) = guards.overlap(case(Terms(EXCLUSIVE, field_of_use="medicine"), running))
        assert (finding.code, finding.refuses) == ("note-fields-compare", False)

    def test_a_licence_that_ran_out_is_no_obstacle(self) -> None:
        assert codes(guards.overlap(case(Terms(EXCLUSIVE), grant(scope=Scope(ends_at=NOW))))) == []

    def test_an_own_ordinary_licence_can_become_exclusive_an_own_exclusive_not_twice(self) -> None:
        assert codes(guards.overlap(case(Terms(EXCLUSIVE), grant(ORDINARY, licensee_id=COMPANY)))) == []
        assert codes(guards.overlap(case(Terms(EXCLUSIVE), grant(EXCLUSIVE, licensee_id=COMPANY)))) == [
            "overlapping-licence"
        ]

    @pytest.mark.parametrize("form", [DealForm.ASSIGNMENT, DealForm.EQUITY])
    def test_nothing_after_a_transfer(self, form: DealForm) -> None:
        (finding,) = guards.overlap(case(Terms(ORDINARY), grant(form, running=False)))
        assert (finding.code, finding.params["stage"], finding.whatever_terms) == (
            "already-transferred",
            "agreed",
            True,
        )

    def test_a_running_licence_is_told_to_who_buys_the_right(self) -> None:
        assert codes(guards.overlap(case(Terms(DealForm.ASSIGNMENT), grant()))) == ["note-licence-runs-on"]

    def test_the_register_repeats_what_the_hall_signed_once(self) -> None:
        own = grant(deal_id=RIVAL)
        registered = Encumbrance(EncumbranceKind.LICENCE, "Rival Ltd", licence_form=EXCLUSIVE, deal_id=RIVAL)
        foreign = Encumbrance(EncumbranceKind.LICENCE, "Paper Ltd", licence_form=SOLE)
        facts = case(None, encumbrances=(registered, foreign)).right
        assert [each.holder for each in grants_on(facts, (own,))] == ["Rival Ltd", "Paper Ltd"]


class TestG3LifeOfTheRight:
    @pytest.mark.parametrize("status", ["recoverable", "terminated", "invalidated", "withdrawn_or_rejected"])
    def test_nothing_on_a_right_that_ended(self, status: str) -> None:
        (finding,) = guards.life_of_the_right(case(None, status=RightStatus(status)))
        assert (finding.code, finding.article, finding.params["status"]) == ("right-not-in-force", "CC 865", status)

    def test_it_ends_at_its_last_moment_whatever_the_register_says(self) -> None:
        assert codes(guards.life_of_the_right(case(None, expires_at=NOW))) == ["right-not-in-force"]
        assert codes(guards.life_of_the_right(case(None, expires_at=NOW + timedelta(seconds=1)))) == []

    def test_a_licence_ends_with_the_right_at_the_latest(self) -> None:
        expiry = NOW + YEAR
        for beyond in (Terms(ends_at=expiry + timedelta(seconds=1)), Terms(starts_at=expiry)):
            assert codes(guards.life_of_the_right(case(beyond, expires_at=expiry))) == ["term-outlives-right"]
        for within in (Terms(ends_at=expiry), Terms()):
            assert codes(guards.life_of_the_right(case(within, expires_at=expiry))) == []

    def test_a_mark_can_be_renewed(self) -> None:
        terms = Terms(ends_at=NOW + 2 * YEAR)
        (finding,) = guards.life_of_the_right(case(terms, kind=RightKind.TRADEMARK, expires_at=NOW + YEAR))
        assert (finding.code, finding.refuses) == ("note-needs-renewal", False)

    @pytest.mark.parametrize(
        ("status", "code", "article"),
        [
            ("pending", "note-know-how-before-publication", "TI 29"),
            ("grace", "note-annuity-due", "CC 865"),
            ("unmapped", "note-status-unknown", "CC 865"),
        ],
    )
    def test_what_is_uncertain_is_noted(self, status: str, code: str, article: str) -> None:
        (finding,) = guards.life_of_the_right(case(None, status=RightStatus(status)))
        assert (finding.code, finding.article, finding.refuses) == (code, article, False)

    def test_an_unknown_end_blocks_nothing(self) -> None:
        assert codes(guards.life_of_the_right(case(Terms(ends_at=NOW + 90 * YEAR), expires_at=None))) == []


class TestG4CoOwners:
    owners = (
        Encumbrance(EncumbranceKind.CO_OWNERSHIP, "Institute B", holder_consents=True),
        Encumbrance(EncumbranceKind.CO_OWNERSHIP, "Institute A"),
    )

    def test_an_ordinary_licence_is_free_to_each_and_the_fees_are_shared(self) -> None:
        (finding,) = guards.co_owners(case(Terms(), encumbrances=self.owners))
        assert (finding.code, finding.refuses) == ("note-share-fees", False)
        assert finding.params == {"owners": "Institute A; Institute B"}

    @pytest.mark.parametrize("form", [SOLE, EXCLUSIVE, DealForm.ASSIGNMENT, DealForm.EQUITY])
    def test_anything_else_needs_all(self, form: DealForm) -> None:
        (finding,) = guards.co_owners(case(Terms(form), encumbrances=self.owners))
        assert finding == Finding("co-owners-must-consent", "G4", "PL 14", params={"owners": "Institute A"})
        assert codes(guards.co_owners(case(Terms(form), encumbrances=self.owners[:1]))) == []


class TestG5Pledge:
    @pytest.mark.parametrize("form", [ORDINARY, EXCLUSIVE, DealForm.ASSIGNMENT])
    def test_without_consent_nothing_goes(self, form: DealForm) -> None:
        pledged = (Encumbrance(EncumbranceKind.PLEDGE, "Harbour Bank"),)
        (finding,) = guards.pledge(case(Terms(form), encumbrances=pledged))
        assert finding == Finding(
            "pledgee-must-consent", "G5", "CC 444", whatever_terms=True, params={"pledgee": "Harbour Bank"}
        )

    def test_with_consent_the_proceeds_go_to_the_debt(self) -> None:
        pledged = (Encumbrance(EncumbranceKind.PLEDGE, "Harbour Bank", holder_consents=True),)
        assert codes(guards.pledge(case(None, encumbrances=pledged))) == ["note-proceeds-to-pledgee"]
