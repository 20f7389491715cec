"""What other programs subscribe to: the public feed of listings; a member's calendar and feed by a secret link."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.messages import Catalogue
from services.kit.web import Caller, Tx, not_repeatable, router
from services.notify.adapters import deadlines, feeds, links, members, readings
from services.notify.adapters.feeds import Entry, Feed
from services.notify.adapters.links import Purpose
from services.notify.adapters.preferences import Person
from services.notify.domain.deadlines import DeadlineRules
from services.notify.domain.rules import Rules
from services.notify.entrypoints.preferences import Strict

CALENDAR_TYPE = "text/calendar"
_FEED_AGE_S = 300


class LinkState(BaseModel):
    """Whether there is a link, and since when. The link itself was shown when it was made."""

    active: bool
    created_at: datetime | None


class LinkView(BaseModel):
    """Shown this once. Whoever has it can read what it leads to: give it to your own programs alone."""

    url: str
    created_at: datetime


class NewLink(Strict):
    pass


Token = Annotated[str, Path(min_length=1, max_length=100)]
Language = Annotated[Literal["zh", "en"], Query(description="Of the feed's own words; entries are in their own.")]
IfNoneMatch = Annotated[str | None, Header(description="The ETag last read: 304 where nothing is new.")]


@dataclass(frozen=True)
class SubscriptionParts:
    rules: Rules
    dates: DeadlineRules
    catalogue: Catalogue
    public_url: str
    default_zone: str
    clock: Callable[[], datetime]


def _answers(media_type: str, schema: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string", "description": schema}}}
    return {200: {"description": schema, "content": content}, 304: {"description": "Nothing new"}}


_ATOM = _answers(feeds.MEDIA_TYPE, "An Atom feed (RFC 4287)")
_ICAL = _answers(CALENDAR_TYPE, "A calendar (RFC 5545)")


def feeds_router(parts: SubscriptionParts) -> APIRouter:
    r = router(prefix="/api/v1/feeds", tags=["subscriptions"])

    @r.get("/listings.atom", response_class=Response, responses=_ATOM)
    async def read_listings_feed(tx: Tx, lang: Language = "zh", if_none_match: IfNoneMatch = None) -> Response:
        """The newest listings of the hall, for everybody."""
        rows = await feeds.newest_listings(tx)
        feed = Feed(
            identity=f"{parts.public_url}/api/v1/feeds/listings.atom?lang={lang}",
            title=parts.catalogue.text("feed.listings", lang),
            language=lang,
            site_url=f"{parts.public_url}/{lang}/listings",
            entries=feeds.listing_entries(rows, language=lang, public_url=parts.public_url),
            url=f"{parts.public_url}/api/v1/feeds/listings.atom?lang={lang}",
        )
        return _answer(feed.xml(), feeds.MEDIA_TYPE, if_none_match, cache=f"public, max-age={_FEED_AGE_S}")

    @r.get("/{token}.atom", response_class=Response, responses=_ATOM)
    async def read_own_feed(token: Token, tx: Tx, if_none_match: IfNoneMatch = None) -> Response:
        """A member's notifications, by secret link."""
        person = await links.whose(tx, token, Purpose.FEED, parts.default_zone)
        feed = await _own_feed(tx, parts, person)
        return _answer(feed.xml(), feeds.MEDIA_TYPE, if_none_match, cache="private, no-cache")

    _add_links(r, parts, Purpose.FEED, "atom", "feed")
    return r


def calendars_router(parts: SubscriptionParts) -> APIRouter:
    r = router(prefix="/api/v1/calendars", tags=["subscriptions"])

    @r.get("/{token}.ics", response_class=Response, responses=_ICAL)
    async def read_calendar(token: Token, tx: Tx, if_none_match: IfNoneMatch = None) -> Response:
        """The deadlines of a member's organisation, by secret link."""
        person = await links.whose(tx, token, Purpose.CALENDAR, parts.default_zone)
        language = person.preferences.language
        rows = await deadlines.of_organisation(tx, person.organisation_id, parts.clock())
        name = parts.catalogue.text("feed.calendar", language)
        made = deadlines.calendar(parts.dates, rows, name=name, language=language, public_url=parts.public_url)
        return _answer(made, CALENDAR_TYPE, if_none_match, cache="private, no-cache")

    _add_links(r, parts, Purpose.CALENDAR, "ics", "calendar")
    return r


def _add_links(r: APIRouter, parts: SubscriptionParts, purpose: Purpose, extension: str, name: str) -> None:
    async def state(tx: Tx, caller: Caller) -> LinkState:
        created_at = await links.given_at(tx, caller.user_id, purpose)
        return LinkState(active=created_at is not None, created_at=created_at)

    @not_repeatable
    async def make(_body: NewLink, tx: Tx, caller: Caller) -> LinkView:
        """Makes the caller's secret link, in place of the one before, which is good no more."""
        made = await links.give(tx, caller.user_id, purpose, parts.clock())
        return LinkView(url=f"{parts.public_url}{r.prefix}/{made.token}.{extension}", created_at=made.created_at)

    async def take_back(tx: Tx, caller: Caller) -> None:
        """The link is good no more."""
        await links.take_back(tx, caller.user_id, purpose)

    r.add_api_route("", state, methods=["GET"], name=f"get_{name}_link")
    r.add_api_route("", make, methods=["POST"], status_code=201, name=f"make_{name}_link")
    r.add_api_route("", take_back, methods=["DELETE"], status_code=204, name=f"delete_{name}_link")


async def _own_feed(tx: AsyncSession, parts: SubscriptionParts, person: Person) -> Feed:
    language = person.preferences.language
    rows = await readings.newest(tx, person.user_id, parts.rules.kinds)
    mentioned = {each for row in rows for each in parts.rules.organisations_named(row.notice.kind, row.notice.params)}
    names = await members.names_of(tx, mentioned)
    entries = []
    for row in rows:
        notice = row.notice
        words = parts.rules.render(notice.kind, language, notice.count, notice.params, names)
        entries.append(
            Entry(
                identity=f"urn:uuid:{row.notification_id}",
                title=words.title,
                summary=words.text,
                url=f"{parts.public_url}/{language}{words.link.removeprefix('/api/v1')}",
                author="Zayton",
                language=language,
                published=notice.first_at,
                updated=notice.last_at,
            )
        )
    return Feed(
        identity=f"urn:uuid:{person.user_id}",
        title=parts.catalogue.text("feed.own", language),
        language=language,
        site_url=f"{parts.public_url}/{language}/notifications",
        entries=entries,
    )


def _answer(body: bytes, media_type: str, if_none_match: str | None, *, cache: str) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": cache}
    if if_none_match is not None and tag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=f"{media_type}; charset=utf-8", headers=headers)
