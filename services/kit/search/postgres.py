# ruff: noqa: S608  # names of tables and columns come from a declaration in code; what people type is a parameter
"""The PostgreSQL adapter: conditions over the terms of a table, answered by its GIN indexes.

First what has every word (as typed, or as it may have been meant). Where hardly anything does, what has the most
telling of them, within a budget of index entries read. ADR 0007 has the measurements behind the numbers here.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.db import Database
from services.kit.search import analysis, port
from services.kit.search.conditions import Condition, one_of, restriction
from services.kit.search.declaration import IndexDeclaration
from services.kit.search.highlight import Highlighter
from services.kit.search.port import Hit, Results, SearchQuery, Suggestion
from services.kit.search.questions import (
    Unit,
    all_of,
    any_of,
    bonds_of,
    corrected,
    mistypable,
    number_condition,
    units_of,
)
from services.kit.search.statistics import Statistics

NAME = "postgres"

# Facets of more hits than this are counted on an even sample of them, and scaled up.
COUNTED_EXACTLY = 10_000
_SAMPLE = 4_000
# Fewer hits with every word than this, and what has only some of the words is found, too.
_FEW = 10
# (term, document) pairs that the search for some of the words may read.
_BUDGET = 30_000
_MOST_TERMS = 20
# Of the best score, what a document must reach to be found by some of the words.
_SHARE_OF_BEST = 0.5
# Of the score of a document itself, what another must reach to be similar to it: one common word does not do.
_SHARE_OF_SELF = 0.1
_HEADLINE_WEIGHT = 2.0
# Headlines that are looked at one by one to rank what has all the words.
_LOOKED_AT = 500


@dataclass(frozen=True)
class _Found:
    """What was found: by a condition or, where `ranked`, these alone, the best first."""

    condition: Condition
    total: int
    units: Sequence[Unit] = ()
    bonds: Sequence[str] = ()
    number: str | None = None
    ranked: list[UUID] | None = None


class PostgresSearch:
    """Search over the table that an IndexWriter of the same declaration writes."""

    def __init__(self, database: Database, declaration: IndexDeclaration) -> None:
        self._database = database
        self._declaration = declaration
        self._table = f"search_{declaration.name}"
        self._statistics = Statistics(self._table)

    async def search(self, query: SearchQuery) -> Results:
        port.check(query, self._declaration)
        offset = port.offset_of(query)
        async with self._database.transaction() as session:
            where = restriction(query, self._declaration)
            if query.text.strip() or where.terms:
                await _prefer_indexes(session)
            if query.text.strip():
                found = await self._find(session, query, where)
            else:
                found = _Found(where, await self._count(session, where))
            ids = await self._page(session, found, query, offset) if found.total else []
            return Results(
                hits=await self._hits(session, ids, found.units if query.highlight else ()),
                total=found.total,
                next=port.cursor_after(offset, query.limit, found.total),
                answered_by=NAME,
                facets=await self._facets(session, found.condition, found.total, query.facets),
            )

    async def suggest(
        self, text: str, *, limit: int = 8, filters: Mapping[str, Sequence[str]] | None = None
    ) -> list[Suggestion]:
        query = SearchQuery(text, filters or {}, limit=limit)
        port.check(query, self._declaration)
        units = units_of(text)
        if not units:
            return []
        where = restriction(query, self._declaration).having(all_of([unit.lenient for unit in units]))
        name = self._declaration.suggested
        statement = f"""
            SELECT id, text FROM (
              SELECT found.id, found.headline_length, document ->> '{name}' AS text FROM (
                SELECT id, headline_length FROM {self._table} WHERE {where.sql("headline_terms")}
                ORDER BY headline_length, id DESC LIMIT {_LOOKED_AT}
              ) AS found JOIN {self._table} AS whole ON whole.id = found.id
            ) AS candidate
            ORDER BY starts_with(lower(text), :typed) DESC, headline_length, id DESC LIMIT :limit
        """
        async with self._database.transaction() as session:
            await _prefer_indexes(session)
            given = where.given(typed=analysis.fold(text).strip(), limit=limit)
            return [Suggestion(row.id, row.text) for row in await session.execute(sql(statement), given)]

    async def similar(
        self, document_id: UUID, *, limit: int = 8, filters: Mapping[str, Sequence[str]] | None = None
    ) -> Sequence[Hit]:
        query = SearchQuery(filters=filters or {}, limit=limit)
        port.check(query, self._declaration)
        async with self._database.transaction() as session:
            fields = (await self._documents(session, [document_id])).get(document_id)
            if fields is None:
                return []
            await _prefer_indexes(session)
            await self._statistics.refresh(session)
            where = restriction(query, self._declaration)
            # Its own name alone: by whom it is offered makes no two things similar.
            units = units_of(str(fields.get(self._declaration.suggested) or ""))
            ranked = await self._ranked(session, units, (), where, share_of_best=_SHARE_OF_SELF, limit=limit + 1)
            return await self._hits(session, [each for each in ranked if each != document_id][:limit], ())

    async def _find(self, session: AsyncSession, query: SearchQuery, where: Condition) -> _Found:
        units = await self._understood(session, query.text)
        number = number_condition(query.text)
        if not units:
            return _Found(where, 0)
        every_word = all_of([unit.lenient for unit in units])
        condition = where.having(any_of((number, every_word)) if number else every_word)
        total = await self._count(session, condition)
        bonds = bonds_of(query.text, units)
        if total >= _FEW or (number and total):
            return _Found(condition, total, units, bonds, number)
        await self._statistics.refresh(session)
        ranked = await self._ranked(session, units, bonds, where, share_of_best=_SHARE_OF_BEST, limit=port.MOST_HITS)
        return _Found(one_of(ranked), len(ranked), units, ranked=ranked)

    async def _understood(self, session: AsyncSession, text: str) -> list[Unit]:
        """The units of a text, with the words that mistyped ones may have been meant for."""
        typed = mistypable(text)
        if not typed:
            return units_of(text)
        keys = sorted({key for word in typed for key in analysis.deletions(word)})
        statement = f"SELECT word FROM {self._table}_words WHERE deletions && CAST(:keys AS text[])"
        known = list((await session.execute(sql(statement), {"keys": keys})).scalars())
        meant = {word: [other for other in known if analysis.is_one_error_away(word, other)] for word in typed}
        return corrected(units_of(text), meant)

    async def _count(self, session: AsyncSession, where: Condition) -> int:
        statement = f"SELECT count(*) FROM {self._table} WHERE {where.sql()}"
        return int(await session.scalar(sql(statement), where.given()) or 0)

    async def _facets(
        self, session: AsyncSession, where: Condition, total: int, names: Collection[str]
    ) -> dict[str, dict[str, int]]:
        """Of each facet's values, how many of the `total` have them: the most frequent first."""
        counts: dict[str, dict[str, int]] = {name: {} for name in names}
        if not (total and names):
            return counts
        step = total // _SAMPLE if total > COUNTED_EXACTLY else 1
        # By a hash, since the order of ids is that of time.
        sampled = f" AND uuid_hash(id) % {step} = 0" if step > 1 else ""
        statement = f"""
            WITH counted AS (
              SELECT code, count(*) AS hits FROM {self._table}, unnest(facets) AS code
              WHERE {where.sql()}{sampled} GROUP BY code
            )
            SELECT term, hits FROM counted JOIN {self._table}_facets USING (code) ORDER BY hits DESC, term
        """
        for row in await session.execute(sql(statement), where.given()):
            name, _, value = row.term.partition("=")
            if name in counts and len(counts[name]) < port.MOST_FACET_VALUES:
                counts[name][value] = min(row.hits * step, total)
        return counts

    async def _ranked(
        self,
        session: AsyncSession,
        units: Sequence[Unit],
        bonds: Sequence[str],
        where: Condition,
        *,
        share_of_best: float,
        limit: int,
    ) -> list[UUID]:
        """What has the most telling of the words, each weighted by its rarity and more where it names the document."""
        chosen = self._telling(units)
        ranges = "".join(f" AND {each}" for each in where.ranges)
        queries = [all_of([unit.lenient, where.terms]) if where.terms else unit.lenient for unit, _ in chosen]
        statement = f"""
            WITH hits AS (
              SELECT found.id, found.headline_length, u.weight * found.part AS score
              FROM unnest(CAST(:queries AS text[]), CAST(:weights AS float8[])) AS u (query, weight)
              CROSS JOIN LATERAL (
                SELECT id, headline_length, 1.0 AS part FROM {self._table} WHERE terms @@ u.query::tsquery{ranges}
                UNION ALL
                SELECT id, headline_length, {_HEADLINE_WEIGHT} FROM {self._table}
                WHERE headline_terms @@ u.query::tsquery{ranges}
              ) AS found
            ), scores AS (SELECT id, headline_length, sum(score) AS score FROM hits GROUP BY 1, 2),
            best AS (
              SELECT * FROM scores WHERE score >= :share * (SELECT max(score) FROM scores)
              ORDER BY score DESC, headline_length, id DESC LIMIT :limit
            )
            SELECT id FROM best JOIN {self._table} USING (id)
            ORDER BY score DESC, (
              SELECT count(*) FROM unnest(CAST(:bonds AS text[])) AS bond (query)
              WHERE headline_terms @@ bond.query::tsquery
            ) DESC, best.headline_length, id DESC
        """.replace("::tsquery", "\\:\\:tsquery")
        given = {"queries": queries, "weights": [weight for _, weight in chosen]}
        given |= where.params | {"share": share_of_best, "limit": limit, "bonds": list(bonds)}
        return list((await session.execute(sql(statement), given)).scalars())

    def _telling(self, units: Sequence[Unit]) -> list[tuple[Unit, float]]:
        """The rarest units within the budget, each with its weight."""
        budget = float(_BUDGET)
        chosen: list[tuple[Unit, float]] = []
        for unit in sorted(units, key=lambda unit: self._statistics.share(unit.term))[:_MOST_TERMS]:
            budget -= self._statistics.documents_with(unit.term)
            if budget < 0 and chosen:
                break
            chosen.append((unit, -math.log(self._statistics.share(unit.term))))
        return chosen

    async def _page(self, session: AsyncSession, found: _Found, query: SearchQuery, offset: int) -> list[UUID]:
        limit = min(query.limit, port.MOST_HITS - offset)
        if query.order is not None or not query.text.strip():
            direction = "DESC" if query.order and query.order.descending else "ASC"
            by = f"{query.order.field} {direction} NULLS LAST, " if query.order else ""
            statement = (
                f"SELECT id FROM {self._table} WHERE {found.condition.sql()} ORDER BY {by}id DESC"
                " LIMIT :limit OFFSET :offset"
            )
            given = found.condition.given(limit=limit, offset=offset)
            return list((await session.execute(sql(statement), given)).scalars())
        ranked = (
            found.ranked if found.ranked is not None else await self._by_tiers(session, found, query, offset + limit)
        )
        return ranked[offset : offset + limit]

    async def _by_tiers(self, session: AsyncSession, found: _Found, query: SearchQuery, wanted: int) -> list[UUID]:
        """The best first: the number asked for, what is named by every word as typed, then whatever has them all."""
        where = restriction(query, self._declaration)
        exact = all_of([unit.exact for unit in found.units])
        tiers = [(where.having(exact), "headline_terms"), (where.having(exact), "terms"), (found.condition, "terms")]
        if found.number:
            tiers.insert(0, (where.having(found.number), "terms"))
        ranked: list[UUID] = []
        for condition, column in tiers:
            ranked += await self._tier(session, condition, column, found, ranked)
            if len(ranked) >= min(wanted, found.total):
                break
        return ranked

    async def _tier(
        self, session: AsyncSession, condition: Condition, column: str, found: _Found, known: list[UUID]
    ) -> list[UUID]:
        """The shortest headlines, which tell most per word. Of the first ones, those lead that cover most of what is
        asked.
        """
        statement = f"""
            SELECT id FROM (
              SELECT id, headline_terms, row_number() OVER (ORDER BY headline_length, id DESC) AS place FROM (
                SELECT id, headline_terms, headline_length
                FROM {self._table} WHERE {condition.sql(column)} AND id <> ALL(:known)
                ORDER BY headline_length, id DESC LIMIT :window
              ) AS shortest
            ) AS candidate
            ORDER BY CASE WHEN place <= {_LOOKED_AT} THEN (
              SELECT count(*) FROM unnest(CAST(:signs AS text[])) AS sign (query)
              WHERE candidate.headline_terms @@ sign.query\\:\\:tsquery
            ) ELSE -1 END DESC, place
        """
        signs = [*(unit.lenient for unit in found.units), *found.bonds]
        given = condition.given(known=known, window=port.MOST_HITS, signs=signs)
        return list((await session.execute(sql(statement), given)).scalars())

    async def _hits(self, session: AsyncSession, ids: Sequence[UUID], units: Sequence[Unit]) -> list[Hit]:
        documents = await self._documents(session, ids)
        highlighter = Highlighter(units)
        return [self._hit(each, documents[each], highlighter) for each in ids if each in documents]

    async def _documents(self, session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        if not ids:
            return {}
        statement = f"SELECT id, document FROM {self._table} WHERE id = ANY(:ids) AND document IS NOT NULL"
        return {row.id: row.document for row in await session.execute(sql(statement), {"ids": list(ids)})}

    def _hit(self, identity: UUID, document: Mapping[str, Any], highlighter: Highlighter) -> Hit:
        shown = {name: document[name] for name in self._declaration.displayed if name in document}
        excerpts = {
            name: highlighter.excerpt(document[name])
            for name in self._declaration.searched
            if name in shown and isinstance(document[name], str)
        }
        return Hit(identity, shown, {name: parts for name, parts in excerpts.items() if parts})


async def _prefer_indexes(session: AsyncSession) -> None:
    # The planner does not count what it costs to fetch terms that are kept out of line: a sequential scan of them
    # takes seconds. work_mem keeps the hits of a common word exact, page by page.
    await session.execute(sql("SELECT set_config('enable_seqscan', 'off', true), set_config('work_mem', '32MB', true)"))
