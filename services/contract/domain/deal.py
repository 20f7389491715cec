"""The deal: one aggregate, moved only along the transitions of states.py, guarded as they say."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.contract.domain import errors
from services.contract.domain.evidence import sha256
from services.contract.domain.facts import Case, Grant, RightFacts
from services.contract.domain.findings import Finding, refuse
from services.contract.domain.happenings import (
    Accepted,
    Actor,
    Closed,
    Closing,
    DocumentSealed,
    Happening,
    Offer,
    Offered,
    Opened,
    Paper,
    PartySigned,
    Seal,
    Signature,
    SignatureApplied,
    Signed,
)
from services.contract.domain.money.purse import Purse
from services.contract.domain.recordal import Recordal
from services.contract.domain.rules import assess
from services.contract.domain.states import (
    AGREED,
    AWAITED,
    OFFER_OPEN,
    Action,
    By,
    DealState,
    ReasonCode,
    Transition,
    transition,
)
from services.contract.domain.terms import Terms, faults
from services.kit.ids import new_id
from services.kit.problems import FieldError, InvalidInput

OFFER_LASTS = timedelta(days=14)
OFFER_LASTS_AT_MOST = timedelta(days=180)


@dataclass(frozen=True)
class Subject:
    """What a deal is about and between whom: fixed when it is opened."""

    deal_id: UUID
    listing_id: UUID
    right_id: UUID
    number: str
    title: str
    licensor_id: UUID
    licensee_id: UUID
    broker_id: UUID | None = None
    demand_id: UUID | None = None


@dataclass(frozen=True)
class Standing:
    """How the right stands at this moment. `grants` are other deals' and the register's uses of it."""

    right: RightFacts
    grants: tuple[Grant, ...] = ()
    licensor_names: frozenset[str] = frozenset()


@dataclass
class Deal:
    """Every method raises a Problem and changes nothing where it may not go on.

    `happenings` wait to be saved, each with the state `reached` by it; `version` rises by one with each. What follows
    the last signature, and changes `purse` and `recordal`, is in fulfilment.py.
    """

    subject: Subject
    message: str
    opened_at: datetime
    state: DealState = DealState.INQUIRY
    version: int = 0
    offers: list[Offer] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    closing: Closing | None = None
    purse: Purse | None = None
    recordal: Recordal | None = None
    happenings: list[Happening] = field(default_factory=list)
    reached: list[DealState] = field(default_factory=list)

    @classmethod
    def open(cls, subject: Subject, message: str, actor: Actor, at: datetime) -> "Deal":
        """An inquiry by `actor` for the licensee. Raises DealWithOneself."""
        involved = [subject.licensor_id, subject.licensee_id, *([subject.broker_id] if subject.broker_id else [])]
        if len(set(involved)) < len(involved):
            raise errors.DealWithOneself
        deal = cls(subject, message, at)
        deal._happened(Opened(at, Action.OPEN, actor, message))
        return deal

    def side_of(self, organisation_id: UUID) -> str | None:
        """licensor, licensee or broker; None for anyone else, who must not learn that the deal exists."""
        sides = {self.subject.broker_id: "broker"} if self.subject.broker_id else {}
        return (sides | {self.subject.licensor_id: By.LICENSOR.value, self.subject.licensee_id: By.LICENSEE.value}).get(
            organisation_id
        )

    @property
    def latest(self) -> Offer | None:
        return self.offers[-1] if self.offers else None

    @property
    def agreed(self) -> Offer | None:
        """The offer whose terms are agreed; None before acceptance and after a side exit."""
        return self.latest if self.state in AGREED else None

    @property
    def awaits(self) -> By | None:
        """The side whose step is next; None where nobody's is."""
        by = AWAITED.get(self.state)
        if by is not By.ADDRESSEE:
            return by
        return By.LICENSEE if self._last_offer().from_organisation_id == self.subject.licensor_id else By.LICENSOR

    @property
    def offer_action(self) -> Action:
        """What a new proposal is called now."""
        return Action.COUNTER if self.state in OFFER_OPEN else Action.OFFER

    def offer(self, actor: Actor, terms: Terms, expires_at: datetime | None, standing: Standing, at: datetime) -> None:
        """The first offer, or a counter to the one on the table. Lapses at `expires_at` (default: in 14 days)."""
        action = self.offer_action
        found = self.check(action, actor.organisation_id, at)
        if located := [*faults(terms, at), *_expiry_faults(expires_at, at)]:
            raise InvalidInput(errors=located)
        self._guard(found, terms, standing, at)
        lapses = expires_at or at + OFFER_LASTS
        made = Offer(new_id(), len(self.offers) + 1, actor.organisation_id, actor.user_id, terms, at, lapses)
        self.offers.append(made)
        self.state = found.target
        self._happened(Offered(at, action, actor, made, found.guards))

    def accept(self, actor: Actor, offer_id: UUID, standing: Standing, at: datetime) -> None:
        """The addressee takes the offer on the table."""
        if all(offer.offer_id != offer_id for offer in self.offers):
            raise errors.OfferNotFound(offer_id=offer_id)
        found = self.check(Action.ACCEPT, actor.organisation_id, at)
        offer = self._last_offer()
        if offer.offer_id != offer_id:
            raise errors.OfferSuperseded(latest=offer.offer_id)
        self._guard(found, offer.terms, standing, at)
        self.state = found.target
        self._happened(Accepted(at, found.action, actor, offer, found.guards, sha256(self.document())))

    def reject(self, actor: Actor, reason: ReasonCode, note: str, at: datetime) -> None:
        """The side that was asked says no."""
        self._leave(Action.REJECT, actor, reason, note, at)

    def withdraw(self, actor: Actor, reason: ReasonCode, note: str, at: datetime) -> None:
        """The side that asked leaves, or either once terms are agreed. Possible until the last signature."""
        self._leave(Action.WITHDRAW, actor, reason, note, at)

    def expire(self, offer_id: UUID, at: datetime) -> bool:
        """The clock of an offer has run out. False where the offer has been answered meanwhile: nothing to do."""
        found = transition(self.state, Action.EXPIRE)
        if found is None or self._last_offer().offer_id != offer_id or at < self._last_offer().expires_at:
            return False
        self._close(found, None, "offer_expired", "", at)
        return True

    def sign(self, actor: Actor, standing: Standing, at: datetime, paper: Paper) -> None:
        """Sign the agreed terms, and the paper they are on, for one's side: the licensor first, then the licensee."""
        found = self.check(Action.SIGN, actor.organisation_id, at)
        offer = self._last_offer()
        self._guard(found, offer.terms, standing, at)
        digest = sha256(self.document())
        signature = Signature(actor.organisation_id, actor.user_id, actor.name, at, digest, paper.sha256)
        self.signatures.append(signature)
        self.state = found.target
        self._happened(PartySigned(at, found.action, actor, signature, found.guards, paper))
        if self.state is DealState.SIGNED:
            self._happened(Signed(at, found.action, actor, offer, digest))

    def seal(self, seal: Seal, at: datetime) -> None:
        """A signature act has been carried out on the file; the licensee's, which comes last, makes it final."""
        self._happened(SignatureApplied(at, Action.SIGN, None, seal))
        if seal.organisation_id == self.subject.licensee_id:
            self._happened(DocumentSealed(at, Action.SIGN, None, seal, sha256(self.document())))

    def check(self, action: Action, organisation_id: UUID, at: datetime) -> Transition:
        """The transition an organisation may take now, guard rails apart. Raises what stands against it."""
        if self.side_of(organisation_id) not in {By.LICENSOR, By.LICENSEE}:
            raise errors.NotAParty
        found = transition(self.state, action)
        if found is None:
            raise errors.ActionNotPossible(action=action.value, state=self.state.value)
        if not self._may(found.by, organisation_id):
            raise errors.NotYourTurn(action=action.value, by=found.by.value)
        # The timer fires within a second of the moment; an answer in between must not slip through.
        if self.state in OFFER_OPEN and action in {Action.ACCEPT, Action.COUNTER}:
            expires_at = self._last_offer().expires_at
            if expires_at <= at:
                raise errors.OfferExpired(expires_at=expires_at.isoformat(timespec="seconds"))
        self._against_money(action, at)
        return found

    def advance(self, target: DealState, happening: Happening) -> None:
        """Something happened past the signing; fulfilment.py has decided that it may."""
        self.state = target
        self._happened(happening)

    def assess(self, found: Transition, standing: Standing, at: datetime, terms: Terms | None = None) -> list[Finding]:
        """What the guard rails of a transition say. Without `terms`: of those on the table, where it takes them.

        Before an offer or counter is written down, only what no terms could cure is found. Raises NotTheOwner.
        """
        if not found.guards:
            return []
        if standing.right.organisation_id != self.subject.licensor_id:
            raise errors.NotTheOwner(number=standing.right.number)
        unwritten = terms is None and found.action in {Action.OFFER, Action.COUNTER}
        case = Case(
            terms=terms or (Terms() if unwritten else self._last_offer().terms),
            right=standing.right,
            grants=standing.grants,
            licensee_id=self.subject.licensee_id,
            licensor_names=standing.licensor_names,
            at=at,
        )
        findings = assess(case, found.guards)
        return [finding for finding in findings if finding.whatever_terms] if unwritten else findings

    def document(self) -> dict[str, Any]:
        """What the parties sign: subject and agreed terms, as plain values. Never changes once agreed."""
        offer, subject = self._last_offer(), self.subject
        return {
            "deal": {
                "deal_id": str(subject.deal_id),
                "listing_id": str(subject.listing_id),
                "right_id": str(subject.right_id),
                "number": subject.number,
                "title": subject.title,
                "licensor_organisation_id": str(subject.licensor_id),
                "licensee_organisation_id": str(subject.licensee_id),
                "broker_organisation_id": str(subject.broker_id) if subject.broker_id else None,
            },
            "offer_id": str(offer.offer_id),
            "round": offer.round,
            "terms": offer.terms.as_data(),
        }

    def _guard(self, found: Transition, terms: Terms, standing: Standing, at: datetime) -> None:
        refuse(self.assess(found, standing, at, terms))

    def _against_money(self, action: Action, at: datetime) -> None:
        """What the money says against a step that the table allows."""
        purse = self.purse
        unpaid = self.state is DealState.SIGNED
        if action is Action.FILE_RECORDAL and unpaid and purse:
            raise errors.PaymentOutstanding(reference=purse.invoice.reference)
        if action is Action.TERMINATE and unpaid and not (purse and purse.invoice.due_at <= at):
            due = purse.invoice.due_at.isoformat(timespec="seconds") if purse else "-"
            raise errors.PaymentNotOverdue(due_at=due)
        if action is Action.TERMINATE and self.state is DealState.RECORDAL_REFUSED and purse:
            raise errors.MoneyHeld
        if action in {Action.DISPUTE, Action.REFUND} and purse is None:
            raise errors.NothingHeld

    def _may(self, by: By, organisation_id: UUID) -> bool:
        if by in {By.OFFEROR, By.ADDRESSEE}:
            return (self._last_offer().from_organisation_id == organisation_id) == (by is By.OFFEROR)
        if by is By.WITNESS:
            return self.side_of(organisation_id) == By.LICENSEE
        return by is By.EITHER or by.value == self.side_of(organisation_id)

    def _leave(self, action: Action, actor: Actor, reason: ReasonCode, note: str, at: datetime) -> None:
        found = self.check(action, actor.organisation_id, at)
        if reason is ReasonCode.OTHER and not note.strip():
            raise InvalidInput(errors=[FieldError("/note", "note-needed")])
        self._close(found, actor, reason.value, note, at)

    def _close(self, found: Transition, actor: Actor | None, reason: str, note: str, at: datetime) -> None:
        self.state = found.target
        self.closing = Closing(reason, note, actor.organisation_id if actor else None, at)
        self._happened(Closed(at, found.action, actor, self.closing, self.state))

    def _last_offer(self) -> Offer:
        assert self.latest is not None, "no state that speaks of an offer is reached without one"
        return self.latest

    def _happened(self, happening: Happening) -> None:
        self.version += 1
        self.happenings.append(happening)
        self.reached.append(self.state)


def _expiry_faults(expires_at: datetime | None, at: datetime) -> Iterator[FieldError]:
    if expires_at is None:
        return
    if expires_at <= at:
        yield FieldError("/expires_at", "not-future")
    elif expires_at > at + OFFER_LASTS_AT_MOST:
        yield FieldError("/expires_at", "offer-too-long", params={"days": OFFER_LASTS_AT_MOST.days})
