"""From the last signature to the end of the contract: payment, recordal, release, and what may go wrong.

Functions on a deal, as deal.py's methods are: each raises a Problem and changes nothing where it may not go on.
`hall_acts` takes the steps that are nobody's to take: what they wait for has come to pass.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from services.contract.domain import errors, recordal
from services.contract.domain.days import first_day_anywhere
from services.contract.domain.deal import Deal
from services.contract.domain.facts import RightKind
from services.contract.domain.fulfilled import (
    DealActivated,
    DealDisputed,
    DealEnded,
    DealResumed,
    InvoiceIssued,
    PaymentHeld,
    PaymentReceived,
    PaymentRefunded,
    PaymentReleased,
    RecordalDue,
    RecordalFiled,
    RecordalRecorded,
    RecordalRefused,
)
from services.contract.domain.happenings import Actor
from services.contract.domain.money.invoice import Answer, InvoiceState, Order, Payment, Tariff
from services.contract.domain.money.purse import Purse
from services.contract.domain.recordal import Recordal, RecordalRule, day_faults, rule_for
from services.contract.domain.states import Action, By, DealState, Transition, transition
from services.contract.domain.terms import TRANSFERS, Terms
from services.kit.problems import FieldError, InvalidInput


@dataclass(frozen=True)
class Office:
    """Who acts: a party, or the operator, who is none."""

    actor: Actor
    is_operator: bool = False


def after_signing(deal: Deal, kind: RightKind, tariff: Tariff, at: datetime) -> None:
    """The contract is made: what is due is asked for, and the clock of the recordal starts."""
    if deal.state is not DealState.SIGNED:
        return
    terms = _terms(deal)
    rule = rule_for(kind, terms, at)
    due = recordal.due_at(rule, max(at, terms.starts_at or at)) if rule else None
    deal.recordal = Recordal(due_at=due)
    if fee := fee_of(deal):
        parties = (deal.subject.licensee_id, deal.subject.licensor_id, deal.subject.broker_id)
        deal.purse = Purse.issue(deal.subject.deal_id, fee, parties, tariff, at)
        deal.advance(deal.state, InvoiceIssued(at, Action.FUND, None, replace(deal.purse.invoice)))
    hall_acts(deal, at)


def fee_of(deal: Deal) -> tuple[int, str] | None:
    """What is due at signing, in minor units and currency; None where nothing is."""
    fee = _terms(deal).fixed_fee
    return (fee.minor_units, fee.currency) if fee and fee.minor_units else None


def hall_acts(deal: Deal, at: datetime) -> None:
    """Every step that now waits for nobody."""
    while (found := _own_step(deal, at)) is not None:
        purse = deal.purse
        match found.action:
            case Action.FUND:
                assert purse is not None
                deal.advance(found.target, PaymentHeld(at, found.action, None, replace(purse.invoice)))
            case Action.RELEASE:
                _release(deal, found, None, at)
            case _:
                deal.advance(found.target, DealActivated(at, found.action, None, _terms(deal).ends_at))


def _own_step(deal: Deal, at: datetime) -> Transition | None:
    starts_at = _terms(deal).starts_at
    started = starts_at is None or starts_at <= at
    is_transfer = _terms(deal).meaning in TRANSFERS
    purse = deal.purse
    match deal.state:
        case DealState.SIGNED if purse is None:
            return transition(deal.state, Action.BEGIN) if started and not is_transfer else None
        case DealState.SIGNED if purse and purse.invoice.state is InvoiceState.HELD:
            return transition(deal.state, Action.FUND)
        case DealState.RECORDED if purse is None:
            return transition(deal.state, Action.BEGIN)
        case DealState.RECORDED:
            return transition(deal.state, Action.RELEASE)
        case DealState.RELEASED if purse and purse.settled and started:
            return transition(deal.state, Action.BEGIN)
    return None


def take_payment(deal: Deal, payment: Payment, tariff: Tariff, at: datetime) -> None:
    """Money has come in for the invoice."""
    taken = _purse(deal).receive(payment, tariff, at)
    _taken(deal, taken, payment.amount, at)


def take_answer(deal: Deal, order: Order, answer: Answer, tariff: Tariff, at: datetime) -> None:
    """A provider has said what became of an order."""
    before = len(_purse(deal).receipts)
    taken = _purse(deal).answered(order, answer, tariff, at)
    if len(_purse(deal).receipts) > before:
        _taken(deal, taken, _purse(deal).receipts[-1].amount, at)
    hall_acts(deal, at)


def _taken(deal: Deal, taken: int | None, amount: int, at: datetime) -> None:
    if taken is None:
        return
    invoice = replace(_purse(deal).invoice)
    deal.advance(deal.state, PaymentReceived(at, Action.FUND, None, invoice, amount, amount - taken))
    hall_acts(deal, at)


def file_recordal(
    deal: Deal, actor: Actor, kind: RightKind, filing: tuple[str, date], at: datetime
) -> RecordalRule | None:
    """A party has filed at the register's office: (filing number, day). Returns the rule it follows."""
    number, filed_on = filing
    found = deal.check(Action.FILE_RECORDAL, actor.organisation_id, at)
    rule = rule_for(kind, _terms(deal), _signed_at(deal))
    if rule and rule.by_licensor_alone and deal.side_of(actor.organisation_id) != By.LICENSOR:
        raise errors.RecordalByLicensor(rule=rule.id, article=rule.article)
    if faults := day_faults("/filed_on", filed_on, first_day_anywhere(_signed_at(deal)), at):
        raise InvalidInput(errors=faults)
    deal.recordal = replace(_recordal(deal), filing_number=number, filed_on=filed_on, refusal="")
    deal.advance(found.target, RecordalFiled(at, found.action, actor, deal.recordal))
    return rule


def record(deal: Deal, office: Office, receipt: tuple[str, date], at: datetime) -> None:
    """The register shows the deal: (number of the receipt or notice, its day). What is held is released by it."""
    number, recorded_on = receipt
    found = _witnessed(deal, Action.RECORD, office, at)
    filed_on = _recordal(deal).filed_on
    assert filed_on is not None
    if faults := day_faults("/recorded_on", recorded_on, filed_on, at):
        raise InvalidInput(errors=faults)
    deal.recordal = replace(_recordal(deal), receipt_number=number, recorded_on=recorded_on)
    deal.advance(found.target, RecordalRecorded(at, found.action, office.actor, deal.recordal))
    hall_acts(deal, at)


def refuse_recordal(deal: Deal, office: Office, reason: str, at: datetime) -> None:
    """The office has said no. It may be filed again, or the operator gives the money back."""
    found = _witnessed(deal, Action.REFUSE_RECORDAL, office, at)
    deal.recordal = replace(_recordal(deal), refusal=reason)
    deal.advance(found.target, RecordalRefused(at, found.action, office.actor, deal.recordal, reason))


def release(deal: Deal, actor: Actor, kind: RightKind, at: datetime) -> None:
    """The licensee says that all is as agreed, without waiting for a recordal. Not for what passes by registration."""
    found = deal.check(Action.RELEASE, actor.organisation_id, at)
    rule = rule_for(kind, _terms(deal), _signed_at(deal))
    if rule and rule.decides_effect:
        raise errors.ReleaseBeforeRegistration(rule=rule.id, article=rule.article)
    _release(deal, found, actor, at)
    hall_acts(deal, at)


def dispute(deal: Deal, actor: Actor, reason: str, at: datetime) -> None:
    """Stops the money where it is until the operator decides."""
    found = deal.check(Action.DISPUTE, actor.organisation_id, at)
    deal.advance(found.target, DealDisputed(at, found.action, actor, reason))


def resume(deal: Deal, operator: Actor, refund: int, at: datetime) -> None:
    """The dispute is settled: the deal goes on, with part of the money given back where that was agreed."""
    found = _operated(deal, Action.RESUME)
    purse = _purse(deal)
    if not 0 <= refund < purse.invoice.held:
        raise InvalidInput(errors=[FieldError("/refund_minor_units", "more-than-held")])
    if refund:
        purse.give_back(refund, at)
    invoice = replace(purse.invoice)
    deal.advance(found.target, DealResumed(at, found.action, operator, invoice, refund))


def refund(deal: Deal, operator: Actor, at: datetime) -> None:
    """Everything goes back to the licensee, also what was paid out, and the contract ends."""
    found = _operated(deal, Action.REFUND)
    reason = {DealState.DISPUTED: "dispute", DealState.RECORDAL_REFUSED: "recordal_refused"}.get(
        deal.state, "rescinded"
    )
    _refund(deal, found, operator, reason, at)


def expire_hold(deal: Deal, at: datetime) -> bool:
    """The hall may not keep the money longer. False where there is nothing to do (any more)."""
    found = transition(deal.state, Action.EXPIRE_HOLD)
    expires_at = deal.purse.invoice.hold_expires_at if deal.purse else None
    if found is None or expires_at is None or at < expires_at:
        return False
    _refund(deal, found, None, "hold_expired", at)
    return True


def terminate(deal: Deal, actor: Actor, reason: str, at: datetime) -> None:
    """End the contract: unpaid when it was due, refused by the register, or running."""
    found = deal.check(Action.TERMINATE, actor.organisation_id, at)
    if deal.state is DealState.SIGNED and deal.purse:
        deal.purse.cancel(at)
    deal.advance(found.target, DealEnded(at, found.action, actor, "terminated", reason))


def end(deal: Deal, at: datetime) -> bool:
    """The agreed term is over. False where it is not, or the deal has ended otherwise."""
    found = transition(deal.state, Action.END)
    ends_at = _terms(deal).ends_at if found else None
    if found is None or ends_at is None or at < ends_at:
        return False
    deal.advance(found.target, DealEnded(at, found.action, None, "expired", ""))
    return True


def remind_of_recordal(deal: Deal, kind: RightKind, at: datetime) -> bool:
    """The term for filing ends soon and nothing has been filed, or it has been refused."""
    filing = deal.recordal
    rule = rule_for(kind, _terms(deal), _signed_at(deal)) if deal.signatures else None
    over = deal.state in {DealState.TERMINATED, DealState.EXPIRED, DealState.REFUNDED}
    if filing is None or filing.due_at is None or filing.under_way or rule is None or over:
        return False
    deal.advance(deal.state, RecordalDue(at, Action.FILE_RECORDAL, None, filing.due_at, rule.id, rule.article))
    return True


def _release(deal: Deal, found: Transition, actor: Actor | None, at: datetime) -> None:
    shares = _purse(deal).release(at)
    invoice = replace(_purse(deal).invoice)
    deal.advance(found.target, PaymentReleased(at, found.action, actor, invoice, *shares))


def _refund(deal: Deal, found: Transition, actor: Actor | None, reason: str, at: datetime) -> None:
    purse = _purse(deal)
    amount = purse.invoice.held
    if amount:
        purse.give_back(amount, at)
    else:
        amount = purse.take_back(at)
    happening = PaymentRefunded(at, found.action, actor, replace(purse.invoice), amount, reason)
    deal.advance(found.target, happening)


def _witnessed(deal: Deal, action: Action, office: Office, at: datetime) -> Transition:
    if office.is_operator:
        return _operated(deal, action)
    return deal.check(action, office.actor.organisation_id, at)


def _operated(deal: Deal, action: Action) -> Transition:
    found = transition(deal.state, action)
    if found is None or found.by not in {By.OPERATOR, By.WITNESS}:
        raise errors.ActionNotPossible(action=action.value, state=deal.state.value)
    if action is Action.REFUND:
        _purse(deal)
    return found


def _terms(deal: Deal) -> Terms:
    assert deal.agreed is not None, "fulfilment begins with a contract"
    return deal.agreed.terms


def _purse(deal: Deal) -> Purse:
    if deal.purse is None:
        raise errors.NothingHeld
    return deal.purse


def _recordal(deal: Deal) -> Recordal:
    return deal.recordal or Recordal()


def _signed_at(deal: Deal) -> datetime:
    return deal.signatures[-1].signed_at
