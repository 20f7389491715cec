"""Guard rails G1 to G5 (DOMAIN.md §3): pure functions of terms, right, burdens and running licences.

Each yields Findings, which refuse or note. The dates and sources of the rules are in rules.py.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from services.contract.domain.facts import Case, EncumbranceKind, Grant, RightKind, RightStatus
from services.contract.domain.findings import Finding
from services.contract.domain.terms import TRANSFERS, DealForm, Scope

_EXCLUDING = frozenset({DealForm.SOLE_LICENCE, DealForm.EXCLUSIVE_LICENCE})
_ENDED = frozenset(
    {
        RightStatus.RECOVERABLE,  # lapsed until it is restored
        RightStatus.TERMINATED,
        RightStatus.INVALIDATED,
        RightStatus.WITHDRAWN_OR_REJECTED,
    }
)


def meaning_of_forms(case: Case) -> Iterator[Finding]:
    """G1: what the form means, and that 独占 shuts out the licensor's own running use too (TI 25)."""
    find = partial(Finding, rule="G1", article="TI 25")
    if case.terms.form is None:
        yield find("note-unclear-is-ordinary", refuses=False)
    if case.terms.sublicensing_allowed:
        yield find("note-sublicence-is-ordinary", refuses=False)
    if case.terms.form is DealForm.EXCLUSIVE_LICENCE:
        own_use = [grant for grant in case.grants if _by_licensor(case, grant) and grant.scope.overlaps(case.scope)]
        for grant in own_use:
            yield find("exclusive-excludes-licensor", params={"holder": grant.holder})
        if not own_use:
            yield find("note-exclusive-binds-licensor", refuses=False)


def overlap(case: Case) -> Iterator[Finding]:
    """G2: no exclusive or sole licence beside another use (territory × field × time); nothing after a transfer."""
    find = partial(Finding, rule="G2", article="TI 25")
    for grant in case.grants:
        if _by_licensor(case, grant):
            continue  # the licensor's own use is G1's matter
        stage = "running" if grant.running else "agreed"
        params = {"holder": grant.holder or "-", "form": grant.form.value, "stage": stage}
        if grant.form in TRANSFERS:
            yield find("already-transferred", whatever_terms=True, params=params)
        elif case.terms.meaning in TRANSFERS:
            yield find("note-licence-runs-on", refuses=False, params=params)
        elif not exclude_each_other(case.terms.meaning, grant.form) or _is_upgrade(case, grant):
            continue
        elif grant.scope.overlaps(case.scope):
            yield find("overlapping-licence", params=params)
        elif grant.scope.differs_in_field_alone(case.scope):
            yield find("note-fields-compare", refuses=False, params={**params, "field": grant.scope.field_of_use})


def exclude_each_other(one: DealForm, other: DealForm) -> bool:
    """Whether two licences of these forms cannot stand side by side where their scopes overlap. Symmetric."""
    return one in _EXCLUDING or other in _EXCLUDING


def _is_upgrade(case: Case, grant: Grant) -> bool:
    """An ordinary licence of the licensee itself is no obstacle to its exclusive one."""
    return grant.licensee_id == case.licensee_id and grant.form not in _EXCLUDING


def _by_licensor(case: Case, grant: Grant) -> bool:
    return grant.licensee_id is None and grant.holder in case.licensor_names


def life_of_the_right(case: Case) -> Iterator[Finding]:
    """G3: nothing on an ended right, no licence beyond its end (CC 865); know-how before publication (TI 29)."""
    find = partial(Finding, rule="G3", article="CC 865")
    right, expiry = case.right, case.right.expires_at
    if right.status in _ENDED or (expiry is not None and expiry <= case.at):
        status = right.status.value if right.status in _ENDED else "expired"
        yield find("right-not-in-force", whatever_terms=True, params={"number": right.number, "status": status})
        return
    if expiry is not None and _outlives(case.scope, case):
        # A mark can be renewed again and again (TL 39-40), so its next expiry is no end.
        renewable = right.kind is RightKind.TRADEMARK
        yield find(
            "note-needs-renewal" if renewable else "term-outlives-right",
            refuses=not renewable,
            params={"expires_on": expiry.date().isoformat()},
        )
    if right.status is RightStatus.PENDING:
        yield find("note-know-how-before-publication", article="TI 29", refuses=False)
    elif right.status is RightStatus.GRACE:
        yield find("note-annuity-due", refuses=False)
    elif right.status in {RightStatus.UNMAPPED, RightStatus.UNSPECIFIED}:
        yield find("note-status-unknown", refuses=False)


def _outlives(scope: Scope, case: Case) -> bool:
    expiry = case.right.expires_at
    assert expiry is not None
    starts_after = scope.starts_at is not None and scope.starts_at >= expiry
    return starts_after or (scope.ends_at is not None and scope.ends_at > expiry)


def co_owners(case: Case) -> Iterator[Finding]:
    """G4: one co-owner alone may grant an ordinary licence, fees shared; anything else needs all (PL 14)."""
    find = partial(Finding, rule="G4", article="PL 14")
    owners = [each for each in case.right.encumbrances if each.kind is EncumbranceKind.CO_OWNERSHIP]
    if not owners:
        return
    if case.terms.meaning is DealForm.ORDINARY_LICENCE:
        yield find("note-share-fees", refuses=False, params={"owners": _names(each.holder for each in owners)})
        return
    missing = [each.holder for each in owners if not each.holder_consents]
    if missing:
        yield find("co-owners-must-consent", params={"owners": _names(missing)})


def pledge(case: Case) -> Iterator[Finding]:
    """G5: a pledged right is neither transferred nor licensed without the pledgee's consent (CC 444)."""
    find = partial(Finding, rule="G5", article="CC 444")
    for each in case.right.encumbrances:
        if each.kind is EncumbranceKind.PLEDGE and each.holder_consents:
            yield find("note-proceeds-to-pledgee", refuses=False, params={"pledgee": each.holder or "-"})
        elif each.kind is EncumbranceKind.PLEDGE:
            yield find("pledgee-must-consent", whatever_terms=True, params={"pledgee": each.holder or "-"})


def _names(holders: Iterable[str]) -> str:
    return "; ".join(sorted(holder or "-" for holder in holders))
