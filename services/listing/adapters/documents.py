"""The index `listings`: what the public may find of a listing.

What is not named here is never indexed. `private_details` are for the own organisation alone.
"""

from typing import Any

from services.kit.search import Document, IndexDeclaration, RangeType, TextField
from services.listing.domain.listings import Listing
from services.listing.domain.price_bands import asked, bands
from services.listing.domain.prices import AskingPrice, Money
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import PriceForm

# Of a price that is no amount: it compares with none, whatever the currency.
NO_CURRENCY = "none"

DECLARATION = IndexDeclaration(
    name="listings",
    version=1,
    texts=(
        TextField("title", headline=True),
        TextField("organisation_name", headline=True),
        TextField("owner_name", headline=True),
        TextField("summary"),
        TextField("prospects"),
        TextField("abstract"),
        TextField("ipc"),
        TextField("industry"),
    ),
    numbers=("number", "number_as_given"),
    facets=(
        "kind",
        "ipc_section",
        "nice_class",
        "deal_form",
        "price_band",
        "status",
        "region",
        "industry",
        "maturity",
        "language",
        "currency",
    ),
    ranges={
        "price_least": RangeType.INTEGER,
        "price_most": RangeType.INTEGER,
        "filed_at": RangeType.MOMENT,
        "published_at": RangeType.MOMENT,
    },
    displayed=(
        "title",
        "summary",
        "organisation_id",
        "organisation_name",
        "kind",
        "number",
        "status",
        "ipc",
        "deal_form",
        "price",
        "maturity",
        "region",
        "industry",
        "language",
        "published_at",
    ),
)


def document_of(listing: Listing, right: Right) -> Document:
    terms, price = listing.terms, listing.terms.price
    fields: dict[str, Any] = {
        "title": right.title,
        "organisation_id": str(listing.organisation_id),
        "organisation_name": listing.organisation_name,
        "owner_name": right.owner_name,
        "summary": terms.summary,
        "prospects": terms.prospects,
        "abstract": right.abstract,
        "number": right.number.canonical,
        "number_as_given": right.number.raw,
        "kind": right.kind,
        "ipc": list(right.ipc),
        "ipc_section": sorted({symbol[0] for symbol in right.ipc}),
        "deal_form": list(terms.deal_forms),
        "price": _price(price),
        "price_band": bands(price),
        "status": listing.status,
        "region": terms.region,
        "industry": list(terms.industries),
        "maturity": terms.maturity,
        "language": right.language,
        "filed_at": right.filed_at,
        "published_at": listing.published_at,
    }
    return Document(listing.listing_id, listing.version, fields | _amounts(price))


def _price(price: AskingPrice) -> dict[str, Any]:
    return {
        "form": price.form,
        "minimum": _money(price.minimum),
        "maximum": _money(price.maximum),
        "royalty_basis_points": price.royalty_basis_points,
    }


def _money(money: Money | None) -> dict[str, Any] | None:
    return {"minor_units": money.minor_units, "currency": money.currency} if money else None


def _amounts(price: AskingPrice) -> dict[str, Any]:
    """What prices are compared by. Nothing is nothing in any currency."""
    amounts = asked(price)
    if amounts is not None:
        least, most = amounts
        return {"currency": least.currency, "price_least": least.minor_units, "price_most": most.minor_units}
    free = {"price_least": 0, "price_most": 0} if price.form is PriceForm.FREE else {}
    return {"currency": NO_CURRENCY} | free
