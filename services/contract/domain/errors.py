"""What this service refuses by name, apart from the guard rails (findings.py).

Problem
├── DealNotFound, ListingNotFound, OfferNotFound,
│   DocumentNotMade                                   404
├── NotAParty                                         403
├── NotADocument                                      415
├── CertificateUnusable                               422
└── ListingNotOpen, DealWithOneself, NotTheOwner,
    ActionNotPossible, NotYourTurn, OfferExpired,
    OfferSuperseded, DocumentNotSealed                409
"""

from services.kit.problems import Kind, Problem


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
