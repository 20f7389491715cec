"""A listing: an offer of a right to the hall, and the states it goes through."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.kit.ids import new_id
from services.kit.problems import FieldError
from services.listing.domain import guard_rails
from services.listing.domain.encumbrances import territory_faults
from services.listing.domain.errors import InvalidListing, NotPossibleNow
from services.listing.domain.guard_rails import Proposal
from services.listing.domain.prices import AskingPrice
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import DealForm, ListingStatus, Maturity


class Action(StrEnum):
    EDIT = "edit"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    RESERVE = "reserve"
    RELEASE = "release"
    CLOSE = "close"


class Actor(StrEnum):
    OWNER = "owner"
    HALL = "hall"  # a rule or the clock
    DEAL = "deal"


@dataclass(frozen=True)
class Transition:
    action: Action
    sources: tuple[ListingStatus, ...]
    target: ListingStatus | None  # None stays
    actor: Actor


L = ListingStatus
TRANSITIONS: tuple[Transition, ...] = (
    Transition(Action.EDIT, (L.DRAFT, L.PUBLISHED, L.WITHDRAWN), None, Actor.OWNER),
    Transition(Action.PUBLISH, (L.DRAFT, L.WITHDRAWN), L.PUBLISHED, Actor.OWNER),
    Transition(Action.WITHDRAW, (L.DRAFT, L.PUBLISHED), L.WITHDRAWN, Actor.OWNER),
    Transition(Action.LAPSE, (L.PUBLISHED, L.UNDER_OFFER), L.WITHDRAWN, Actor.HALL),
    Transition(Action.RESERVE, (L.PUBLISHED,), L.UNDER_OFFER, Actor.DEAL),
    Transition(Action.RELEASE, (L.UNDER_OFFER,), L.PUBLISHED, Actor.DEAL),
    Transition(Action.CLOSE, (L.PUBLISHED, L.UNDER_OFFER, L.WITHDRAWN), L.CLOSED, Actor.DEAL),
)
# What the public sees. There is at most one such listing of a right.
OPEN = frozenset({L.PUBLISHED, L.UNDER_OFFER})


@dataclass(frozen=True)
class ListingTerms:
    """What the holder writes. `territories` are WIPO ST.3 codes; `private_details` never leave this service."""

    summary: str
    deal_forms: tuple[DealForm, ...]
    price: AskingPrice
    prospects: str = ""
    maturity: Maturity | None = None
    industries: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    region: str = ""
    private_details: str = ""

    def proposal(self) -> Proposal:
        return Proposal(frozenset(self.deal_forms), self.territories, self.price.form)

    def faults(self) -> Iterator[FieldError]:
        for fault in self.price.faults():
            yield replace(fault, pointer=f"/price{fault.pointer}")
        yield from territory_faults(self.territories)


@dataclass(frozen=True)
class Listing:
    listing_id: UUID
    right_id: UUID
    organisation_id: UUID
    organisation_name: str
    status: ListingStatus
    terms: ListingTerms
    created_at: datetime
    published_at: datetime | None = None
    withdrawal_reason: str = ""
    deal_id: UUID | None = None  # the deal it is under offer to, or was closed by
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def edited(self, terms: ListingTerms, right: Right, now: datetime) -> "Listing":
        """Raises InvalidListing, NotPossibleNow, or a Refusal where it is public and the new terms may not be."""
        _check(terms)
        moved = self._moved(Action.EDIT, terms=terms)
        if moved.is_open:
            guard_rails.check(right, terms.proposal(), now)
        return moved

    def published(self, right: Right, now: datetime) -> "Listing":
        """Raises NotPossibleNow or a Refusal."""
        moved = self._moved(Action.PUBLISH, published_at=now, withdrawal_reason="")
        guard_rails.check(right, self.terms.proposal(), now)
        return moved

    def withdrawn(self, reason: str) -> "Listing":
        return self._moved(Action.WITHDRAW, withdrawal_reason=reason)

    def lapsed(self, reason: str) -> "Listing":
        return self._moved(Action.LAPSE, withdrawal_reason=reason, deal_id=None)

    def reserved(self, deal_id: UUID) -> "Listing":
        return self._moved(Action.RESERVE, deal_id=deal_id)

    def released(self) -> "Listing":
        return self._moved(Action.RELEASE, deal_id=None)

    def closed(self, deal_id: UUID) -> "Listing":
        return self._moved(Action.CLOSE, deal_id=deal_id)

    def touched(self) -> "Listing":
        """The same listing, of a right that has changed."""
        return replace(self, version=self.version + 1)

    def may(self, action: Action) -> bool:
        return self.status in _transition(action).sources

    def _moved(self, action: Action, **changes: object) -> "Listing":
        transition = _transition(action)
        if self.status not in transition.sources:
            raise NotPossibleNow(action=action, status=self.status, sources=", ".join(transition.sources))
        target = transition.target or self.status
        return replace(self, status=target, version=self.version + 1, **changes)  # type: ignore[arg-type]  # by name


def _transition(action: Action) -> Transition:
    return next(transition for transition in TRANSITIONS if transition.action is action)


def draft(right: Right, organisation_name: str, terms: ListingTerms, now: datetime) -> Listing:
    """A new listing of a right. Raises InvalidListing with the place of every fault."""
    _check(terms)
    return Listing(new_id(), right.right_id, right.organisation_id, organisation_name, L.DRAFT, terms, now)


def _check(terms: ListingTerms) -> None:
    if faults := list(terms.faults()):
        raise InvalidListing(errors=faults)


def diagram() -> str:
    """The state diagram in Mermaid, for the README."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    for transition in TRANSITIONS:
        lines += [
            f"    {source} --> {transition.target or source}: {transition.action} ({transition.actor})"
            for source in transition.sources
        ]
    return "\n".join([*lines, "    closed --> [*]"])
