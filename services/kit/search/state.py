"""How an index is, for operators: who answers, what waits, what went wrong last."""

from dataclasses import dataclass

from sqlalchemy import MetaData, func, select

from services.kit.db import Database
from services.kit.search import table
from services.kit.search.index import Index
from services.kit.search.meilisearch import MeilisearchSearch, uid_of
from services.kit.search.meilisearch_server import MeilisearchFailed, MeilisearchServer
from services.kit.search.port import SearchQuery


@dataclass(frozen=True)
class IndexState:
    """`documents` can be found; `waiting` changes are not in Meilisearch yet, the oldest for `lag_s`. `error` is why
    Meilisearch does not answer, or else the last thing that it could not do; empty where there is none.
    """

    index: str
    documents: int
    is_filled: bool
    answered_by: str
    degraded: bool
    waiting: int
    lag_s: float
    error: str


async def state_of(index: Index, database: Database) -> IndexState:
    own = table.index_table(MetaData(), index.declaration)
    async with database.transaction() as session:
        statement = select(func.count()).select_from(own).where(own.c.document.is_not(None))
        documents = int(await session.scalar(statement) or 0)
    results = await index.search.search(SearchQuery(limit=1, highlight=False))
    waiting, lag_s = await index.mirror.measure(database) if index.mirror else (0, 0.0)
    return IndexState(
        index=index.declaration.name,
        documents=documents,
        is_filled=await index.builder.is_done(database),
        answered_by=results.answered_by,
        degraded=index.is_degraded(results),
        waiting=waiting,
        lag_s=lag_s,
        error=await _error(index, index.server) if index.server else "",
    )


async def _error(index: Index, server: MeilisearchServer) -> str:
    try:
        await MeilisearchSearch(server, index.declaration).search(SearchQuery(limit=1, highlight=False))
        uid = uid_of(index.declaration)
        failed = (await server.get(f"/tasks?statuses=failed&indexUids={uid},{uid}_new&limit=1"))["results"]
    except MeilisearchFailed as error:
        return str(error)
    return f"{failed[0]['finishedAt']} {failed[0]['error']['message']}" if failed else ""
