"""What a party can do now, and what stands in its way: the same checks as when it tries."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.contract.domain.deal import Deal, Standing
from services.contract.domain.findings import Finding, refuse
from services.contract.domain.states import Action, By, performed_from
from services.kit.problems import Problem


@dataclass(frozen=True)
class Option:
    """An action of the deal's state. `blocked_by` is what trying would raise; `notes` are worth reading before."""

    action: Action
    by: By
    blocked_by: Problem | None
    notes: tuple[Finding, ...] = ()


def options(deal: Deal, organisation_id: UUID, standing: Standing, at: datetime) -> list[Option]:
    """Every action of the deal's state but those that are nobody's act, for one organisation."""
    found: list[Option] = []
    for each in performed_from(deal.state):
        if each.by in {By.TIMER, By.HALL}:
            continue
        notes: tuple[Finding, ...] = ()
        try:
            deal.check(each.action, organisation_id, at)
            findings = deal.assess(each, standing, at)
            notes = tuple(finding for finding in findings if not finding.refuses)
            refuse(findings)
        except Problem as problem:
            found.append(Option(each.action, each.by, problem, notes))
        else:
            found.append(Option(each.action, each.by, None, notes))
    return found
