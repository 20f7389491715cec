"""What one's organisation holds: listing a right step by step, and looking after what is listed.

The steps are the API's own, each kept by the hall when it is done: the right, its offer as a draft, publishing. So a
step that is refused loses nothing of the one before.
"""

import asyncio
import re
from datetime import UTC, date, datetime, time

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area()

KINDS = (
    "invention",
    "utility_model",
    "design",
    "trademark",
    "copyright",
    "software",
    "ic_layout",
    "plant_variety",
)
STATUSES = ("granted", "pending", "grace", "recoverable")
DEAL_FORMS = ("ordinary_licence", "sole_licence", "exclusive_licence", "assignment", "open_licence", "equity")
PRICE_FORMS = ("fixed", "negotiable", "range", "royalty", "free")
MATURITIES = ("concept", "prototype", "pilot", "mass_production", "sold")
CURRENCIES = ("CNY", "USD", "EUR", "HKD")
STATES = ("draft", "published", "under_offer", "closed", "withdrawn")
_PLACES = {
    "/price/minimum": "minimum",
    "/price/minimum/minor_units": "minimum",
    "/price/maximum": "maximum",
    "/price/maximum/minor_units": "maximum",
    "/price/royalty_basis_points": "royalty",
    "/price/form": "price_form",
    "/price": "price_form",
}
_REFUSED = 422
_BETWEEN = re.compile(r"[\s]*[,，、;；\n]\s*")


@area.get("/listings/mine", members=True)
async def mine(visitor: Visitor) -> Response:
    assert visitor.member is not None, "the page is for members"
    state = visitor.asked("status")
    found, figures = await asyncio.gather(
        visitor.api.get(
            "/api/v1/listings",
            organisation_id=str(visitor.member.organisation_id),
            status=state,
            cursor=visitor.asked("cursor"),
        ),
        visitor.api.get("/api/v1/listings/figures"),
    )
    return await visitor.page(
        "holdings/mine.html", found=found, states=figures["states"], chosen=state, all_states=STATES
    )


@area.get("/listings/new", members=True)
async def new(visitor: Visitor) -> Response:
    return await _right_page(visitor, Form.of(kind="invention", status="granted"))


@area.post("/listings/new", members=True)
async def register(visitor: Visitor, form: Form) -> Response:
    body = {
        "number": form.text("number"),
        "kind": form.optional("kind"),
        "title": form.text("title"),
        "abstract": form.text("abstract"),
        "owner_name": form.text("owner_name"),
        "ipc": [symbol for symbol in _BETWEEN.split(form.text("ipc")) if symbol],
        "filed_at": _day(visitor, form, "filed_at"),
        "granted_at": _day(visitor, form, "granted_at"),
        "status": form.optional("status"),
    }
    if not form.failed:
        try:
            right = await visitor.api.post("/api/v1/rights", body, once=form.once)
            return visitor.go(f"/rights/{right['right_id']}/offer", done="right_registered")
        except ApiProblem as problem:
            form.refuse(problem)
    return await _right_page(visitor, form)


async def _right_page(visitor: Visitor, form: Form) -> Response:
    rights = await visitor.api.get("/api/v1/rights", limit=20)
    return await visitor.page(
        "holdings/right.html",
        status=_status_of(form),
        form=form,
        rights=rights["items"],
        kinds=KINDS,
        statuses=STATUSES,
    )


@area.get("/rights/{right_id}/offer", members=True)
async def offer(visitor: Visitor) -> Response:
    return await _offer_page(visitor, Form.of(price_form="negotiable", currency="CNY"))


@area.post("/rights/{right_id}/offer", members=True)
async def draft(visitor: Visitor, form: Form) -> Response:
    body = {"right_id": visitor.place("right_id"), **_terms(visitor, form)}
    if not form.failed:
        try:
            listing = await visitor.api.post("/api/v1/listings", body, once=form.once)
            return visitor.go(f"/listings/{listing['listing_id']}/manage", done="drafted")
        except ApiProblem as problem:
            form.refuse(problem, _PLACES)
    return await _offer_page(visitor, form)


async def _offer_page(visitor: Visitor, form: Form) -> Response:
    right = await visitor.api.get(f"/api/v1/rights/{visitor.place('right_id')}")
    return await visitor.page("holdings/offer.html", status=_status_of(form), form=form, right=right, **_choices())


@area.get("/listings/{listing_id}/manage", members=True)
async def manage(visitor: Visitor) -> Response:
    return await _manage_page(visitor, await _own_listing(visitor), None)


@area.post("/listings/{listing_id}/manage", members=True)
async def look_after(visitor: Visitor, form: Form) -> Response:
    """Change, publish or withdraw; `act` says which."""
    listing = await _own_listing(visitor)
    path, act = f"/api/v1/listings/{listing['listing_id']}", form.text("act")
    terms = _terms(visitor, form) if act == "edit" else {}
    if not form.failed:
        try:
            if act == "publish":
                await visitor.api.post(f"{path}/publish", {}, once=form.once)
            elif act == "withdraw":
                await visitor.api.post(f"{path}/withdraw", {"reason": form.text("reason")}, once=form.once)
            else:
                await visitor.api.patch(path, terms, version=int(form.text("version") or 0))
        except ApiProblem as problem:
            form.refuse(problem, _PLACES)
        else:
            done = {"publish": "published", "withdraw": "withdrawn"}.get(act, "listing_saved")
            return visitor.go(f"/listings/{listing['listing_id']}/manage", done=done)
    return await _manage_page(visitor, listing, form)


async def _manage_page(visitor: Visitor, listing: Json, given: Form | None) -> Response:
    act = given.text("act") if given else ""
    return await visitor.page(
        "holdings/manage.html",
        status=_status_of(given) if given else 200,
        listing=listing,
        form=given if given and act == "edit" else _filled(visitor, listing),
        withdrawal=given if given and act == "withdraw" else Form(),
        failed=given,
        **_choices(),
    )


async def _own_listing(visitor: Visitor) -> Json:
    """Another's is as if it were not there."""
    assert visitor.member is not None, "the page is for members"
    listing: Json = await visitor.api.get(f"/api/v1/listings/{visitor.place('listing_id')}")
    if listing["organisation_id"] != str(visitor.member.organisation_id):
        raise ApiProblem(404, {})
    return listing


def _choices() -> Json:
    return {
        "deal_forms": DEAL_FORMS,
        "price_forms": PRICE_FORMS,
        "maturities": MATURITIES,
        "currencies": CURRENCIES,
    }


def _terms(visitor: Visitor, form: Form) -> Json:
    words, currency = visitor.language.t, form.text("currency") or "CNY"
    price = {
        "form": form.text("price_form") or "negotiable",
        "minimum": form.amount("minimum", currency, words("forms.not_an_amount")),
        "maximum": form.amount("maximum", currency, words("forms.not_an_amount")),
        "royalty_basis_points": _basis_points(visitor, form),
    }
    return {
        "summary": form.text("summary"),
        "prospects": form.text("prospects"),
        "deal_forms": form.all("deal_forms"),
        "price": price,
        "maturity": form.optional("maturity"),
        "industries": [each for each in _BETWEEN.split(form.text("industries")) if each],
        "territories": [each.upper() for each in _BETWEEN.split(form.text("territories")) if each],
        "region": form.text("region"),
        "private_details": form.text("private_details"),
    }


def _basis_points(visitor: Visitor, form: Form) -> int | None:
    """From a percentage with up to two places."""
    given = form.text("royalty").removesuffix("%").strip()
    if not given:
        return None
    whole, _, part = given.partition(".")
    if not (whole.isdecimal() and len(part) <= 2 and (part.isdecimal() or not part)):  # noqa: PLR2004  # a hundredth of a percent is a basis point
        form.errors["royalty"] = visitor.language.t("holdings.not_a_rate")
        return None
    return int(whole) * 100 + int(part.ljust(2, "0"))


def _filled(visitor: Visitor, listing: Json) -> Form:
    """The listing's terms as its form takes them."""
    price = listing["price"]
    rate = price.get("royalty_basis_points")
    values = [
        ("summary", listing["summary"]),
        ("prospects", listing["prospects"]),
        *(("deal_forms", each) for each in listing["deal_forms"]),
        ("price_form", price["form"]),
        ("currency", (price.get("minimum") or price.get("maximum") or {"currency": "CNY"})["currency"]),
        ("minimum", visitor.language.plain_amount(price.get("minimum"))),
        ("maximum", visitor.language.plain_amount(price.get("maximum"))),
        ("royalty", f"{rate / 100:g}" if rate else ""),
        ("maturity", listing["maturity"] or ""),
        ("industries", visitor.language.listed(listing["industries"])),
        ("territories", ", ".join(listing["territories"])),
        ("region", listing["region"]),
        ("private_details", listing.get("private_details") or ""),
    ]
    return Form.of_pairs([(name, str(value)) for name, value in values])


def _day(visitor: Visitor, form: Form, name: str) -> str | None:
    given = form.text(name)
    if not given:
        return None
    try:
        return datetime.combine(date.fromisoformat(given), time.min, UTC).isoformat()
    except ValueError:
        form.errors[name] = visitor.language.t("forms.not_a_day")
        return None


def _status_of(form: Form) -> int:
    if not form.failed:
        return 200
    return form.problem.status if form.problem else _REFUSED
