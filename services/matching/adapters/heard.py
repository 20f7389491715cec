"""What listing tells, as rows of the read models."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.common.v1 import types_pb2 as common
from zayton.listing.v1 import events_pb2 as events

from services.kit.db import to_json
from services.kit.outbox import wake
from services.kit.protos import enum_to_text, moment, money_of
from services.kit.read_model import upsert_newer
from services.matching.adapters.mapping import JSON, document_json, listing_facts
from services.matching.adapters.tables import LISTINGS, ListingRow, RightRow
from services.matching.application.breath import Breath
from services.matching.domain.relevance import document, listing_terms

_COLUMNS = [column.name for column in LISTINGS.columns if column.name != "listing_id"]
# The kit's upsert binds each value by itself: 10,000 parameters for a batch of an import, compiled anew each time, take
# longer than PostgreSQL needs for the rows. Here the batch is one parameter.
_TAKE_IN = text(f"""
    WITH news AS (
        INSERT INTO listings
        SELECT * FROM jsonb_populate_recordset(NULL::listings, CAST(:rows AS jsonb)) ORDER BY listing_id
        ON CONFLICT (listing_id) DO UPDATE SET {", ".join(f'"{name}" = excluded."{name}"' for name in _COLUMNS)}
        WHERE listings.aggregate_version < excluded.aggregate_version
        RETURNING listing_id
    ), due AS (
        INSERT INTO listings_due (listing_id, due_at) SELECT listing_id, :now FROM news
        ON CONFLICT (listing_id) DO UPDATE SET due_at = excluded.due_at
    )
    SELECT count(*) FROM news
""")  # noqa: S608  # made of the table's own column names
_LOOK_AGAIN = text("""
    WITH theirs AS (
        SELECT listing_id FROM listings WHERE right_id = ANY(CAST(:rights AS uuid[]))
        ORDER BY listing_id FOR NO KEY UPDATE
    )
    INSERT INTO listings_due (listing_id, due_at) SELECT listing_id, :now FROM theirs
    ON CONFLICT (listing_id) DO UPDATE SET due_at = excluded.due_at
""")


async def listings_heard(session: AsyncSession, told: Sequence[tuple[events.Listing, int]], now: datetime) -> None:
    """Take in listings with their versions; what is news is due for matching. A batch of thousands is one statement."""
    newest: dict[str, tuple[events.Listing, int]] = {}
    for listing, version in told:
        if listing.listing_id not in newest or version >= newest[listing.listing_id][1]:
            newest[listing.listing_id] = listing, version
    rows = []
    breath = Breath()
    for listing, version in newest.values():
        rows.append(listing_row(listing, version))
        await breath.take()
    values = {"rows": to_json(rows).decode(), "now": now}
    if (await session.execute(_TAKE_IN, values)).scalar_one():
        await wake(session)


async def rights_heard(session: AsyncSession, told: Sequence[tuple[events.Right, int]], now: datetime) -> None:
    """Take in what the register says of rights, and have their listings looked at again."""
    rows = [
        {"right_id": UUID(right.right_id), "right": _right(right), "aggregate_version": version}
        for right, version in told
    ]
    changed: Sequence[UUID] = await upsert_newer(session, RightRow, rows, key=("right_id",))
    if changed:
        await session.execute(_LOOK_AGAIN, {"rights": list(changed), "now": now})
        await wake(session)


def listing_row(listing: events.Listing, version: int) -> dict[str, Any]:
    right = listing.right
    row: dict[str, Any] = {
        "listing_id": UUID(listing.listing_id),
        "organisation_id": UUID(listing.organisation_id),
        "organisation_name": listing.organisation_name,
        "right_id": UUID(right.right_id),
        "status": enum_to_text(events.ListingStatus, listing.status),
        "title": right.title,
        "text": "\n".join(part for part in (listing.summary, right.abstract, listing.prospects) if part),
        "language": right.language,
        "ipc": list(right.ipc),
        "deal_forms": [enum_to_text(common.DealForm, form) for form in listing.deal_forms if form],
        "price": {
            "form": enum_to_text(common.PriceForm, listing.price.form),
            "minimum": _money(listing.price, "minimum"),
            "maximum": _money(listing.price, "maximum"),
        },
        "maturity": enum_to_text(common.Maturity, listing.maturity),
        "industries": list(listing.industries),
        "territories": list(listing.territories),
        "right": _right(right),
        "aggregate_version": version,
    }
    facts = listing_facts(ListingRow(**row), None)
    row["terms"] = listing_terms(facts)
    row["document"] = document_json(document(facts))
    return row


def _money(message: common.AskingPrice, field: str) -> JSON | None:
    found = money_of(message, field)
    return None if found is None else {"minor_units": found[0], "currency": found[1]}


def _right(right: events.Right) -> JSON:
    return {
        "office": right.office,
        "number": right.number,
        "status": enum_to_text(common.RightStatus, right.status),
        "expires_at": _iso(moment(right, "expires_at")),
        "encumbrances": [_encumbrance(each) for each in right.encumbrances],
    }


def _encumbrance(burden: common.Encumbrance) -> JSON:
    form = burden.licence_form
    return {
        "kind": enum_to_text(common.EncumbranceKind, burden.kind),
        "holder": burden.holder,
        "holder_consents": burden.holder_consents,
        "licence_form": enum_to_text(common.DealForm, form) if form else None,
        "territories": list(burden.territories),
        "field_of_use": burden.field_of_use,
        "ends_at": _iso(moment(burden, "ends_at")),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
