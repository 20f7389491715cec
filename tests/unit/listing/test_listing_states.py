"""The states of a listing are data; the README draws them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from services.listing.domain.errors import NotPossibleNow
from services.listing.domain.listings import TRANSITIONS, Action, Listing, ListingTerms, diagram, draft
from services.listing.domain.prices import AskingPrice
from services.listing.domain.rights import Right, RightDraft, register
from services.listing.domain.vocabulary import DealForm, ListingStatus, PriceForm, RightStatus

NOW = datetime(2026, 11, 24, tzinfo=UTC)
README = Path(__file__).parents[3] / "services" / "listing" / "README.md"
TERMS = ListingTerms("s", (DealForm.ORDINARY_LICENCE,), AskingPrice(PriceForm.NEGOTIABLE))


@pytest.fixture
def right() -> Right:
    given = RightDraft(number="202310375785.X", title="t", abstract="a", status=RightStatus.GRANTED)
    return register(given, organisation_id=uuid4(), by=None, now=NOW).right


def done(listing: Listing, action: Action, right: Right) -> Listing:
    deal = uuid4()
    return {
        Action.EDIT: lambda: listing.edited(TERMS, right, NOW),
        Action.PUBLISH: lambda: listing.published(right, NOW),
        Action.WITHDRAW: lambda: listing.withdrawn("r"),
        Action.LAPSE: lambda: listing.lapsed("r"),
        Action.RESERVE: lambda: listing.reserved(deal),
        Action.RELEASE: listing.released,
        Action.CLOSE: lambda: listing.closed(deal),
    }[action]()


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", list(ListingStatus))
def test_every_action_in_every_state(right: Right, action: Action, status: ListingStatus) -> None:
    [transition] = [transition for transition in TRANSITIONS if transition.action is action]
    listing = replace(draft(right, "o", TERMS, NOW), status=status)
    assert listing.may(action) == (status in transition.sources)
    if status not in transition.sources:
        with pytest.raises(NotPossibleNow):
            done(listing, action, right)
        return
    after = done(listing, action, right)
    assert after.status is (transition.target or status)
    assert after.version == listing.version + 1


def test_every_state_is_reached_and_only_closed_is_final() -> None:
    reached = {ListingStatus.DRAFT} | {transition.target for transition in TRANSITIONS if transition.target}
    assert reached == set(ListingStatus)
    left = {source for transition in TRANSITIONS for source in transition.sources}
    assert set(ListingStatus) - left == {ListingStatus.CLOSED}


def test_the_readme_draws_these_states() -> None:
    assert diagram() in README.read_text(encoding="utf-8")
