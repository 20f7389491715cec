"""What fits: demands and listings of one's organisation with what the hall found for them, to be judged by people."""

import asyncio
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import RedirectResponse, Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.links import with_query
from gateway.pages.visitor import Visitor

area = Area()

# Why one dismisses a match, as the API knows it.
REASONS = (
    "no_fit",
    "too_early",
    "price",
    "benefit_unclear",
    "route_unclear",
    "description_unclear",
    "prior_art",
    "remaining_life",
    "capacity",
)
# What is shown, and what that asks of the API.
SHOWN: dict[str, Json] = {
    "open": {"judged": "false"},
    "accepted": {"judged": "true"},
    "dismissed": {"standing": "dismissed"},
    "lapsed": {"standing": "lapsed"},
}
_SIDES = ("demand", "listing")
_REFUSED = 422
_CHOICES = 100


@area.get("/matches", members=True)
async def matches(visitor: Visitor) -> Response:
    shown = visitor.asked("show") if visitor.asked("show") in SHOWN else "open"
    asked = {name: visitor.asked(name) for name in ("demand_id", "listing_id", "side", "cursor")}
    found, demands, listings = await asyncio.gather(
        visitor.api.get("/api/v1/matches", **asked, **SHOWN[shown]), _demands(visitor), _listings(visitor)
    )
    return await visitor.page(
        "matches/matches.html",
        found=found,
        shown=shown,
        shows=list(SHOWN),
        sides=_SIDES,
        demands=demands,
        listings=listings,
        reasons=REASONS,
        form=Form(),
    )


@area.get("/matches/{match_id}", members=True)
async def match(visitor: Visitor) -> Response:
    return await _match(visitor, Form())


@area.post("/matches/{match_id}", members=True)
async def judge(visitor: Visitor, form: Form) -> Response:
    """Yes, no with its reason, or an inquiry that opens a deal; `act` says which."""
    found = await visitor.api.get(_path(visitor))
    try:
        if form.text("act") == "ask":
            return await _ask(visitor, form, found)
        verdict: Json = {"verdict": "accepted"}
        if form.text("act") == "dismiss":
            verdict = {"verdict": "dismissed", "reason": form.optional("reason")}
        if verdict["verdict"] == "dismissed" and not verdict["reason"]:
            form.errors["reason"] = visitor.language.t("matches.reason_missing")
            return await _match(visitor, form, status=_REFUSED)
        await visitor.api.post(f"{_path(visitor)}/judgement", verdict, once=form.once)
    except ApiProblem as problem:
        form.refuse(problem)
        return await _match(visitor, form, status=problem.status)
    return _back(visitor, f"match_{verdict['verdict']}")


async def _ask(visitor: Visitor, form: Form, found: Json) -> Response:
    if not form.text("message"):
        form.errors["message"] = visitor.language.t("listing.message_missing")
        return await _match(visitor, form, status=_REFUSED)
    body = {
        "listing_id": found["listing"]["id"],
        "demand_id": found["demand"]["id"],
        "message": form.text("message"),
    }
    deal = await visitor.api.post("/api/v1/deals", body, once=form.once)
    return visitor.go(f"/deals/{deal['deal_id']}", done="asked")


async def _match(visitor: Visitor, form: Form, *, status: int = 200) -> Response:
    found = await visitor.api.get(_path(visitor))
    return await visitor.page("matches/match.html", status=status, match=found, form=form, reasons=REASONS)


def _back(visitor: Visitor, done: str) -> Response:
    """To the list the visitor was going through, as it was filtered."""
    came_from = urlsplit(visitor.next_path or visitor.url(f"/matches/{visitor.place('match_id')}"))
    query = [pair for pair in parse_qsl(came_from.query) if pair[0] != "done"]
    return RedirectResponse(with_query(came_from.path, query, done=done), 303)


async def _demands(visitor: Visitor) -> list[Json]:
    items: list[Json] = (await visitor.api.get("/api/v1/demands", limit=_CHOICES))["items"]
    return items


async def _listings(visitor: Visitor) -> list[Json]:
    """The newest to choose from; none where listings do not answer, since matches do."""
    assert visitor.member is not None
    try:
        found = await visitor.api.get(
            "/api/v1/listings", organisation_id=str(visitor.member.organisation_id), limit=_CHOICES
        )
    except ApiProblem:
        return []
    items: list[Json] = found["items"]
    return items


def _path(visitor: Visitor) -> str:
    return f"/api/v1/matches/{visitor.place('match_id')}"
