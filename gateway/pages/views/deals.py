"""Deals: the list of them, and the room in which one is negotiated, signed and looked back on."""

import asyncio
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.views import deal_terms, fulfilment
from gateway.pages.views.deal_course import course, first_broken, sha256
from gateway.pages.visitor import Visitor

area = Area()

# Why one leaves a deal, as the API knows it.
REASONS = (
    "price",
    "too_early",
    "benefit_unclear",
    "route_unclear",
    "description_unclear",
    "prior_art",
    "remaining_life",
    "no_fit",
    "capacity",
    "other",
)
_ACTS = ("offer", "accept", "leave", "sign", "message", *fulfilment.ACTS)
_REFUSED = 422
_OF_HISTORY, _OF_MESSAGES = 100, 30


@area.get("/deals", members=True)
async def deals(visitor: Visitor) -> Response:
    chosen = visitor.asked("state")
    query = {"awaiting_me": "true"} if chosen == "mine" else {"state": chosen}
    found, figures = await asyncio.gather(
        visitor.api.get("/api/v1/deals", cursor=visitor.asked("cursor"), **query),
        visitor.api.get("/api/v1/deals/figures"),
    )
    return await visitor.page("deals/deals.html", found=found, figures=figures, chosen=chosen)


@area.get("/deals/{deal_id}", members=True)
async def room(visitor: Visitor) -> Response:
    return await _room(visitor, await visitor.api.get(_path(visitor)))


@area.post("/deals/{deal_id}", members=True)
async def act(visitor: Visitor, form: Form) -> Response:
    """Every act in the room; `act` says which. What is refused is shown in the room, at the form it came from."""
    name = form.text("act")
    deal = await visitor.api.get(_path(visitor))
    asked = _asked(visitor, deal, name, form)
    if not form.failed and asked is not None:
        path, body, done = asked
        try:
            await visitor.api.post(path, body, once=form.once)
            return visitor.go(f"/deals/{deal['deal_id']}", done=done)
        except ApiProblem as problem:
            form.refuse(problem, deal_terms.PLACES)
            deal = await visitor.api.get(_path(visitor))  # what stands against it may be news
    status = form.problem.status if form.problem else _REFUSED
    return await _room(visitor, deal, {name: form}, status=status)


def _asked(visitor: Visitor, deal: Json, name: str, form: Form) -> tuple[str, Json, str] | None:
    """Where an act is asked for, with which body, and what to say when it is done. None for what is no act."""
    words, path = visitor.language.t, _path(visitor)
    match name:
        case "offer":
            held = deal["offers"][-1]["terms"] if deal["offers"] else None
            return f"{path}/offers", deal_terms.body(visitor.language, form, held), "offered"
        case "accept":
            return f"{path}/offers/{quote(form.text('offer_id'), safe='')}/accept", {}, "accepted"
        case "leave":
            how = "reject" if form.text("how") == "reject" else "withdraw"
            if not form.text("reason_code"):
                form.errors["reason_code"] = words("deal.form.reason_missing")
            return f"{path}/{how}", {"reason_code": form.text("reason_code"), "note": form.text("note")}, f"deal_{how}"
        case "sign":
            if not form.flag("read"):
                form.errors["read"] = words("deal.form.read_missing")
            elif deal["document"] is None or form.text("document") != deal["document"]["sha256"]:
                form.notice = words("deal.form.document_changed")
            return f"{path}/signatures", {}, "signed"
        case "message":
            if not form.text("text"):
                form.errors["text"] = words("deal.form.text_missing")
            return f"{path}/messages", {"text": form.text("text")}, "sent"
    return fulfilment.asked(visitor, deal, name, form)


async def _room(visitor: Visitor, deal: Json, given: dict[str, Form] | None = None, *, status: int = 200) -> Response:
    path = _path(visitor)
    history, messages, listing, money = await asyncio.gather(
        _all(visitor, f"{path}/history"),
        visitor.api.get(f"{path}/messages", limit=_OF_MESSAGES, cursor=visitor.asked("before")),
        _listing(visitor, deal),
        fulfilment.money(visitor, deal),
    )
    forms = {name: Form() for name in _ACTS}
    forms["offer"] = _proposal(visitor, deal, listing)
    forms |= given or {}
    names = {
        deal[side]["organisation_id"]: deal[side]["name"] for side in ("licensor", "licensee", "broker") if deal[side]
    }
    return await visitor.page(
        "deals/room.html",
        status=status,
        deal=deal,
        names=names,
        forms=forms,
        failed=next((form for form in (given or {}).values() if form.failed), None),
        steps=course(deal["state"], history),
        rounds=_rounds(visitor, deal),
        agreed=deal_terms.as_read(visitor.language, deal["document"]["content"]["terms"]) if deal["document"] else [],
        document_fits=deal["document"] is None or sha256(deal["document"]["content"]) == deal["document"]["sha256"],
        history=history,
        broken=first_broken(history),
        messages=messages,
        listing=listing,
        **money,
        trouble=list(fulfilment.TROUBLE),
        actions={action["action"]: action for action in deal["actions"]},
        deal_forms=deal_terms.FORMS,
        currencies=deal_terms.CURRENCIES,
        reasons=REASONS,
    )


def _rounds(visitor: Visitor, deal: Json) -> list[dict[str, Any]]:
    """Every offer with its terms, the latest first, each compared with the one before it."""
    rounds = []
    before: Json | None = None
    for offer in deal["offers"]:
        terms = deal_terms.as_read(visitor.language, offer["terms"], before)
        rounds.append({**offer, "read": terms, "changes": sum(term.before is not None for term in terms)})
        before = offer["terms"]
    return rounds[::-1]


def _proposal(visitor: Visitor, deal: Json, listing: Json | None) -> Form:
    if deal["offers"]:
        return deal_terms.filled(visitor.language, deal["offers"][-1]["terms"])
    return deal_terms.from_listing(listing) if listing else Form()


async def _listing(visitor: Visitor, deal: Json) -> Json | None:
    """None where it has been withdrawn, or its service does not answer: the room does without."""
    try:
        listing: Json = await visitor.api.get(f"/api/v1/listings/{deal['listing_id']}")
    except ApiProblem:
        return None
    return listing


async def _all(visitor: Visitor, path: str) -> list[Json]:
    """The whole record, since a chain is proved from its beginning."""
    items: list[Json] = []
    cursor = ""
    while cursor is not None:
        part = await visitor.api.get(path, limit=_OF_HISTORY, cursor=cursor)
        items += part["items"]
        cursor = part["next"]
    return items


def _path(visitor: Visitor) -> str:
    return f"/api/v1/deals/{visitor.place('deal_id')}"
