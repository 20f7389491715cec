"""How a person is told: kinds and channels, quiet hours, language, digests; links for calendars and readers."""

import asyncio

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area()

_PATH = "/api/v1/notification-preferences"
_LINKS = {"calendar": "/api/v1/calendars", "feed": "/api/v1/feeds"}
EMAIL = ("now", "daily", "weekly", "off")
LANGUAGES = ("zh", "en")
ZONES = (
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Dubai",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "UTC",
)
_REFUSED = 422
_PLACES = {"/quiet_hours/start": "quiet_start", "/quiet_hours/end": "quiet_end", "/quiet_hours": "quiet_start"}


@area.get("/preferences", members=True)
async def preferences(visitor: Visitor) -> Response:
    return await _page(visitor)


@area.post("/preferences", members=True)
async def change(visitor: Visitor, form: Form) -> Response:
    """Save what is wanted, or make or take back a link; `act` says which."""
    act, _, which = form.text("act").partition(".")
    if which in _LINKS:
        return await _link(visitor, act, which)
    body = _body(visitor, form)
    if not form.failed:
        version = form.text("version")
        try:
            await visitor.api.patch(_PATH, body, version=int(version) if version.isdecimal() else None)
            return visitor.go("/preferences", done="preferences")
        except ApiProblem as problem:
            form.refuse(problem, _PLACES)
    return await _page(visitor, form, status=form.problem.status if form.problem else _REFUSED)


async def _link(visitor: Visitor, act: str, which: str) -> Response:
    if act == "revoke":
        await visitor.api.delete(_LINKS[which])
        return visitor.go("/preferences", done=f"{which}_revoked")
    # Shown on this page and never again, so there is no way on from it.
    made = await visitor.api.post(_LINKS[which])
    return await _page(visitor, made={which: made["url"]})


async def _page(
    visitor: Visitor, form: Form | None = None, *, made: dict[str, str] | None = None, status: int = 200
) -> Response:
    answer, calendar, feed = await asyncio.gather(
        visitor.api.send("GET", _PATH), visitor.api.get(_LINKS["calendar"]), visitor.api.get(_LINKS["feed"])
    )
    held: Json = answer.json()
    zones = ZONES if held["time_zone"] in ZONES else (held["time_zone"], *ZONES)
    return await visitor.page(
        "notifications/preferences.html",
        status=status,
        held=held,
        version=answer.headers["etag"].strip('"'),
        form=form or _filled(held),
        zones=zones,
        languages=LANGUAGES,
        emails=EMAIL,
        links={"calendar": calendar, "feed": feed},
        made=made or {},
    )


def _filled(held: Json) -> Form:
    quiet, email = held["quiet_hours"], held["email"]
    values = {
        "language": held["language"],
        "time_zone": held["time_zone"],
        "quiet_start": quiet["start"][:5] if quiet else "",
        "quiet_end": quiet["end"][:5] if quiet else "",
        "digest_hour": str(held["digest"]["hour"]),
        "digest_weekday": str(held["digest"]["weekday"]),
    }
    if email["enabled"]:
        values["email_enabled"] = "yes"
    for kind in held["kinds"]:
        values[f"email.{kind['kind']}"] = kind["email"]
        if kind["in_app"]:
            values[f"in_app.{kind['kind']}"] = "yes"
    return Form.of(**values)


def _body(visitor: Visitor, form: Form) -> Json:
    start, end = form.text("quiet_start"), form.text("quiet_end")
    if bool(start) != bool(end):
        form.errors["quiet_end" if start else "quiet_start"] = visitor.language.t("preferences.quiet_both")
    kinds = form.all("kinds")
    return {
        "language": form.text("language"),
        "time_zone": form.text("time_zone"),
        "quiet_hours": {"start": start, "end": end} if start and end else None,
        "digest": {"hour": _number(form, "digest_hour"), "weekday": _number(form, "digest_weekday")},
        "email_enabled": form.flag("email_enabled"),
        "kinds": {
            kind: {"in_app": form.flag(f"in_app.{kind}"), "email": form.optional(f"email.{kind}")} for kind in kinds
        },
    }


def _number(form: Form, name: str) -> int | str:
    """As it is where it is none: the API says what is wrong with it."""
    given = form.text(name)
    return int(given) if given.isdecimal() else given
