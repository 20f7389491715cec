"""The deal's state machine, as data (DOMAIN.md §5). The README's diagram is drawn from it.

What lies before INQUIRY (draft, review, listed) are states of a listing, and the listing service's.
A transition that is not `performed` is known and not yet done by this version: no code path takes it.
"""

from dataclasses import dataclass
from enum import StrEnum


class DealState(StrEnum):
    INQUIRY = "inquiry"
    NDA = "nda"
    OFFER = "offer"
    COUNTER = "counter"
    TERM_SHEET = "term_sheet"
    DUE_DILIGENCE = "due_diligence"
    CONTRACT_DRAFT = "contract_draft"
    APPROVAL = "approval"
    SIGNING = "signing"
    SIGNED = "signed"
    FUNDED = "funded"
    RECORDAL_FILED = "recordal_filed"
    RECORDED = "recorded"
    RELEASED = "released"
    ACTIVE = "active"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    OFFER_EXPIRED = "offer_expired"
    DUE_DILIGENCE_FAILED = "due_diligence_failed"
    RECORDAL_REFUSED = "recordal_refused"
    DISPUTED = "disputed"
    REFUNDED = "refunded"


class Action(StrEnum):
    OPEN = "open"
    OFFER = "offer"
    COUNTER = "counter"
    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    SIGN = "sign"
    AGREE_SECRECY = "agree_secrecy"
    EXAMINE = "examine"
    PASS_EXAMINATION = "pass_examination"  # noqa: S105  # no password
    FAIL_EXAMINATION = "fail_examination"
    SUBMIT = "submit"
    APPROVE = "approve"
    FUND = "fund"
    FILE_RECORDAL = "file_recordal"
    RECORD = "record"
    REFUSE_RECORDAL = "refuse_recordal"
    RELEASE = "release"
    BEGIN = "begin"
    END = "end"
    TERMINATE = "terminate"
    DISPUTE = "dispute"
    RESUME = "resume"
    REFUND = "refund"
    EXPIRE_HOLD = "expire_hold"


class By(StrEnum):
    """Who may. OFFEROR made the offer on the table, ADDRESSEE is the other party.

    HALL is the hall itself, once what a step waits for has come to pass. WITNESS is who has nothing to gain from saying
    that a recordal was made: the licensee, whose money it releases, or the operator.
    """

    LICENSOR = "licensor"
    LICENSEE = "licensee"
    EITHER = "either"
    OFFEROR = "offeror"
    ADDRESSEE = "addressee"
    TIMER = "timer"
    HALL = "hall"
    WITNESS = "witness"
    OPERATOR = "operator"


# Clocks: timers of the kit, each fired once by the worker.
OFFER_EXPIRY = "offer_expiry"
HOLD_EXPIRY = "hold_expiry"
RECORDAL_DUE = "recordal_due"
TERM_START = "term_start"
TERM_END = "term_end"
GUARD_RAILS = ("G1", "G2", "G3", "G4", "G5")


@dataclass(frozen=True)
class Transition:
    """`guards` are ids of DOMAIN.md §3, checked before it; `timer` is the clock that starts with it, or fires it."""

    source: DealState | None
    action: Action
    target: DealState
    by: By
    guards: tuple[str, ...] = ()
    timer: str | None = None
    performed: bool = True


S, A = DealState, Action

TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, A.OPEN, S.INQUIRY, By.LICENSEE),
    Transition(S.INQUIRY, A.OFFER, S.OFFER, By.EITHER, GUARD_RAILS, OFFER_EXPIRY),
    Transition(S.INQUIRY, A.REJECT, S.REJECTED, By.LICENSOR),
    Transition(S.INQUIRY, A.WITHDRAW, S.WITHDRAWN, By.LICENSEE),
    Transition(S.OFFER, A.COUNTER, S.COUNTER, By.ADDRESSEE, GUARD_RAILS, OFFER_EXPIRY),
    Transition(S.OFFER, A.ACCEPT, S.TERM_SHEET, By.ADDRESSEE, GUARD_RAILS),
    Transition(S.OFFER, A.REJECT, S.REJECTED, By.ADDRESSEE),
    Transition(S.OFFER, A.WITHDRAW, S.WITHDRAWN, By.OFFEROR),
    Transition(S.OFFER, A.EXPIRE, S.OFFER_EXPIRED, By.TIMER, timer=OFFER_EXPIRY),
    # Two states that take turns: OFFER and COUNTER tell whose proposal is on the table.
    Transition(S.COUNTER, A.COUNTER, S.OFFER, By.ADDRESSEE, GUARD_RAILS, OFFER_EXPIRY),
    Transition(S.COUNTER, A.ACCEPT, S.TERM_SHEET, By.ADDRESSEE, GUARD_RAILS),
    Transition(S.COUNTER, A.REJECT, S.REJECTED, By.ADDRESSEE),
    Transition(S.COUNTER, A.WITHDRAW, S.WITHDRAWN, By.OFFEROR),
    Transition(S.COUNTER, A.EXPIRE, S.OFFER_EXPIRED, By.TIMER, timer=OFFER_EXPIRY),
    # Signatures are ordered: the licensor's opens the signing, the licensee's ends it.
    Transition(S.TERM_SHEET, A.SIGN, S.SIGNING, By.LICENSOR, GUARD_RAILS),
    Transition(S.TERM_SHEET, A.WITHDRAW, S.WITHDRAWN, By.EITHER),
    Transition(S.SIGNING, A.SIGN, S.SIGNED, By.LICENSEE, GUARD_RAILS),
    Transition(S.SIGNING, A.WITHDRAW, S.WITHDRAWN, By.EITHER),
    # SIGNED is "to be paid". A licence without a fee is in force at once; a free transfer only has to be recorded.
    Transition(S.SIGNED, A.FUND, S.FUNDED, By.HALL, timer=HOLD_EXPIRY),
    Transition(S.SIGNED, A.BEGIN, S.ACTIVE, By.HALL, timer=TERM_END),
    Transition(S.SIGNED, A.FILE_RECORDAL, S.RECORDAL_FILED, By.EITHER, ("G9",)),
    Transition(S.SIGNED, A.TERMINATE, S.TERMINATED, By.LICENSOR),
    # FUNDED: the hall holds the money until the register shows the deal, or the licensee says that all is as agreed.
    Transition(S.FUNDED, A.FILE_RECORDAL, S.RECORDAL_FILED, By.EITHER, ("G9",)),
    Transition(S.FUNDED, A.RELEASE, S.RELEASED, By.LICENSEE, timer=TERM_START),
    Transition(S.FUNDED, A.DISPUTE, S.DISPUTED, By.EITHER),
    Transition(S.FUNDED, A.EXPIRE_HOLD, S.REFUNDED, By.TIMER, timer=HOLD_EXPIRY),
    Transition(S.RECORDAL_FILED, A.RECORD, S.RECORDED, By.WITNESS),
    Transition(S.RECORDAL_FILED, A.REFUSE_RECORDAL, S.RECORDAL_REFUSED, By.WITNESS),
    Transition(S.RECORDAL_FILED, A.DISPUTE, S.DISPUTED, By.EITHER),
    Transition(S.RECORDAL_FILED, A.EXPIRE_HOLD, S.REFUNDED, By.TIMER, timer=HOLD_EXPIRY),
    Transition(S.RECORDED, A.RELEASE, S.RELEASED, By.HALL, timer=TERM_START),
    Transition(S.RECORDED, A.BEGIN, S.ACTIVE, By.HALL, timer=TERM_END),
    Transition(S.RECORDAL_REFUSED, A.FILE_RECORDAL, S.RECORDAL_FILED, By.EITHER, ("G9",)),
    Transition(S.RECORDAL_REFUSED, A.REFUND, S.REFUNDED, By.OPERATOR),
    Transition(S.RECORDAL_REFUSED, A.TERMINATE, S.TERMINATED, By.EITHER),
    Transition(S.RECORDAL_REFUSED, A.EXPIRE_HOLD, S.REFUNDED, By.TIMER, timer=HOLD_EXPIRY),
    Transition(S.DISPUTED, A.RESUME, S.FUNDED, By.OPERATOR),
    Transition(S.DISPUTED, A.REFUND, S.REFUNDED, By.OPERATOR),
    Transition(S.DISPUTED, A.EXPIRE_HOLD, S.REFUNDED, By.TIMER, timer=HOLD_EXPIRY),
    # RELEASED: pay-outs are under way. ACTIVE: they have arrived, and the agreed start has come.
    Transition(S.RELEASED, A.BEGIN, S.ACTIVE, By.HALL, timer=TERM_END),
    Transition(S.ACTIVE, A.END, S.EXPIRED, By.TIMER, timer=TERM_END),
    Transition(S.ACTIVE, A.TERMINATE, S.TERMINATED, By.EITHER),
    Transition(S.ACTIVE, A.REFUND, S.REFUNDED, By.OPERATOR),
    # Known, not yet performed.
    Transition(S.INQUIRY, A.AGREE_SECRECY, S.NDA, By.EITHER, performed=False),
    Transition(S.NDA, A.OFFER, S.OFFER, By.EITHER, GUARD_RAILS, OFFER_EXPIRY, performed=False),
    Transition(S.TERM_SHEET, A.EXAMINE, S.DUE_DILIGENCE, By.LICENSEE, performed=False),
    Transition(S.DUE_DILIGENCE, A.PASS_EXAMINATION, S.CONTRACT_DRAFT, By.LICENSEE, performed=False),
    Transition(S.DUE_DILIGENCE, A.FAIL_EXAMINATION, S.DUE_DILIGENCE_FAILED, By.LICENSEE, performed=False),
    Transition(S.CONTRACT_DRAFT, A.SUBMIT, S.APPROVAL, By.LICENSOR, performed=False),
    Transition(S.APPROVAL, A.APPROVE, S.SIGNING, By.LICENSOR, ("G11", "G17"), performed=False),
)

_PERFORMED = {(each.source, each.action): each for each in TRANSITIONS if each.performed}

# In these an offer waits for its answer.
OFFER_OPEN = frozenset({S.OFFER, S.COUNTER})


# From acceptance on the terms are agreed, whatever becomes of the deal; a side exit before the contract undoes that.
AGREED = frozenset({S.TERM_SHEET, S.SIGNING, S.SIGNED}) | {
    each.target
    for each in TRANSITIONS
    if each.performed
    and each.action
    in {
        A.FUND,
        A.BEGIN,
        A.FILE_RECORDAL,
        A.RECORD,
        A.REFUSE_RECORDAL,
        A.RELEASE,
        A.DISPUTE,
        A.RESUME,
        A.REFUND,
        A.EXPIRE_HOLD,
        A.END,
        A.TERMINATE,
    }
}

# Whose step is next. In an inquiry either side may offer, but it is the licensor who was asked.
AWAITED: dict[DealState, By] = {
    S.INQUIRY: By.LICENSOR,
    S.OFFER: By.ADDRESSEE,
    S.COUNTER: By.ADDRESSEE,
    S.TERM_SHEET: By.LICENSOR,
    S.SIGNING: By.LICENSEE,
    S.SIGNED: By.LICENSEE,  # who pays
    S.FUNDED: By.LICENSOR,  # who is paid once it is recorded
    S.RECORDAL_REFUSED: By.LICENSOR,
}


def transition(state: DealState | None, action: Action) -> Transition | None:
    """The transition this version performs, or None."""
    return _PERFORMED.get((state, action))


def performed_from(state: DealState) -> list[Transition]:
    """What this version can do in a state, timers included, in table order."""
    return [each for each in _PERFORMED.values() if each.source is state]


class ReasonCode(StrEnum):
    """Why a deal ended without a contract: a "no" is data (DOMAIN.md §5). OTHER needs a note."""

    TOO_EARLY = "too_early"
    BENEFIT_UNCLEAR = "benefit_unclear"
    ROUTE_UNCLEAR = "route_unclear"
    DESCRIPTION_UNCLEAR = "description_unclear"
    PRICE = "price"
    PRIOR_ART = "prior_art"
    REMAINING_LIFE = "remaining_life"
    NO_FIT = "no_fit"
    CAPACITY = "capacity"
    OTHER = "other"
