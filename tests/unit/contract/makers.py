"""Facts for the tests of deals: a granted invention, two parties, an offer's terms."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.contract.domain.deal import Deal, Standing, Subject
from services.contract.domain.facts import Case, Grant, RightFacts, RightKind, RightStatus
from services.contract.domain.happenings import Actor, Paper
from services.contract.domain.terms import DealForm, Scope, Terms

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
UNIVERSITY, COMPANY, BROKER, RIVAL = (UUID(int=number) for number in range(1, 5))
RIGHT_ID, LISTING_ID, DEAL_ID = (UUID(int=number) for number in range(11, 14))
UNIVERSITY_NAME = "Haixia University"
PAPER = Paper("0f" * 32, 200_000, "1")


def actor(organisation_id: UUID) -> Actor:
    return Actor(UUID(int=organisation_id.int + 100), organisation_id, f"agent of {organisation_id.int}")


def right(**changes: Any) -> RightFacts:
    facts: dict[str, Any] = {
        "right_id": RIGHT_ID,
        "organisation_id": UNIVERSITY,
        "kind": RightKind.INVENTION,
        "number": "CN201710117081.7",
        "title": "A membrane",
        "owner_name": UNIVERSITY_NAME,
        "status": RightStatus.GRANTED,
        "expires_at": NOW + 10 * YEAR,
    }
    return RightFacts(**(facts | changes))


def grant(form: DealForm = DealForm.EXCLUSIVE_LICENCE, scope: Scope | None = None, **changes: Any) -> Grant:
    return Grant(**({"holder": "Rival Ltd", "form": form, "scope": scope or Scope(), "licensee_id": RIVAL} | changes))


def case(terms: Terms | None = None, *grants: Grant, **right_changes: Any) -> Case:
    return Case(
        terms or Terms(DealForm.ORDINARY_LICENCE),
        right(**right_changes),
        grants,
        COMPANY,
        frozenset({UNIVERSITY_NAME}),
        NOW,
    )


def standing(*grants: Grant, **right_changes: Any) -> Standing:
    return Standing(right(**right_changes), grants, frozenset({UNIVERSITY_NAME}))


def deal(broker: UUID | None = BROKER) -> Deal:
    subject = Subject(DEAL_ID, LISTING_ID, RIGHT_ID, "CN201710117081.7", "A membrane", UNIVERSITY, COMPANY, broker)
    return Deal.open(subject, "May we?", actor(COMPANY), NOW)
