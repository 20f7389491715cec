"""What happens to a deal past its signing, as happenings.py has it of the time before.

Each carries a copy of the invoice as it then was.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.contract.domain.happenings import Happening
from services.contract.domain.money.invoice import Invoice
from services.contract.domain.recordal import Recordal


@dataclass(frozen=True)
class InvoiceIssued(Happening):
    event: ClassVar[str] = "invoice_issued"

    invoice: Invoice


@dataclass(frozen=True)
class PaymentReceived(Happening):
    """`excess` of the amount was not owed, and goes back."""

    event: ClassVar[str] = "payment_received"

    invoice: Invoice
    amount: int
    excess: int


@dataclass(frozen=True)
class PaymentHeld(Happening):
    event: ClassVar[str] = "payment_held"

    invoice: Invoice


@dataclass(frozen=True)
class RecordalFiled(Happening):
    event: ClassVar[str] = "recordal_filed"

    recordal: Recordal


@dataclass(frozen=True)
class RecordalRecorded(Happening):
    event: ClassVar[str] = "recordal_recorded"

    recordal: Recordal


@dataclass(frozen=True)
class RecordalRefused(Happening):
    event: ClassVar[str] = "recordal_refused"

    recordal: Recordal
    reason: str


@dataclass(frozen=True)
class RecordalDue(Happening):
    """The term for filing ends at `due_at`, and nothing has been filed, or it has been refused."""

    event: ClassVar[str] = "recordal_due"

    due_at: datetime
    rule: str
    article: str


@dataclass(frozen=True)
class PaymentReleased(Happening):
    event: ClassVar[str] = "payment_released"

    invoice: Invoice
    to_licensor: int
    commission: int


@dataclass(frozen=True)
class DealActivated(Happening):
    event: ClassVar[str] = "deal_activated"

    ends_at: datetime | None


@dataclass(frozen=True)
class DealDisputed(Happening):
    event: ClassVar[str] = "deal_disputed"

    reason: str


@dataclass(frozen=True)
class DealResumed(Happening):
    event: ClassVar[str] = "deal_resumed"

    invoice: Invoice
    refund: int


@dataclass(frozen=True)
class PaymentRefunded(Happening):
    """The contract ends with it. `reason` is dispute, recordal_refused, rescinded or hold_expired."""

    event: ClassVar[str] = "payment_refunded"

    invoice: Invoice
    amount: int
    reason: str


@dataclass(frozen=True)
class DealEnded(Happening):
    """`reason` is terminated or expired."""

    event: ClassVar[str] = "deal_ended"

    reason: str
    note: str
