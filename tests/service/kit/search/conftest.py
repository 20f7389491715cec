"""An index of each adapter in turn, written the way services write: to the table, and mirrored from there."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import MetaData, text

from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.search import Document, Finder, IndexDeclaration, RangeType, SearchQuery, TextField, table
from services.kit.search.meilisearch import MeilisearchSearch, uid_of
from services.kit.search.meilisearch_server import MeilisearchServer
from services.kit.search.mirror import Mirror
from services.kit.search.postgres import PostgresSearch
from services.kit.search.writer import IndexWriter


def declared(name: str, version: int = 1) -> IndexDeclaration:
    return IndexDeclaration(
        name=name,
        version=version,
        texts=(
            TextField("title", headline=True),
            TextField("owner", headline=True),
            TextField("summary"),
        ),
        numbers=("number",),
        facets=("kind", "section", "region"),
        ranges={"price": RangeType.INTEGER, "published_at": RangeType.MOMENT},
        displayed=("title", "owner", "summary", "number", "kind", "price"),
    )


@dataclass
class Index:
    """`search` is the adapter at hand; what is put can be found when `put` returns."""

    database: Database
    declaration: IndexDeclaration
    writer: IndexWriter
    search: Finder
    mirror: Mirror | None = None

    async def put(self, *documents: Document) -> list[UUID]:
        async with self.database.transaction() as session:
            written = await self.writer.upsert(session, documents)
        await self.settle()
        return written

    async def remove(self, identity: UUID, version: int) -> list[UUID]:
        async with self.database.transaction() as session:
            removed = await self.writer.remove(session, {identity: version})
        await self.settle()
        return removed

    async def settle(self) -> None:
        if self.mirror is not None:
            while await self.mirror.step(self.database):
                pass
            assert (await self.mirror.measure(self.database))[0] == 0

    async def titles(self, words: str = "", **asked: object) -> list[str]:
        results = await self.search.search(SearchQuery(words, **asked))  # type: ignore[arg-type]  # by name
        return [str(hit.fields["title"]) for hit in results.hits]


async def make_tables(database: Database, declaration: IndexDeclaration) -> None:
    metadata = MetaData()
    table.declare(metadata, declaration)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for statement in table.storage_statements(declaration):
            await connection.execute(text(statement))


# No package registry ships the server: its half is run where one is given.
MEILISEARCH_URL = os.environ.get("MEILISEARCH_URL")
ADAPTERS = ["postgres", "meilisearch"] if MEILISEARCH_URL else ["postgres"]


@pytest.fixture
async def postgres_index(database: Database) -> Index:
    declaration = declared("catalogue")
    await make_tables(database, declaration)
    return Index(database, declaration, IndexWriter(declaration), PostgresSearch(database, declaration))


@pytest.fixture(params=ADAPTERS)
async def index(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Index]:
    declaration = declared(f"catalogue_{new_id().hex[-12:]}")
    await make_tables(database, declaration)
    if request.param == "postgres":
        yield Index(database, declaration, IndexWriter(declaration), PostgresSearch(database, declaration))
        return
    assert MEILISEARCH_URL is not None
    server = MeilisearchServer.at(MEILISEARCH_URL, os.environ.get("MEILISEARCH_KEY"), timeout_s=5)
    mirror = Mirror(server, declaration)
    search = MeilisearchSearch(server, declaration)
    yield Index(database, declaration, IndexWriter(declaration), search, mirror)
    await server.carry_out("DELETE", f"/indexes/{uid_of(declaration)}", allow=frozenset({"index_not_found"}))
    await server.close()
