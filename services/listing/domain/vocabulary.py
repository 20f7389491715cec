"""The field's words. Values are the texts of the API and of the event contracts."""

from enum import StrEnum


class RightKind(StrEnum):
    INVENTION = "invention"
    UTILITY_MODEL = "utility_model"
    DESIGN = "design"
    TRADEMARK = "trademark"
    COPYRIGHT = "copyright"
    SOFTWARE = "software"
    IC_LAYOUT = "ic_layout"
    PLANT_VARIETY = "plant_variety"


class RightStatus(StrEnum):
    """Projection of the register's event log after WIPO ST.27 (DOMAIN.md §2)."""

    PENDING = "pending"
    GRANTED = "granted"
    GRACE = "grace"
    RECOVERABLE = "recoverable"
    TERMINATED = "terminated"
    INVALIDATED = "invalidated"
    WITHDRAWN_OR_REJECTED = "withdrawn_or_rejected"
    UNMAPPED = "unmapped"


class DealForm(StrEnum):
    """What can be agreed about a right: exclusive 独占, sole 排他, ordinary 普通 as in TI 25."""

    ORDINARY_LICENCE = "ordinary_licence"
    SOLE_LICENCE = "sole_licence"
    EXCLUSIVE_LICENCE = "exclusive_licence"
    ASSIGNMENT = "assignment"
    OPEN_LICENCE = "open_licence"
    EQUITY = "equity"


# An equity contribution 作价入股 hands the right over to the company, as an assignment does.
TRANSFERS = frozenset({DealForm.ASSIGNMENT, DealForm.EQUITY})
RESTRICTIVE_LICENCES = frozenset({DealForm.EXCLUSIVE_LICENCE, DealForm.SOLE_LICENCE})
# One party alone can have these: while one is being agreed, nobody else may be promised the right.
ONE_TAKER_FORMS = TRANSFERS | RESTRICTIVE_LICENCES
LICENCES = frozenset(DealForm) - TRANSFERS


class Maturity(StrEnum):
    CONCEPT = "concept"
    PROTOTYPE = "prototype"
    PILOT = "pilot"
    MASS_PRODUCTION = "mass_production"
    SOLD = "sold"


class PriceForm(StrEnum):
    FIXED = "fixed"
    NEGOTIABLE = "negotiable"
    RANGE = "range"
    ROYALTY = "royalty"
    FREE = "free"


class EncumbranceKind(StrEnum):
    PLEDGE = "pledge"
    PRESERVATION = "preservation"
    LICENCE = "licence"
    CO_OWNERSHIP = "co_ownership"
    OPEN_LICENCE = "open_licence"


class ListingStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    UNDER_OFFER = "under_offer"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Language(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"
