"""Writes an index's table within the caller's transaction: what a service commits can be found at once."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit import outbox
from services.kit.search import analysis, table
from services.kit.search.declaration import Document, IndexDeclaration
from services.kit.search.questions import lexeme

_ROWS_PER_STATEMENT = 500


class IndexWriter:
    """Queues every change for the mirror, too."""

    def __init__(self, declaration: IndexDeclaration) -> None:
        tables = MetaData()
        self._declaration = declaration
        self._table = table.index_table(tables, declaration)
        self._words = table.word_table(tables, declaration)
        self._facets = table.facet_table(tables, declaration)
        self._changes = table.change_table(tables, declaration)

    async def upsert(self, session: AsyncSession, documents: Sequence[Document], *, anew: bool = False) -> list[UUID]:
        """Index documents, dropping each that is not newer than what is there. Returns the ids of those written.

        `anew`: write one of the same version, too, since it is indexed in another way by now.
        """
        newest: dict[UUID, Document] = {}
        for document in documents:
            known = newest.get(document.id)
            if known is None or document.aggregate_version >= known.aggregate_version:
                newest[document.id] = document
        # Sorted, so that two transactions with the same documents take their locks in the same order.
        ordered = [newest[identity] for identity in sorted(newest)]
        written: list[UUID] = []
        for start in range(0, len(ordered), _ROWS_PER_STATEMENT):
            part = ordered[start : start + _ROWS_PER_STATEMENT]
            written += await self._write(session, [row async for row in self._rows(part)], anew=anew)
            await self._learn(session, part)
        return written

    async def remove(self, session: AsyncSession, versions: Mapping[UUID, int], *, anew: bool = False) -> list[UUID]:
        """Take documents out as of a version: an older one never comes back. Returns the ids of those taken out."""
        bare = dict.fromkeys(column.key for column in self._table.c) | {"headline_length": 0}
        rows = [bare | {"id": identity, "aggregate_version": versions[identity]} for identity in sorted(versions)]
        return await self._write(session, rows, anew=anew) if rows else []

    async def _rows(self, documents: Sequence[Document]) -> AsyncIterator[dict[str, Any]]:
        for document in documents:
            yield row_of(document, self._declaration)
            await asyncio.sleep(0)  # a millisecond each: others of this process have their turn in between

    async def _write(self, session: AsyncSession, rows: Sequence[dict[str, Any]], *, anew: bool = False) -> list[UUID]:
        own = insert(self._table).values(list(rows))
        known, given = self._table.c.aggregate_version, own.excluded.aggregate_version
        own = own.on_conflict_do_update(
            index_elements=[self._table.c.id],
            set_={name: own.excluded[name] for name in rows[0] if name != "id"},
            where=known <= given if anew else known < given,
        )
        written = list((await session.execute(own.returning(self._table.c.id))).scalars())
        if written:
            queued = insert(self._changes).values([{"id": identity} for identity in sorted(written)])
            again = queued.on_conflict_do_update(
                index_elements=[self._changes.c.id], set_={"changed_at": func.clock_timestamp()}
            )
            await session.execute(again)
            await outbox.wake(session)
        return written

    async def _learn(self, session: AsyncSession, documents: Sequence[Document]) -> None:
        """Remember the words that typing errors are corrected to, and what the codes of facets stand for."""
        words = {
            word
            for document in documents
            for name in self._declaration.searched
            for text in document.texts(name)
            for word in analysis.words(text)
        }
        new = words - await _known(session, self._words.c.word, sorted(words), Text())
        rows = [{"word": word, "deletions": sorted(analysis.deletions(word))} for word in sorted(new)]
        await _insert_new(session, self._words, rows)
        terms = {term for document in documents for term in facet_terms(document, self._declaration)}
        by_code = {analysis.facet_code(term): term for term in terms}
        codes = by_code.keys() - await _known(session, self._facets.c.code, sorted(by_code), BigInteger())
        await _insert_new(session, self._facets, [{"code": code, "term": by_code[code]} for code in sorted(codes)])


async def _known(session: AsyncSession, column: Column[Any], values: list[Any], kind: Text | BigInteger) -> set[Any]:
    statement = select(column).where(column == any_(literal(values, ARRAY(kind))))
    return set((await session.execute(statement)).scalars())


async def _insert_new(session: AsyncSession, into: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert(into).on_conflict_do_nothing(), rows)


def row_of(document: Document, declaration: IndexDeclaration) -> dict[str, Any]:
    """The row of a document: of the declared fields, and of nothing else."""
    headlines = [text for name in declaration.headlines for text in document.texts(name)]
    names = {term for text in headlines for term in analysis.text_terms(text)}
    others = [name for name in declaration.searched if name not in declaration.headlines]
    body = {term for name in others for text in document.texts(name) for term in analysis.text_terms(text)}
    facets = facet_terms(document, declaration)
    common = {term for text in headlines for term in analysis.pinyin_terms(text) | analysis.bonds(text)}
    common |= {
        term for name in declaration.numbers for text in document.texts(name) for term in analysis.number_terms(text)
    }
    common |= set(facets)
    return {
        "id": document.id,
        "aggregate_version": document.aggregate_version,
        "terms": _vector(names | body | common),
        "headline_terms": _vector(names | common),
        "headline_length": len(names),
        "facets": [analysis.facet_code(term) for term in facets],
        "document": {name: document.fields[name] for name in sorted(declaration.names) if name in document.fields},
        **{name: document.bound(name, kind) for name, kind in declaration.ranges.items()},
    }


def facet_terms(document: Document, declaration: IndexDeclaration) -> list[str]:
    return [
        analysis.facet_term(name, value) for name in declaration.facets for value in dict.fromkeys(document.texts(name))
    ]


def _vector(terms: set[str]) -> str:
    return " ".join(lexeme(term) for term in sorted(terms))
