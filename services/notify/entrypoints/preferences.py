"""What a member wants to be told, how and when; and the way out of e-mail that every e-mail carries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter, Header, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.auth import Principal
from services.kit.messages import Catalogue, preferred_language
from services.kit.problems import FieldError, InvalidInput
from services.kit.secret import Signer
from services.kit.web import Caller, IfMatch, Tx, check_match, etag, not_repeatable, router
from services.notify.adapters import preferences
from services.notify.adapters.mail import TEMPLATES
from services.notify.adapters.tables import PreferencesRow
from services.notify.domain.errors import LinkNotFound
from services.notify.domain.preferences import Email, Preferences
from services.notify.domain.rules import Rules


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QuietHoursView(Strict):
    """Local times of day, such as 22:00 and 07:00. No e-mail is sent between them; it comes afterwards."""

    start: time
    end: time


class DigestView(Strict):
    """When digests are sent, in local time; `weekday` is that of the weekly one, 0 being Monday."""

    hour: Annotated[int, Field(ge=0, le=23)]
    weekday: Annotated[int, Field(ge=0, le=6)]


class KindView(BaseModel):
    """One kind of notification: whether it is shown in the hall, and when an e-mail tells of it."""

    kind: str
    title: str
    in_app: bool
    email: Email


class EmailView(BaseModel):
    """`available`: whether this hall has a mail server; `enabled`: whether the member wants e-mail at all."""

    available: bool
    enabled: bool
    address: str | None


class PreferencesView(BaseModel):
    language: Literal["zh", "en"]
    time_zone: str
    quiet_hours: QuietHoursView | None
    digest: DigestView
    email: EmailView
    kinds: list[KindView]


class KindChange(Strict):
    """What is left out stays as it is."""

    in_app: bool | None = None
    email: Email | None = None


class PreferencesChange(Strict):
    """What is left out stays as it is. `quiet_hours` null ends them."""

    language: Literal["zh", "en"] | None = None
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    quiet_hours: QuietHoursView | None = None
    digest: DigestView | None = None
    email_enabled: bool | None = None
    kinds: dict[str, KindChange] = {}


@dataclass(frozen=True)
class PreferencesParts:
    rules: Rules
    catalogue: Catalogue
    signer: Callable[[], Signer]
    mail_is_on: bool
    default_zone: str
    clock: Callable[[], datetime]


_PAGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}
}


def preferences_router(parts: PreferencesParts) -> APIRouter:
    r = router(prefix="/api/v1/notification-preferences", tags=["notifications"])

    @r.get("")
    async def get_notification_preferences(tx: Tx, caller: Caller, response: Response) -> PreferencesView:
        """The caller's own preferences, with every kind of notification there is."""
        row = await preferences.row_of(tx, caller.user_id)
        etag(response, row.version)
        return await _view(tx, parts, caller, row)

    @r.patch("")
    async def change_notification_preferences(
        change: PreferencesChange, held: IfMatch, tx: Tx, caller: Caller, response: Response
    ) -> PreferencesView:
        """Takes effect at once, also for e-mails that wait to be sent."""
        _check(change, parts.rules)
        row = await preferences.held(tx, caller.user_id)
        check_match(held, row.version)
        _apply(change, row)
        await preferences.changed(tx, row, parts.clock())
        etag(response, row.version)
        return await _view(tx, parts, caller, row)

    @r.get("/unsubscribe/{token}", response_class=HTMLResponse, responses=_PAGE)
    async def ask_to_unsubscribe(token: str, accept_language: Annotated[str | None, Header()] = None) -> HTMLResponse:
        """The page behind an e-mail's link. Looking at it changes nothing: programs follow links, too."""
        _, kind = _read(parts, token)
        return _page(parts, accept_language, kind, done=False)

    @r.post("/unsubscribe/{token}", response_class=HTMLResponse, responses=_PAGE)
    @not_repeatable
    async def unsubscribe(token: str, tx: Tx, accept_language: Annotated[str | None, Header()] = None) -> HTMLResponse:
        """One click (RFC 8058), without signing in: ends the e-mails of the kind that the e-mail was about, or all of
        them where it was about several. Whatever body comes with it is not read.
        """
        user_id, kind = _read(parts, token)
        row = await preferences.held(tx, user_id)
        if kind:
            row.choices = {**row.choices, kind: {**row.choices.get(kind, {}), "email": Email.OFF}}
        else:
            row.email_enabled = False
        await preferences.changed(tx, row, parts.clock())
        return _page(parts, accept_language, kind, done=True)

    return r


async def _view(tx: AsyncSession, parts: PreferencesParts, caller: Principal, row: PreferencesRow) -> PreferencesView:
    people = await preferences.people(tx, [caller.user_id], parts.default_zone)
    person = people.get(caller.user_id)
    # The event that tells of a new member may still be on its way.
    held = person.preferences if person else preferences.preferences_of(row, caller.language, parts.default_zone)
    language: Literal["zh", "en"] = "zh" if held.language == "zh" else "en"
    return PreferencesView(
        language=language,
        time_zone=held.time_zone,
        quiet_hours=QuietHoursView(start=held.quiet.start, end=held.quiet.end) if held.quiet else None,
        digest=DigestView(hour=held.digest.hour, weekday=held.digest.weekday),
        email=EmailView(
            available=parts.mail_is_on, enabled=held.email_enabled, address=person.email if person else None
        ),
        kinds=_kinds(parts.rules, held, language),
    )


def _kinds(rules: Rules, held: Preferences, language: str) -> list[KindView]:
    return [
        KindView(
            kind=rule.kind,
            title=rule.title.get(language, rule.title["en"]),
            in_app=held.in_app(rule),
            email=held.email(rule),
        )
        for rule in rules.by_kind.values()
    ]


def _check(change: PreferencesChange, rules: Rules) -> None:
    errors = [
        FieldError(f"/kinds/{kind}", "notification-kind", params={"kind": kind})
        for kind in change.kinds
        if kind not in rules.by_kind
    ]
    if change.time_zone is not None and change.time_zone not in available_timezones():
        errors.append(FieldError("/time_zone", "time-zone"))
    quiet = change.quiet_hours
    if quiet is not None and (quiet.start == quiet.end or quiet.start.tzinfo or quiet.end.tzinfo):
        errors.append(FieldError("/quiet_hours", "quiet-hours"))
    if errors:
        raise InvalidInput(errors=errors)


def _apply(change: PreferencesChange, row: PreferencesRow) -> None:
    row.language = change.language or row.language
    row.time_zone = change.time_zone or row.time_zone
    if "quiet_hours" in change.model_fields_set:
        quiet = change.quiet_hours
        row.quiet_start, row.quiet_end = (quiet.start, quiet.end) if quiet else (None, None)
    if change.digest is not None:
        row.digest_hour, row.digest_weekday = change.digest.hour, change.digest.weekday
    if change.email_enabled is not None:
        row.email_enabled = change.email_enabled
    choices = dict(row.choices)
    for kind, chosen in change.kinds.items():
        choices[kind] = {**choices.get(kind, {}), **chosen.model_dump(mode="json", exclude_none=True)}
    row.choices = choices


def _read(parts: PreferencesParts, token: str) -> tuple[UUID, str]:
    """Whose e-mail it is and which kind it was about, empty for several. Raises LinkNotFound."""
    text = parts.signer().verified(token)
    if text is None:
        raise LinkNotFound
    user_id, _, kind = text.partition(" ")
    return UUID(user_id), kind if kind in parts.rules.by_kind else ""


def _page(parts: PreferencesParts, accept_language: str | None, kind: str, *, done: bool) -> HTMLResponse:
    language = preferred_language(accept_language)

    def say(key: str, **params: str) -> str:
        return parts.catalogue.text(f"unsubscribe.{key}", language, **params)

    title = parts.rules.by_kind[kind].title[language] if kind else ""
    asked = say("ask-kind", kind=title) if kind else say("ask-all")
    words = (
        {"title": say("done"), "text": say("done-text"), "action": ""}
        if done
        else {"title": say("ask"), "text": asked, "action": say("button")}
    )
    page = TEMPLATES.get_template("unsubscribe.html.j2").render(language=language, **words)
    headers = {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    }
    return HTMLResponse(page, headers=headers)
