"""What is on offer: searched, filtered, looked at, asked about."""

import asyncio
from typing import Any

from starlette.responses import JSONResponse, Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.links import page_of
from gateway.pages.views.trust import claims
from gateway.pages.visitor import Visitor

area = Area()

FILTERS = (
    "kind",
    "ipc_section",
    "deal_form",
    "price_band",
    "maturity",
    "status",
    "industry",
    "region",
    "language",
    "nice_class",
)
_RANGES = ("filed_from", "filed_to", "published_from", "published_to")
_PRICES = ("price_from", "price_to")
_AMOUNTS_IN = "CNY"
SORTS = ("relevance", "newest", "price_asc", "price_desc")
_MOST_SUGGESTIONS = 8
_SIMILAR = 3
_REFUSED = 422
NOTHING: Json = {"items": [], "total": 0, "facets": {}, "next": None, "degraded": False}


@area.get("/listings")
async def results(visitor: Visitor) -> Response:
    form = Form.of(**{name: visitor.asked(name) for name in _PRICES})
    question = _question(visitor, form)
    found, status = NOTHING, 200
    if not form.failed:
        try:
            found = await visitor.api.get("/api/v1/catalogue", **question)
        except ApiProblem as problem:
            if problem.status != _REFUSED:
                raise
            form.refuse(problem)
    if form.failed:
        status = _REFUSED
    return await visitor.page(
        "catalogue/results.html",
        status=status,
        found=found,
        form=form,
        filters=FILTERS,
        sorts=SORTS,
        chosen={name: visitor.all(name) for name in FILTERS},
        active=[
            (name, value) for name, value in visitor.query if value and name not in {"q", "sort", "cursor", "done"}
        ],
        labels=labels_of(found),
    )


def _question(visitor: Visitor, form: Form) -> dict[str, Any]:
    """Only what the catalogue knows: what else is in the address is no question."""
    question: dict[str, Any] = {name: visitor.all(name) for name in FILTERS}
    question |= {name: visitor.asked(name) for name in ("q", "cursor", *_RANGES)}
    if visitor.asked("sort"):
        question["sort"] = visitor.asked("sort")
    wrong = visitor.language.t("forms.not_an_amount")
    for name in _PRICES:
        amount = form.amount(name, _AMOUNTS_IN, wrong)
        question[name] = amount["minor_units"] if amount else None
    return question


def labels_of(found: Json) -> dict[tuple[str, str], str]:
    """What the catalogue calls the values of its facets, in the reader's language."""
    return {(name, each["value"]): each["label"] for name, values in found["facets"].items() for each in values}


@area.get("/suggestions")
async def suggestions(visitor: Visitor) -> Response:
    found = await visitor.api.get("/api/v1/catalogue/suggestions", q=visitor.asked("q"), limit=_MOST_SUGGESTIONS)
    return JSONResponse({"items": [each["text"] for each in found["items"]]})


@area.get("/listings/{listing_id}")
async def listing(visitor: Visitor) -> Response:
    return await _listing_page(visitor, Form())


@area.post("/listings/{listing_id}/ask", members=True)
async def ask(visitor: Visitor, form: Form) -> Response:
    """An inquiry opens a deal."""
    listing_id = visitor.place("listing_id")
    if not form.text("message"):
        form.errors["message"] = visitor.language.t("listing.message_missing")
        return await _listing_page(visitor, form, status=_REFUSED)
    body = {"listing_id": listing_id, "message": form.text("message")}
    try:
        deal = await visitor.api.post("/api/v1/deals", body, once=form.once)
    except ApiProblem as problem:
        form.refuse(problem)
        return await _listing_page(visitor, form, status=problem.status)
    room = page_of(f"/api/v1/deals/{deal['deal_id']}", visitor.language.code)
    path = room.removeprefix(f"/{visitor.language.code}") if room else f"/listings/{listing_id}"
    return visitor.go(path, done="asked")


@area.get("/listings/{listing_id}/ask", members=True)
async def ask_page(visitor: Visitor) -> Response:
    """Where a visitor arrives who had to sign in before asking."""
    return visitor.go(f"/listings/{visitor.place('listing_id')}")


async def _listing_page(visitor: Visitor, form: Form, *, status: int = 200) -> Response:
    path = f"/api/v1/listings/{visitor.place('listing_id')}"
    found, log, similar = await asyncio.gather(
        visitor.api.get(path), visitor.api.get(f"{path}/status-events"), _similar(visitor, path)
    )
    own = visitor.member is not None and str(visitor.member.organisation_id) == found["organisation_id"]
    may_ask = visitor.may_act and not own and visitor.member is not None and not visitor.member.is_operator
    return await visitor.page(
        "catalogue/listing.html",
        status=status,
        listing=found,
        right=found["right"],
        events=log["items"],
        claims=claims(visitor.language, found, log["items"]),
        similar=similar,
        form=form,
        own=own,
        may_ask=may_ask,
    )


async def _similar(visitor: Visitor, path: str) -> list[Json]:
    """None of them where search does not answer, or a listing that is not public has none."""
    try:
        items: list[Json] = (await visitor.api.get(f"{path}/similar", limit=_SIMILAR))["items"]
    except ApiProblem:
        return []
    return items
