"""facts.py for what happens past the signing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from google.protobuf.message import Message
from zayton.contract.v1 import events_pb2 as pb

from services.contract.adapters.facts import deal_message
from services.contract.domain import fulfilled as past
from services.contract.domain.deal import Deal
from services.contract.domain.evidence import utc_text
from services.contract.domain.happenings import Happening
from services.contract.domain.money.invoice import Invoice
from services.contract.domain.recordal import Recordal
from services.kit import protos

_Told = Callable[[pb.Deal, Any], Message]


def tells_of(happening: Happening) -> bool:
    return type(happening) in _MESSAGES


def message_of(deal: Deal, happening: Happening) -> Message:
    """The event that tells other services."""
    return _MESSAGES[type(happening)](deal_message(deal), happening)


def record_of(_deal: Deal, happening: Happening) -> dict[str, Any]:
    """What the history keeps of it: the happening's own fields, as plain values."""
    own = {name: value for name, value in vars(happening).items() if name not in {"at", "actor", "action"}}
    return {"action": happening.action.value} | {name: _plain(value) for name, value in own.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Invoice):
        # The reference is how the payment is found; what is owed and held is what the parties may have to prove.
        return {
            "invoice_id": str(value.invoice_id),
            "reference": value.reference,
            "currency": value.currency,
            **{name: getattr(value, name) for name in ("amount", "received", "held")},
        }
    if isinstance(value, Recordal):
        return {name: _plain(each) for name, each in vars(replace(value)).items()}
    if hasattr(value, "astimezone"):
        return utc_text(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _invoice(invoice: Invoice) -> pb.Invoice:
    return pb.Invoice(
        invoice_id=str(invoice.invoice_id),
        reference=invoice.reference,
        amount=protos.money(invoice.amount, invoice.currency),
        due_at=protos.timestamp(invoice.due_at),
        received=protos.money(invoice.received, invoice.currency),
        held=protos.money(invoice.held, invoice.currency),
        hold_expires_at=protos.timestamp(invoice.hold_expires_at),
    )


def _recordal(recordal: Recordal) -> pb.Recordal:
    return pb.Recordal(
        filing_number=recordal.filing_number,
        filed_on=recordal.filed_on.isoformat() if recordal.filed_on else "",
        receipt_number=recordal.receipt_number,
        recorded_on=recordal.recorded_on.isoformat() if recordal.recorded_on else "",
        due_at=protos.timestamp(recordal.due_at),
    )


def _by(happening: Happening) -> str:
    return str(happening.actor.organisation_id) if happening.actor else ""


def _received(deal: pb.Deal, each: past.PaymentReceived) -> Message:
    amount, excess = (protos.money(part, each.invoice.currency) for part in (each.amount, each.excess))
    return pb.PaymentReceived(deal=deal, invoice=_invoice(each.invoice), amount=amount, excess=excess)


def _due(deal: pb.Deal, each: past.RecordalDue) -> Message:
    return pb.RecordalDue(deal=deal, due_at=protos.timestamp(each.due_at), rule=each.rule, article=each.article)


def _filed(deal: pb.Deal, each: past.RecordalFiled) -> Message:
    return pb.RecordalFiled(deal=deal, recordal=_recordal(each.recordal), filed_by_organisation_id=_by(each))


def _released(deal: pb.Deal, each: past.PaymentReleased) -> Message:
    shares = [protos.money(part, each.invoice.currency) for part in (each.to_licensor, each.commission)]
    return pb.PaymentReleased(deal=deal, invoice=_invoice(each.invoice), to_licensor=shares[0], commission=shares[1])


def _resumed(deal: pb.Deal, each: past.DealResumed) -> Message:
    refund = protos.money(each.refund, each.invoice.currency)
    return pb.DealResumed(deal=deal, invoice=_invoice(each.invoice), refund=refund)


def _refunded(deal: pb.Deal, each: past.PaymentRefunded) -> Message:
    return pb.PaymentRefunded(deal=deal, amount=protos.money(each.amount, each.invoice.currency), reason=each.reason)


_MESSAGES: dict[type[Happening], _Told] = {
    past.InvoiceIssued: lambda deal, each: pb.InvoiceIssued(deal=deal, invoice=_invoice(each.invoice)),
    past.PaymentReceived: _received,
    past.PaymentHeld: lambda deal, each: pb.PaymentHeld(deal=deal, invoice=_invoice(each.invoice)),
    past.RecordalDue: _due,
    past.RecordalFiled: _filed,
    past.RecordalRecorded: lambda deal, each: pb.RecordalRecorded(deal=deal, recordal=_recordal(each.recordal)),
    past.RecordalRefused: lambda deal, each: pb.RecordalRefused(
        deal=deal, reason=each.reason, recordal=_recordal(each.recordal)
    ),
    past.PaymentReleased: _released,
    past.DealActivated: lambda deal, each: pb.DealActivated(deal=deal, ends_at=protos.timestamp(each.ends_at)),
    past.DealDisputed: lambda deal, each: pb.DealDisputed(
        deal=deal, reason=each.reason, disputed_by_organisation_id=_by(each)
    ),
    past.DealResumed: _resumed,
    past.PaymentRefunded: _refunded,
    past.DealEnded: lambda deal, each: pb.DealEnded(
        deal=deal, reason=each.note or each.reason, ended_by_organisation_id=_by(each)
    ),
}
