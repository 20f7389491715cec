"""Atom feeds (RFC 4287): new listings for everybody, a person's notifications by secret link."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from xml.etree import ElementTree as ET

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.listing.v1 import events_pb2 as pb

from services.kit.envelope import Event
from services.kit.read_model import upsert_newer
from services.notify.adapters.tables import PublicListingRow

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
_MOST_ENTRIES = 50
_ON_THE_MARKET = frozenset({pb.LISTING_STATUS_PUBLISHED, pb.LISTING_STATUS_UNDER_OFFER})
# What XML 1.0 cannot hold, whatever people paste.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ET.register_namespace("", ATOM)


@dataclass(frozen=True)
class Entry:
    """`identity` is a UUID or another name that stays; `language` that of title and summary."""

    identity: str
    title: str
    summary: str
    url: str
    author: str
    language: str
    published: datetime
    updated: datetime
    categories: Sequence[str] = ()


@dataclass(frozen=True)
class Feed:
    """`identity` is a URI that stays; `url` where the feed itself is had, left out where that is a secret."""

    identity: str
    title: str
    language: str
    site_url: str
    entries: Sequence[Entry]
    url: str | None = None

    @property
    def updated(self) -> datetime:
        return max((entry.updated for entry in self.entries), default=datetime(1970, 1, 1, tzinfo=UTC))

    def xml(self) -> bytes:
        root = ET.Element(_name("feed"), {"xml:lang": self.language})
        _text(root, "id", self.identity)
        _text(root, "title", self.title)
        _text(root, "updated", self.updated.isoformat())
        if self.url is not None:
            ET.SubElement(root, _name("link"), rel="self", type=MEDIA_TYPE, href=self.url)
        ET.SubElement(root, _name("link"), rel="alternate", type="text/html", href=self.site_url)
        _text(root, "generator", "Zayton")
        for entry in self.entries:
            _entry(root, entry)
        made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return made


async def listings_changed(session: AsyncSession, events: Sequence[Event[pb.ListingPublished]]) -> None:
    """Publications, changes and withdrawals alike: each carries the listing as it is then."""
    await upsert_newer(session, PublicListingRow, [_row(event) for event in events], key=("listing_id",))


async def newest_listings(session: AsyncSession) -> Sequence[PublicListingRow]:
    statement = (
        select(PublicListingRow)
        .where(PublicListingRow.published_at.is_not(None))
        .order_by(PublicListingRow.published_at.desc())
        .limit(_MOST_ENTRIES)
    )
    return (await session.execute(statement)).scalars().all()


def listing_entries(rows: Iterable[PublicListingRow], *, language: str, public_url: str) -> list[Entry]:
    return [
        Entry(
            identity=f"urn:uuid:{row.listing_id}",
            title=row.title,
            summary=row.summary,
            url=f"{public_url}/{language}/listings/{row.listing_id}",
            author=row.organisation_name,
            language=row.language,
            published=row.published_at,
            updated=row.updated_at,
            categories=row.ipc,
        )
        for row in rows
        if row.published_at is not None
    ]


def _row(event: Event[pb.ListingPublished]) -> dict[str, object]:
    listing = event.data.listing
    is_public = listing.status in _ON_THE_MARKET and event.type != "zayton.listing.v1.ListingWithdrawn"
    published_at = listing.published_at.ToDatetime(tzinfo=UTC) if listing.HasField("published_at") else event.time
    return {
        "listing_id": UUID(event.subject),
        "organisation_name": listing.organisation_name,
        "title": listing.right.title,
        "summary": listing.summary,
        "number": listing.right.number,
        "ipc": list(listing.right.ipc),
        "language": listing.right.language,
        "published_at": published_at if is_public else None,
        "updated_at": event.time,
        "aggregate_version": event.version,
    }


def _entry(root: ET.Element, entry: Entry) -> None:
    made = ET.SubElement(root, _name("entry"), {"xml:lang": entry.language} if entry.language else {})
    _text(made, "id", entry.identity)
    _text(made, "title", entry.title)
    _text(made, "updated", entry.updated.isoformat())
    _text(made, "published", entry.published.isoformat())
    ET.SubElement(made, _name("link"), rel="alternate", type="text/html", href=entry.url)
    _text(ET.SubElement(made, _name("author")), "name", entry.author)
    _text(made, "summary", entry.summary)
    for category in entry.categories:
        ET.SubElement(made, _name("category"), term=category, scheme="https://www.wipo.int/classifications/ipc")


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _name(name)).text = _FORBIDDEN.sub("\ufffd", text)


def _name(name: str) -> str:
    return f"{{{ATOM}}}{name}"
