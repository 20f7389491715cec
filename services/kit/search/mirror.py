"""Carries what an index's table holds over to Meilisearch: changes in batches, or all of it into a new index.

The table decides what is newer, and this job of the one leading worker is all that writes to Meilisearch, so nothing
stale can get there. What Meilisearch did not take stays queued: after an outage it catches up by itself.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import MetaData, Row, delete, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.db import Database
from services.kit.search import metrics, table
from services.kit.search.declaration import Document, IndexDeclaration
from services.kit.search.meilisearch import body_of, settings_of, uid_of
from services.kit.search.meilisearch_server import MeilisearchFailed, MeilisearchServer

log = structlog.get_logger()

# A batch ends at either. While one is carried over, the changes after it gather for the next.
BATCH_DOCUMENTS = 1_000
BATCH_BYTES = 8_000_000
_BATCHES_AHEAD = 20

Progress = Callable[[int, int], None]  # documents carried over, of all
Carried = tuple[UUID, datetime]  # what was on the queue, and since when
_IS_MISSING = frozenset({"index_not_found"})
_LOOK_AGAIN_S = 0.2


def _silent(_done: int, _total: int) -> None:
    pass


class Mirror:
    def __init__(self, server: MeilisearchServer, declaration: IndexDeclaration) -> None:
        tables = MetaData()
        self._server = server
        self._declaration = declaration
        self._uid = uid_of(declaration)
        self._table = table.index_table(tables, declaration)
        self._changes = table.change_table(tables, declaration)

    async def step(self, database: Database) -> bool:
        """A job's step: one batch of changes; all of the index where Meilisearch has none of this version."""
        try:
            async with self._alone(database) as is_alone:
                if not is_alone:
                    return False
                if not await self._exists(self._uid):
                    await self._rebuild(database, _silent)
                more = await self._carry_changes(database)
        except MeilisearchFailed as failure:
            metrics.MIRROR_FAILURES.labels(self._declaration.name, failure.reason).inc()
            log.warning("search_mirror_waits", index=self._declaration.name, error=str(failure))
            more = False
        await self.measure(database)
        return more

    async def rebuild(self, database: Database, progress: Progress = _silent) -> int:
        """Fill a new index and swap it in; searches see the old one until then. Returns how many documents it has.

        Raises MeilisearchFailed, with the old index untouched.
        """
        async with self._alone(database, wait=True):
            return await self._rebuild(database, progress)

    async def measure(self, database: Database) -> tuple[int, float]:
        """How many changes Meilisearch has not heard of, and the age of the oldest in seconds."""
        age = func.extract("epoch", func.now() - func.min(self._changes.c.changed_at))
        async with database.transaction() as session:
            waiting, oldest = (await session.execute(select(func.count(), age).select_from(self._changes))).one()
        lag = float(oldest or 0)
        metrics.MIRROR_WAITING.labels(self._declaration.name).set(waiting)
        metrics.MIRROR_LAG.labels(self._declaration.name).set(lag)
        return int(waiting), lag

    @asynccontextmanager
    async def _alone(self, database: Database, *, wait: bool = False) -> AsyncIterator[bool]:
        """Nobody else writes to this index, in any process. The lock needs a connection, but no transaction."""
        engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        name = {"name": f"{database.schema}.{self._uid}"}
        async with engine.connect() as connection:
            lock = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 2))")
            while not (taken := bool(await connection.scalar(lock, name))) and wait:  # noqa: ASYNC110  # of another process
                await asyncio.sleep(_LOOK_AGAIN_S)
            try:
                yield taken
            finally:
                if taken:
                    await connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 2))"), name)

    async def _exists(self, uid: str) -> bool:
        try:
            await self._server.get(f"/indexes/{uid}")
        except MeilisearchFailed as failure:
            if failure.reason in _IS_MISSING:
                return False
            raise
        return True

    async def _carry_changes(self, database: Database) -> bool:
        async with database.transaction() as session:
            rows = await self._changed(session)
        if not rows:
            return False
        documents = [_document(row) for row in rows if row.document is not None]
        gone = [str(row.id) for row in rows if row.document is None]
        tasks = await self._send(self._uid, documents)
        if gone:
            tasks.append(await self._server.order("POST", f"/indexes/{self._uid}/documents/delete-batch", gone))
        await self._server.done(tasks)
        await self._take_off(database, [(row.id, row.changed_at) for row in rows])
        return len(rows) == BATCH_DOCUMENTS

    async def _take_off(self, database: Database, carried: Sequence[Carried]) -> None:
        """Off the queue with what was carried over. What changed again meanwhile stays."""
        for start in range(0, len(carried), BATCH_DOCUMENTS):
            these = tuple_(self._changes.c.id, self._changes.c.changed_at)
            part = these.in_(carried[start : start + BATCH_DOCUMENTS])
            async with database.transaction() as session:
                await session.execute(delete(self._changes).where(part))

    async def _changed(self, session: AsyncSession) -> Sequence[Row[*tuple[Any, ...]]]:
        own, changes = self._table.c, self._changes.c
        statement = (
            select(own.id, own.aggregate_version, own.document, changes.changed_at)
            .join_from(self._changes, self._table, own.id == changes.id)
            .order_by(changes.changed_at, changes.id)
            .limit(BATCH_DOCUMENTS)
        )
        return (await session.execute(statement)).all()

    async def _send(self, uid: str, documents: Sequence[Document]) -> list[int]:
        """Order documents to be replaced, in as many calls as their size asks for."""
        tasks, lines, size = [], list[bytes](), 0
        for document in documents:
            line = orjson.dumps(body_of(document, self._declaration))
            if lines and size + len(line) > BATCH_BYTES:
                tasks.append(await self._order_documents(uid, lines))
                lines, size = [], 0
            lines.append(line)
            size += len(line)
        if lines:
            tasks.append(await self._order_documents(uid, lines))
        return tasks

    async def _order_documents(self, uid: str, lines: list[bytes]) -> int:
        return await self._server.order("POST", f"/indexes/{uid}/documents", b"[" + b",".join(lines) + b"]")

    async def _rebuild(self, database: Database, progress: Progress) -> int:
        new = f"{self._uid}_new"
        if await self._exists(new):  # what an earlier try left behind
            await self._server.carry_out("DELETE", f"/indexes/{new}")
        await self._server.carry_out("POST", "/indexes", {"uid": new, "primaryKey": "id"})
        await self._server.carry_out("PATCH", f"/indexes/{new}/settings", settings_of(self._declaration))
        total = await self._size(database)
        done = 0
        progress(done, total)
        # Some batches ahead, since Meilisearch takes those that wait together.
        ahead: deque[tuple[int, list[int]]] = deque()
        carried: list[Carried] = []
        async for rows in self._batches(database):
            carried += [(row.id, row.changed_at) for row in rows if row.changed_at is not None]
            ahead.append((len(rows), await self._send(new, [_document(row) for row in rows])))
            if len(ahead) > _BATCHES_AHEAD:
                done += await self._oldest(ahead)
                progress(done, max(total, done))
        while ahead:
            done += await self._oldest(ahead)
            progress(done, max(total, done))
        # The first time there is nothing to swap with: the new one takes the name.
        is_first = not await self._exists(self._uid)
        await self._server.carry_out("POST", "/swap-indexes", [{"indexes": [new, self._uid], "rename": is_first}])
        if not is_first:
            await self._server.carry_out("DELETE", f"/indexes/{new}")
        await self._take_off(database, carried)
        await self._drop_older_versions()
        log.info("search_index_rebuilt", index=self._uid, documents=done)
        return done

    async def _oldest(self, ahead: deque[tuple[int, list[int]]]) -> int:
        documents, tasks = ahead.popleft()
        await self._server.done(tasks)
        return documents

    async def _size(self, database: Database) -> int:
        statement = select(func.count()).select_from(self._table).where(self._table.c.document.is_not(None))
        async with database.transaction() as session:
            return int(await session.scalar(statement) or 0)

    async def _batches(self, database: Database) -> AsyncIterator[Sequence[Row[*tuple[Any, ...]]]]:
        own, changes = self._table.c, self._changes.c
        last = UUID(int=0)
        while True:
            statement = select(own.id, own.aggregate_version, own.document, changes.changed_at)
            statement = statement.join_from(self._table, self._changes, own.id == changes.id, isouter=True)
            statement = statement.where(own.id > last, own.document.is_not(None)).order_by(own.id)
            async with database.transaction() as session:
                rows = (await session.execute(statement.limit(BATCH_DOCUMENTS))).all()
            if not rows:
                return
            last = rows[-1].id
            yield rows

    async def _drop_older_versions(self) -> None:
        indexes = (await self._server.get("/indexes?limit=1000"))["results"]
        prefix = f"{self._declaration.name}_v"
        for uid in (str(index["uid"]) for index in indexes):
            version = uid.removeprefix(prefix)
            if uid.startswith(prefix) and version.isdigit() and int(version) < self._declaration.version:
                await self._server.carry_out("DELETE", f"/indexes/{uid}")


def _document(row: Row[*tuple[Any, ...]]) -> Document:
    return Document(row.id, row.aggregate_version, row.document)
