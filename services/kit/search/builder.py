"""Fills an index's table with what a service holds: once for each version of the declaration, and when asked to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import MetaData, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.db import Database
from services.kit.search import table
from services.kit.search.declaration import Document, IndexDeclaration
from services.kit.search.writer import IndexWriter

log = structlog.get_logger()

CHUNK = 200
_START = UUID(int=0)

Progress = Callable[[int, int], None]  # done, of all


@dataclass(frozen=True)
class Chunk:
    """Of what a service holds, in the order of ids: what is to be found, and what is not (any more), by version."""

    documents: Sequence[Document] = ()
    hidden: Mapping[UUID, int] = field(default_factory=dict)

    @property
    def last(self) -> UUID | None:
        return max((*(document.id for document in self.documents), *self.hidden), default=None)


class Source(Protocol):
    """What a service holds, for an index to be filled with."""

    async def count(self, session: AsyncSession) -> int: ...

    async def chunk(self, session: AsyncSession, after: UUID, limit: int) -> Chunk:
        """The next after an id, at most `limit`; empty at the end. It may be older than what is indexed."""
        ...


class Builder:
    """Each chunk is a transaction of its own: others write meanwhile, and what is newer stays."""

    def __init__(self, declaration: IndexDeclaration, source: Source) -> None:
        self._declaration = declaration
        self._writer = IndexWriter(declaration)
        self._source = source
        self._builds = table.build_table(MetaData(), declaration)
        self._is_done = False

    async def step(self, database: Database) -> bool:
        """A job's step: the next chunk, where this version was not built yet. False at the end."""
        if self._is_done:
            return False
        async with database.transaction() as session:
            done_to = await self._done_to(session)
            last = None if done_to is None else await self._put(session, done_to)
            self._is_done = last is None
            await self._note(session, last)
        return not self._is_done

    async def is_done(self, database: Database) -> bool:
        """Whether this version is built whole."""
        async with database.transaction() as session:
            return await self._done_to(session) is None

    async def rebuild(self, database: Database, progress: Progress) -> int:
        """Index everything anew. Returns how many it was."""
        async with database.transaction() as session:
            total = await self._source.count(session)
        done, last = 0, _START
        while True:
            progress(done, max(total, done))
            async with database.transaction() as session:
                chunk = await self._source.chunk(session, last, CHUNK)
                await self._write(session, chunk)
            if chunk.last is None:
                return done
            done, last = done + len(chunk.documents), chunk.last

    async def _done_to(self, session: AsyncSession) -> UUID | None:
        """Up to where this version is built; None where it is built whole."""
        statement = select(self._builds).where(self._builds.c.version == self._declaration.version)
        row = (await session.execute(statement.with_for_update())).one_or_none()
        if row is None:
            return _START
        return None if row.is_done else row.done_to

    async def _put(self, session: AsyncSession, after: UUID) -> UUID | None:
        chunk = await self._source.chunk(session, after, CHUNK)
        await self._write(session, chunk)
        if chunk.last is None:
            log.info("search_table_filled", index=self._declaration.name, version=self._declaration.version)
        return chunk.last

    async def _write(self, session: AsyncSession, chunk: Chunk) -> None:
        await self._writer.upsert(session, chunk.documents, anew=True)
        await self._writer.remove(session, chunk.hidden, anew=True)

    async def _note(self, session: AsyncSession, last: UUID | None) -> None:
        given: dict[str, Any] = {"done_to": last or _START, "is_done": last is None}
        statement = insert(self._builds).values(version=self._declaration.version, **given)
        await session.execute(statement.on_conflict_do_update(index_elements=["version"], set_=given))
        if last is None:
            older = self._builds.c.version < self._declaration.version
            await session.execute(delete(self._builds).where(older))
