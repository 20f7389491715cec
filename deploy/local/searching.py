"""Search of the hall: how its indexes are, and building them anew."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.local.home import Running
from deploy.services import build
from services.kit.search.index import Index
from services.kit.search.state import IndexState, state_of
from services.kit.service import Service
from services.kit.settings import Settings

# The services that have something to search.
SEARCHED = ("listing", "matching")


@dataclass(frozen=True)
class SearchStatus:
    service: str
    state: IndexState

    def as_json(self) -> dict[str, Any]:
        return {"service": self.service, **asdict(self.state)}


async def search_states(running: Running) -> list[SearchStatus]:
    states = []
    for name in SEARCHED:
        async with _index(running, name) as (service, index):
            states.append(SearchStatus(name, await state_of(index, service.database)))
    return states


async def rebuild(running: Running, console: Console) -> None:
    """Every index from what its service holds: the table in PostgreSQL, then Meilisearch where there is one.

    Searches go on meanwhile. Raises MeilisearchFailed, with what Meilisearch has untouched.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        for name in SEARCHED:
            async with _index(running, name) as (service, index):
                said = _says(bar, f"{index.declaration.name}: PostgreSQL")
                await index.builder.rebuild(service.database, said)
                if index.mirror is not None:
                    said = _says(bar, f"{index.declaration.name}: Meilisearch")
                    await index.mirror.rebuild(service.database, said)


def _says(bar: Progress, what: str) -> Callable[[int, int], None]:
    task = bar.add_task(what, total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


@asynccontextmanager
async def _index(running: Running, name: str) -> AsyncIterator[tuple[Service, Index]]:
    """The service as the hall that runs has it, with its index."""
    given = {"database_url": running.database_url, "pool_size": 2}
    if running.meilisearch_url:
        given |= {"meilisearch_url": running.meilisearch_url, "meilisearch_key": running.meilisearch_key}
    service = build(name, Settings.model_validate(given))
    assert service.index is not None
    try:
        yield service, service.index
    finally:
        await service.close()
