"""An index as a service runs it, wired: what answers, and the jobs that keep it true."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.kit.db import Database
from services.kit.jobs import Job
from services.kit.search.builder import Builder, Source
from services.kit.search.declaration import IndexDeclaration
from services.kit.search.fallback import FallbackSearch
from services.kit.search.meilisearch import NAME as MEILISEARCH
from services.kit.search.meilisearch import MeilisearchSearch
from services.kit.search.meilisearch_server import MeilisearchServer
from services.kit.search.mirror import Mirror
from services.kit.search.port import Results, Search
from services.kit.search.postgres import PostgresSearch
from services.kit.settings import Settings


@dataclass(frozen=True)
class Index:
    """Searches are answered by Meilisearch where the settings name one and it answers, else by PostgreSQL."""

    declaration: IndexDeclaration
    search: Search
    builder: Builder
    mirror: Mirror | None = None
    server: MeilisearchServer | None = None

    @classmethod
    def of(cls, settings: Settings, database: Database, declaration: IndexDeclaration, source: Source) -> "Index":
        server = server_of(settings)
        postgres, builder = PostgresSearch(database, declaration), Builder(declaration, source)
        if server is None:
            return cls(declaration, postgres, builder)
        search = FallbackSearch(declaration.name, MeilisearchSearch(server, declaration), postgres)
        return cls(declaration, search, builder, Mirror(server, declaration), server)

    @property
    def jobs(self) -> Sequence[Job]:
        filling = Job(f"fill {self.declaration.name}", self.builder.step)
        if self.mirror is None:
            return [filling]
        return [filling, Job(f"mirror {self.declaration.name}", self.mirror.step)]

    def is_degraded(self, results: Results) -> bool:
        """Whether another answered than the one whose task it is."""
        return self.server is not None and results.answered_by != MEILISEARCH

    async def close(self) -> None:
        if self.server is not None:
            await self.server.close()


def server_of(settings: Settings) -> MeilisearchServer | None:
    if settings.meilisearch_url is None:
        return None
    key = settings.meilisearch_key.get_secret_value() if settings.meilisearch_key else None
    return MeilisearchServer.at(settings.meilisearch_url, key)
