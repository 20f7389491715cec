"""Double-entry book-keeping: accounts per party and purpose, and entries whose postings balance per currency.

Debits are positive, credits negative. An entry is never changed: what was wrong is put right by another one.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from services.kit.ids import new_id

_ACCOUNTS = UUID("6b0f3f0e-5d0c-5c53-9d5e-3c1c8b0a4f10")  # the namespace of account ids


class Purpose(StrEnum):
    """What an account is for. Those of a party carry its organisation; the others are the hall's own."""

    RECEIVABLE = "receivable"  # asset: the licensee has been asked to pay it
    EXPECTED = "expected"  # liability: the licensor's claim on it, until it is held
    HELD = "held"  # liability: paid by the licensee, not yet released
    PAYABLE = "payable"  # liability: released to the licensor, not yet paid out
    COMMISSION = "commission"  # liability: released to the broker, not yet paid out
    REFUNDABLE = "refundable"  # liability: to go back to the licensee
    CLAWBACK = "clawback"  # asset: paid out, and to come back from licensor or broker
    BANK = "bank"  # asset: the hall's account at its bank
    STRIPE = "stripe"  # asset: the hall's balance at Stripe
    TRANSIT = "transit"  # liability: left by bank transfer, not yet on a statement
    UNALLOCATED = "unallocated"  # liability: on a statement, and nobody knows yet what for
    FEES = "fees"  # expense: what a provider keeps


ASSETS = frozenset({Purpose.RECEIVABLE, Purpose.CLAWBACK, Purpose.BANK, Purpose.STRIPE})
_OF_THE_HALL = frozenset({Purpose.BANK, Purpose.STRIPE, Purpose.TRANSIT, Purpose.UNALLOCATED, Purpose.FEES})


@dataclass(frozen=True)
class Account:
    purpose: Purpose
    currency: str
    organisation_id: UUID | None = None

    def __post_init__(self) -> None:
        if (self.organisation_id is None) != (self.purpose in _OF_THE_HALL):
            raise ValueError(f"{self.purpose} is {'the hall' if self.organisation_id else 'a party'}'s account")

    @property
    def account_id(self) -> UUID:
        """Follows from what the account is: two transactions that open it at once open the same one."""
        return uuid5(_ACCOUNTS, f"{self.purpose}/{self.organisation_id or ''}/{self.currency}")


@dataclass(frozen=True)
class Posting:
    account: Account
    minor_units: int


class EntryKind(StrEnum):
    INVOICED = "invoiced"
    CANCELLED = "cancelled"
    RECEIVED = "received"
    BANK_LINE = "bank_line"
    FEE = "fee"
    RELEASED = "released"
    REFUND_DUE = "refund_due"
    PAID_OUT = "paid_out"
    REFUNDED = "refunded"
    REVERSED = "reversed"


class Unbalanced(ValueError):
    """A mistake of ours, never a user's."""


@dataclass(frozen=True)
class Entry:
    """`cause` names the one fact behind it, and is unique in the books: a fact is booked once, whoever tries again."""

    entry_id: UUID
    at: datetime
    kind: EntryKind
    cause: str
    deal_id: UUID | None
    postings: tuple[Posting, ...]

    @classmethod
    def of(
        cls, kind: EntryKind, cause: str, at: datetime, deal_id: UUID | None, lines: Iterable[tuple[Account, int]]
    ) -> "Entry":
        """Lines of nothing are left out. Raises Unbalanced."""
        postings = tuple(Posting(account, amount) for account, amount in lines if amount)
        sums: defaultdict[str, int] = defaultdict(int)
        for posting in postings:
            sums[posting.account.currency] += posting.minor_units
        if not postings or any(sums.values()):
            raise Unbalanced(f"{kind} {cause}: {dict(sums)}")
        return cls(new_id(), at, kind, cause, deal_id, postings)
