"""What this service refuses by name, apart from the guard rails (findings.py).

Problem
├── DealNotFound, ListingNotFound, OfferNotFound,
│   DocumentNotMade                                   404
├── NotAParty                                         403
├── NotADocument                                      415
├── CertificateUnusable                               422
├── ListingNotOpen, DealWithOneself, NotTheOwner,
│   ActionNotPossible, NotYourTurn, OfferExpired,
│   OfferSuperseded, DocumentNotSealed,
│   PaymentOutstanding, PaymentNotOverdue, MoneyHeld,
│   NothingHeld, NothingOwed, OrderNotOpen,
│   SecondPersonNeeded, LineNotOpen                   409
├── InvoiceNotFound, PaymentNotFound,
│   StatementNotFound, LineNotFound                   404
├── StripeNotConnected                                503
├── SignatureInvalid                                  400
└── Refusal
    ├── RecordalByLicensor                            409, G9 TL 43
    └── ReleaseBeforeRegistration                     409, G9 PL 10 or TL 42
"""

from services.kit.problems import Kind, Problem, Refusal


class DealNotFound(Problem):
    slug = "deal-not-found"
    kind = Kind.NOT_FOUND


class ListingNotFound(Problem):
    slug = "listing-not-found"
    kind = Kind.NOT_FOUND


class OfferNotFound(Problem):
    slug = "offer-not-found"
    kind = Kind.NOT_FOUND


class NotAParty(Problem):
    """A broker sees the deal it was named in; it acts for nobody."""

    slug = "not-a-party"
    kind = Kind.FORBIDDEN


class ListingNotOpen(Problem):
    slug = "listing-not-open"
    kind = Kind.CONFLICT


class DealWithOneself(Problem):
    slug = "deal-with-oneself"
    kind = Kind.CONFLICT


class NotTheOwner(Problem):
    """The right has left the licensor's hands since the deal was opened."""

    slug = "not-the-owner"
    kind = Kind.CONFLICT


class ActionNotPossible(Problem):
    slug = "action-not-possible"
    kind = Kind.CONFLICT


class NotYourTurn(Problem):
    slug = "not-your-turn"
    kind = Kind.CONFLICT


class OfferExpired(Problem):
    slug = "offer-expired"
    kind = Kind.CONFLICT


class OfferSuperseded(Problem):
    slug = "offer-superseded"
    kind = Kind.CONFLICT


class DocumentNotMade(Problem):
    """Nothing is agreed yet, or was agreed before documents were PDFs."""

    slug = "document-not-made"
    kind = Kind.NOT_FOUND


class DocumentNotSealed(Problem):
    """Not all have signed, or the last signature is just being put into the file."""

    slug = "document-not-sealed"
    kind = Kind.CONFLICT


class NotADocument(Problem):
    """Neither a PDF nor a zip, by its content."""

    slug = "not-a-document"
    kind = Kind.UNSUPPORTED


class CertificateUnusable(Problem):
    slug = "certificate-unusable"
    kind = Kind.INVALID


class PaymentOutstanding(Problem):
    slug = "payment-outstanding"
    kind = Kind.CONFLICT


class PaymentNotOverdue(Problem):
    """A contract is not left because it has just been signed."""

    slug = "payment-not-overdue"
    kind = Kind.CONFLICT


class MoneyHeld(Problem):
    """The operator gives the money back; that ends the deal."""

    slug = "money-held"
    kind = Kind.CONFLICT


class NothingHeld(Problem):
    """A free deal has no money to argue about."""

    slug = "nothing-held"
    kind = Kind.CONFLICT


class NothingOwed(Problem):
    slug = "nothing-owed"
    kind = Kind.CONFLICT


class OrderNotOpen(Problem):
    slug = "order-not-open"
    kind = Kind.CONFLICT


class SecondPersonNeeded(Problem):
    """Four eyes: who proposes does not confirm."""

    slug = "second-person-needed"
    kind = Kind.CONFLICT


class LineNotOpen(Problem):
    slug = "line-not-open"
    kind = Kind.CONFLICT


class InvoiceNotFound(Problem):
    slug = "invoice-not-found"
    kind = Kind.NOT_FOUND


class PaymentNotFound(Problem):
    slug = "payment-not-found"
    kind = Kind.NOT_FOUND


class StatementNotFound(Problem):
    slug = "statement-not-found"
    kind = Kind.NOT_FOUND


class LineNotFound(Problem):
    slug = "line-not-found"
    kind = Kind.NOT_FOUND


class StripeNotConnected(Problem):
    slug = "stripe-not-connected"
    kind = Kind.UNAVAILABLE


class SignatureInvalid(Problem):
    slug = "signature-invalid"
    kind = Kind.MALFORMED


class RecordalByLicensor(Refusal):
    slug = "recordal-by-licensor"


class ReleaseBeforeRegistration(Refusal):
    slug = "release-before-registration"
