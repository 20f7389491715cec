"""What the public may find of a demand. What is not named here, or not made public by its poster, is never indexed."""

from typing import Any

from services.kit.bands import bands_of
from services.kit.search import Document, IndexDeclaration, RangeType, TextField
from services.matching.domain.demands import Demand

# Of a demand that names no public budget.
OPEN_BUDGET = "open"

DECLARATION = IndexDeclaration(
    name="demands",
    version=1,
    texts=(
        TextField("title", headline=True),
        TextField("organisation_name", headline=True),
        TextField("problem"),
        TextField("industry"),
        TextField("ipc"),
    ),
    facets=("industry", "region", "deal_form", "budget_band", "language"),
    ranges={"created_at": RangeType.MOMENT, "expires_at": RangeType.MOMENT},
    displayed=(
        "title",
        "problem",
        "industry",
        "region",
        "ipc",
        "deal_form",
        "territories",
        "organisation_id",
        "organisation_name",
        "budget",
        "language",
        "created_at",
        "expires_at",
    ),
)


def document_of(demand: Demand) -> Document:
    """Of one that is anonymous nothing that names its organisation; of a budget that is not public nothing at all."""
    wanted, budget = demand.facts, demand.public_budget
    fields: dict[str, Any] = {
        "title": wanted.title,
        "problem": wanted.text,
        "industry": wanted.industry,
        "region": demand.region,
        "ipc": list(wanted.ipc),
        "deal_form": list(wanted.deal_forms),
        "territories": list(wanted.territories),
        "organisation_id": None if demand.is_anonymous else str(wanted.organisation_id),
        "organisation_name": None if demand.is_anonymous else demand.organisation_name,
        "budget": {"minor_units": budget.minor_units, "currency": budget.currency} if budget else None,
        "budget_band": (bands_of(budget.currency, budget.minor_units, budget.minor_units) if budget else [OPEN_BUDGET]),
        "language": wanted.language,
        "created_at": demand.created_at,
        "expires_at": demand.expires_at,
    }
    return Document(wanted.demand_id, demand.version, fields)
