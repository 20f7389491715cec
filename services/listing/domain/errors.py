"""What this service refuses, by name.

- not found: RightNotFound, ListingNotFound, ImportNotFound, EncumbranceNotFound
- invalid: InvalidNumber, InvalidRight, InvalidListing, InvalidStatusEvent, InvalidEncumbrance, EmptyImport
- in conflict with what is there: AlreadyRegistered, AlreadyListed, NotPossibleNow
- too large: TooManyRows, LineTooLong
- against a guard rail: RightNotInForce (G3), LicenceOverlaps (G2), CoOwnerConsentMissing (G4),
  PledgeeConsentMissing (G5), OpenLicenceNotPossible and OpenLicenceRuns (G7), AssignmentSigned (PL 10)
"""

from services.kit.problems import FieldError, Kind, NotFound, Problem, Refusal
from services.listing.domain.characters import Fault


class RightNotFound(NotFound):
    slug = "right-not-found"


class ListingNotFound(NotFound):
    slug = "listing-not-found"


class ImportNotFound(NotFound):
    slug = "import-not-found"


class EncumbranceNotFound(NotFound):
    slug = "encumbrance-not-found"


class InvalidNumber(Problem):
    slug = "invalid-number"
    kind = Kind.INVALID


class InvalidRight(Problem):
    slug = "invalid-right"
    kind = Kind.INVALID


class InvalidListing(Problem):
    slug = "invalid-listing"
    kind = Kind.INVALID


class InvalidStatusEvent(Problem):
    slug = "invalid-status-event"
    kind = Kind.INVALID


class InvalidEncumbrance(Problem):
    slug = "invalid-encumbrance"
    kind = Kind.INVALID


class AlreadyRegistered(Problem):
    slug = "already-registered"
    kind = Kind.CONFLICT


class AlreadyListed(Problem):
    slug = "already-listed"
    kind = Kind.CONFLICT


class NotPossibleNow(Problem):
    """The state of the listing does not allow this action."""

    slug = "not-possible-now"
    kind = Kind.CONFLICT


class TooManyRows(Problem):
    slug = "too-many-rows"
    kind = Kind.TOO_LARGE


class LineTooLong(Problem):
    slug = "line-too-long"
    kind = Kind.TOO_LARGE


class EmptyImport(Problem):
    slug = "empty-import"
    kind = Kind.INVALID


class RightNotInForce(Refusal):
    slug = "right-not-in-force"
    rule = "G3"
    article = "CC 865, TI 29"


class LicenceOverlaps(Refusal):
    slug = "licence-overlaps"
    rule = "G2"
    article = "TI 25"


class CoOwnerConsentMissing(Refusal):
    slug = "co-owner-consent-missing"
    rule = "G4"
    article = "PL 14"


class PledgeeConsentMissing(Refusal):
    slug = "pledgee-consent-missing"
    rule = "G5"
    article = "CC 444"


class OpenLicenceNotPossible(Refusal):
    slug = "open-licence-not-possible"
    rule = "G7"
    article = "PL 50-51, PR 85-88"


class OpenLicenceRuns(Refusal):
    slug = "open-licence-runs"
    rule = "G7"
    article = "PL 50-51, PR 85-88"


class AssignmentSigned(Refusal):
    slug = "assignment-signed"
    rule = "PL 10"
    article = "PL 10"


def invalid_number(raw: str, fault: Fault) -> InvalidNumber:
    return InvalidNumber(number=raw, errors=[located("/number", fault)])


def located(pointer: str, fault: Fault) -> FieldError:
    return FieldError(pointer, fault.code, fault.position, dict(fault.params))
