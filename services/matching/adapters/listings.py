from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.kit.db import to_json
from services.matching.adapters import mapping
from services.matching.adapters.tables import DUE, LISTINGS, RIGHTS, ListingRow
from services.matching.application.ports import KnownListing, Pair
from services.matching.domain.eligibility import Bar
from services.matching.domain.relevance import Document

# Each key term is looked up by itself in the GIN index, and what it weighs is added up for each listing that has it.
# Terms are chosen such that the inner limit is rarely met; it guards against statistics that have grown old.
_LISTING_CANDIDATES = text("""
    SELECT found.listing_id
    FROM unnest(CAST(:terms AS text[]), CAST(:weights AS float8[])) AS asked (term, weight)
    CROSS JOIN LATERAL (
        SELECT listing_id FROM listings
        WHERE terms @> ARRAY[asked.term COLLATE "C"] AND bar IS NULL
        LIMIT 2000
    ) AS found
    GROUP BY found.listing_id
    ORDER BY sum(asked.weight) DESC, found.listing_id
    LIMIT :most
""")

# The other way round: what the key terms of a demand that a listing has weigh. Below a twentieth nothing is a match.
_DEMAND_CANDIDATES = text("""
    SELECT demand_id, listing_id
    FROM (
        SELECT key_terms.demand_id, listings.listing_id,
               row_number() OVER (PARTITION BY listings.listing_id ORDER BY sum(key_terms.weight) DESC) AS place
        FROM listings
        CROSS JOIN LATERAL unnest(listings.terms) AS own (term)
        JOIN key_terms ON key_terms.term = own.term
        WHERE listings.listing_id = ANY(CAST(:listing_ids AS uuid[]))
        GROUP BY key_terms.demand_id, listings.listing_id
        HAVING sum(key_terms.weight) >= :floor
    ) AS ranked
    WHERE place <= :most
""")
_FLOOR = 0.05

_DECIDED = "jsonb_to_recordset(CAST(:rows AS jsonb)) AS decided (listing_id uuid, bar jsonb, due_at timestamptz)"
_SET_BARS = text(f"""
    UPDATE listings SET bar = decided.bar FROM {_DECIDED}
    WHERE listings.listing_id = decided.listing_id AND listings.bar IS DISTINCT FROM decided.bar
""")  # noqa: S608  # made of constants
_SET_DUE = text(f"""
    INSERT INTO listings_due (listing_id, due_at) SELECT listing_id, due_at FROM {_DECIDED} WHERE due_at IS NOT NULL
    ON CONFLICT (listing_id) DO UPDATE SET due_at = excluded.due_at
""")  # noqa: S608
_END_DUE = text(f"""
    DELETE FROM listings_due USING {_DECIDED}
    WHERE listings_due.listing_id = decided.listing_id AND decided.due_at IS NULL
""")  # noqa: S608
_DEMANDS_PER_LISTING = 100


class Listings:
    _session: AsyncSession

    async def listings(self, listing_ids: Collection[UUID], *, lock: bool = False) -> list[KnownListing]:
        statement = _known().where(LISTINGS.c.listing_id.in_(listing_ids)).order_by(LISTINGS.c.listing_id)
        if lock:
            # Locked first, read after: what a join read before it waited for a lock may be out of date.
            ids = select(LISTINGS.c.listing_id).where(LISTINGS.c.listing_id.in_(listing_ids))
            await self._session.execute(ids.order_by(LISTINGS.c.listing_id).with_for_update(read=True))
        return await self._read(statement)

    async def due_listings(self, now: datetime, limit: int) -> list[KnownListing]:
        due = select(DUE.c.listing_id).where(DUE.c.due_at <= now).order_by(DUE.c.due_at.desc()).limit(limit)
        ids = list((await self._session.execute(due)).scalars())
        return await self._read(_known().where(LISTINGS.c.listing_id.in_(ids))) if ids else []

    async def unchanged(self, listings: Sequence[KnownListing]) -> list[KnownListing]:
        ids = [each.facts.listing_id for each in listings]
        lock = select(LISTINGS.c.listing_id).where(LISTINGS.c.listing_id.in_(ids)).order_by(LISTINGS.c.listing_id)
        await self._session.execute(lock.with_for_update(key_share=True))
        due = select(DUE.c.listing_id, DUE.c.due_at).where(DUE.c.listing_id.in_(ids))
        due_at = dict((await self._session.execute(due)).all())
        return [each for each in listings if due_at.get(each.facts.listing_id) == each.due_at]

    async def _read(self, statement: Select[ListingRow, Any, datetime | None]) -> list[KnownListing]:
        # A session keeps the objects it has read; here the row's newest state counts.
        rows = await self._session.execute(statement, execution_options={"populate_existing": True})
        return [
            KnownListing(
                mapping.listing_facts(row, right),
                mapping.document_of(row.document),
                row.organisation_name,
                mapping.bar_of(row.bar),
                due_at,
            )
            for row, right, due_at in rows
        ]

    async def listings_matched(self, outcomes: Sequence[tuple[UUID, Bar | None, datetime | None]]) -> None:
        rows = [{"listing_id": key, "bar": mapping.bar_json(why), "due_at": again} for key, why, again in outcomes]
        values = {"rows": to_json(rows).decode()}
        for statement in (_SET_BARS, _SET_DUE, _END_DUE):
            await self._session.execute(statement, values)

    async def count_listings(self) -> int:
        statement = select(func.count()).select_from(LISTINGS).where(LISTINGS.c.bar.is_(None))
        return (await self._session.execute(statement)).scalar_one()

    async def sample_documents(self, size: int) -> list[tuple[Document, Sequence[str]]]:
        # Ids carry their time first; their end is as good as random, and the choice is the same twice.
        order = func.right(cast(LISTINGS.c.listing_id, Text), 12)
        statement = select(LISTINGS.c.document, LISTINGS.c.ipc).where(LISTINGS.c.bar.is_(None)).order_by(order)
        rows = await self._session.execute(statement.limit(size))
        return [(mapping.document_of(json), symbols) for json, symbols in rows]

    async def listing_candidates(self, key_terms: Sequence[tuple[str, float]], limit: int) -> list[UUID]:
        if not key_terms:
            return []
        values = {
            "terms": [term for term, _ in key_terms],
            "weights": [weight for _, weight in key_terms],
            "most": limit,
        }
        # The terms are rare by choice, which the planner cannot see: it would read the whole table for each of them.
        await self._session.execute(text("SET LOCAL enable_seqscan = off"))
        found = list((await self._session.execute(_LISTING_CANDIDATES, values)).scalars())
        await self._session.execute(text("SET LOCAL enable_seqscan = on"))
        return found

    async def demand_candidates(self, listing_ids: Collection[UUID]) -> list[Pair]:
        if not listing_ids:
            return []
        values = {"listing_ids": list(listing_ids), "floor": _FLOOR, "most": _DEMANDS_PER_LISTING}
        rows = await self._session.execute(_DEMAND_CANDIDATES, values)
        return [(demand_id, listing_id) for demand_id, listing_id in rows]


def _known() -> Select[ListingRow, Any, datetime | None]:
    # The terms serve the index alone, and are half of the row.
    newer = select(RIGHTS.c.right).where(RIGHTS.c.right_id == LISTINGS.c.right_id).scalar_subquery()
    due_at = select(DUE.c.due_at).where(DUE.c.listing_id == LISTINGS.c.listing_id).scalar_subquery()
    return select(ListingRow, newer, due_at).options(defer(ListingRow.terms, raiseload=True))
