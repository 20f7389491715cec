from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.kit.ids import new_id
from services.matching.adapters import mapping
from services.matching.adapters.tables import LISTINGS, MATCHES, RIGHTS, DemandRow, ListingRow, MatchRow
from services.matching.application.ports import Pair, Scored
from services.matching.domain.eligibility import Bar
from services.matching.domain.feedback import Dismissal, DismissalReason
from services.matching.domain.matches import Match, Side, Standing

_STANDING = MATCHES.c.standing
_SIDES = {Side.DEMAND: MATCHES.c.demand_organisation_id, Side.LISTING: MATCHES.c.listing_organisation_id}
_UNJUDGED = func.jsonb_array_length(MATCHES.c.judgements) == 0


class Matches:
    _session: AsyncSession

    async def match(self, match_id: UUID, *, lock: bool = False) -> Match | None:
        statement = _joined().where(MATCHES.c.match_id == match_id)
        if lock:
            statement = statement.with_for_update(of=MATCHES)
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else mapping.match(row[0], row[1], row[2])

    async def current_pairs(self, *, demand_id: UUID | None = None, listing_ids: Collection[UUID] = ()) -> list[Pair]:
        if demand_id is not None:
            which = (MATCHES.c.demand_id == demand_id) & (_STANDING == Standing.CURRENT)
        else:
            which = MATCHES.c.listing_id.in_(listing_ids) & _STANDING.in_([Standing.CURRENT, Standing.LAPSED])
        return await self._pairs(which)

    async def dismissed_pairs(self, demand_ids: Collection[UUID]) -> set[Pair]:
        return set(await self._pairs(MATCHES.c.demand_id.in_(demand_ids) & (_STANDING == Standing.DISMISSED)))

    async def _pairs(self, which: ColumnElement[bool]) -> list[Pair]:
        rows = await self._session.execute(select(MATCHES.c.demand_id, MATCHES.c.listing_id).where(which))
        return [(demand_id, listing_id) for demand_id, listing_id in rows]

    async def dismissals(self, demand_ids: Collection[UUID]) -> dict[UUID, list[Dismissal]]:
        newer = select(RIGHTS.c.right).where(RIGHTS.c.right_id == LISTINGS.c.right_id).scalar_subquery()
        statement = (
            select(MatchRow.demand_id, MatchRow.judgements, ListingRow, newer)
            .join(ListingRow, ListingRow.listing_id == MatchRow.listing_id)
            .options(defer(ListingRow.terms, raiseload=True), defer(ListingRow.document, raiseload=True))
            .where(MATCHES.c.demand_id.in_(demand_ids), _STANDING == Standing.DISMISSED)
            .order_by(MATCHES.c.match_id)
        )
        found: dict[UUID, list[Dismissal]] = defaultdict(list)
        for demand_id, judgements, listing, right in await self._session.execute(statement):
            for each in judgements:
                if each["side"] == Side.DEMAND and each["reason"]:
                    facts = mapping.listing_facts(listing, right)
                    found[demand_id].append(Dismissal(facts, DismissalReason(each["reason"])))
        return found

    async def floors(self, demand_ids: Collection[UUID], best: int) -> dict[UUID, float]:
        statement = (
            select(MATCHES.c.demand_id, func.min(MATCHES.c.score))
            .where(MATCHES.c.demand_id.in_(demand_ids), _STANDING == Standing.CURRENT)
            .group_by(MATCHES.c.demand_id)
            .having(func.count() >= best)
        )
        return dict((await self._session.execute(statement)).all())

    async def save_found(self, scored: Sequence[Scored], now: datetime) -> list[Match]:
        if not scored:
            return []
        statement = insert(MATCHES).values([_new(each, now) for each in scored])
        changed = {
            "score": statement.excluded.score,
            "reasons": statement.excluded.reasons,
            "standing": statement.excluded.standing,
            "bar": statement.excluded.bar,
            "updated_at": statement.excluded.updated_at,
        }
        differs = or_(
            MATCHES.c.score.is_distinct_from(statement.excluded.score),
            MATCHES.c.reasons.is_distinct_from(statement.excluded.reasons),
            MATCHES.c.standing.is_distinct_from(statement.excluded.standing),
        )
        statement = statement.on_conflict_do_update(
            index_elements=["demand_id", "listing_id"],
            set_=changed | {"version": MATCHES.c.version + 1},
            where=and_(_STANDING != Standing.DISMISSED, differs),
        )
        # A row that was there before carries the transaction that locked it.
        inserted = text("(matches.xmax = 0) AS inserted")
        rows = (await self._session.execute(statement.returning(MATCHES.c.match_id, inserted))).all()
        return await read_matches(self._session, [row.match_id for row in rows if row.inserted])

    async def fade(self, pairs: Collection[Pair], now: datetime) -> None:
        if pairs:
            await self._stand(_among(pairs) & _UNJUDGED, Standing.FADED, None, now)

    async def lapse(self, pairs: Collection[Pair], bar: Bar, now: datetime) -> None:
        if pairs:
            await self._stand(_among(pairs), Standing.LAPSED, bar, now)

    async def lapse_all(
        self, bar: Bar, now: datetime, *, demand_id: UUID | None = None, listing_id: UUID | None = None
    ) -> None:
        which = MATCHES.c.demand_id == demand_id if demand_id is not None else MATCHES.c.listing_id == listing_id
        await self._stand(which, Standing.LAPSED, bar, now)

    async def _stand(self, which: ColumnElement[bool], standing: Standing, bar: Bar | None, now: datetime) -> None:
        new_bar = literal(mapping.bar_json(bar), JSONB(none_as_null=True))
        statement = (
            update(MATCHES)
            .where(which, _STANDING != Standing.DISMISSED)
            .where(or_(_STANDING.is_distinct_from(standing), MATCHES.c.bar.is_distinct_from(new_bar)))
            .values(standing=standing, bar=new_bar, updated_at=now, version=MATCHES.c.version + 1)
        )
        await self._session.execute(statement)

    async def keep_best(self, demand_ids: Collection[UUID], best: int, now: datetime) -> None:
        if not demand_ids:
            return
        place = func.row_number().over(
            partition_by=MATCHES.c.demand_id, order_by=(MATCHES.c.score.desc(), MATCHES.c.match_id)
        )
        ranked = (
            select(MATCHES.c.match_id, place.label("place"))
            .where(MATCHES.c.demand_id.in_(demand_ids), _STANDING == Standing.CURRENT)
            .where(_UNJUDGED)
            .subquery()
        )
        beyond = select(ranked.c.match_id).where(ranked.c.place > best)
        await self._stand(MATCHES.c.match_id.in_(beyond), Standing.FADED, None, now)

    async def save_judged(self, match: Match) -> None:
        await self._session.execute(
            update(MATCHES)
            .where(MATCHES.c.match_id == match.match_id)
            .values(
                standing=str(match.standing),
                judgements=mapping.judgements_json(match.judgements),
                updated_at=match.updated_at,
                version=match.version,
            )
        )


async def read_matches(session: AsyncSession, match_ids: Collection[UUID]) -> list[Match]:
    """Those that exist, by id."""
    if not match_ids:
        return []
    statement = _joined().where(MATCHES.c.match_id.in_(match_ids)).order_by(MATCHES.c.match_id)
    return [mapping.match(row[0], row[1], row[2]) for row in await session.execute(statement)]


def of_organisation(organisation_id: UUID, side: Side | None = None) -> ColumnElement[bool]:
    """Matches an organisation is a side of, or that side."""
    return or_(*[who == organisation_id for each, who in _SIDES.items() if side in {None, each}])


def judged_by(organisation_id: UUID) -> ColumnElement[bool]:
    """Matches an organisation has said yes or no to, as whichever side it is."""
    said = [
        and_(who == organisation_id, MATCHES.c.judgements.contains([{"side": side.value}]))
        for side, who in _SIDES.items()
    ]
    return or_(*said)


def _joined() -> Select[MatchRow, DemandRow, ListingRow]:
    return (
        select(MatchRow, DemandRow, ListingRow)
        .join(DemandRow, DemandRow.demand_id == MatchRow.demand_id)
        .join(ListingRow, ListingRow.listing_id == MatchRow.listing_id)
        .options(*[defer(each, raiseload=True) for each in (ListingRow.terms, ListingRow.document, ListingRow.text)])
        .execution_options(populate_existing=True)
    )


def _among(pairs: Collection[Pair]) -> ColumnElement[bool]:
    return tuple_(MATCHES.c.demand_id, MATCHES.c.listing_id).in_(list(pairs))


def _new(scored: Scored, now: datetime) -> dict[str, object]:
    demand, listing = scored.demand.facts, scored.listing.facts
    return {
        "match_id": new_id(),
        "demand_id": demand.demand_id,
        "listing_id": listing.listing_id,
        "demand_organisation_id": demand.organisation_id,
        "listing_organisation_id": listing.organisation_id,
        "score": scored.fit.score,
        "reasons": mapping.reasons_json(scored.fit.reasons),
        "standing": str(Standing.CURRENT),
        "bar": None,
        "judgements": [],
        "found_at": now,
        "updated_at": now,
        "version": 1,
    }
