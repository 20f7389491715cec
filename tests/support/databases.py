"""New databases for tests, each a copy of a template whose migrations ran once in the session."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count

from sqlalchemy.engine import make_url

from deploy.local.postgres import Postgres
from services.kit import migrations
from services.kit.db import Database


def package_of(service: str) -> str:
    return service if service == "gateway" else f"services.{service}"


class Databases:
    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._templates: dict[tuple[str, ...], str] = {}
        self._numbers = count(1)
        self._maker = ThreadPoolExecutor(max_workers=1)
        self._next: dict[tuple[str, ...], Future[str]] = {}

    async def new(self, *services: str) -> Database:
        """A database with the schemas of `services`, opened as the first of them."""
        waiting = self._next.pop(services, None)
        if waiting is None or (waiting.done() and waiting.exception()):  # a test may have killed the server meanwhile
            waiting = self._make(services)
        name = await asyncio.wrap_future(waiting)
        # The next test of these services mostly comes soon: its database is made while this one runs.
        self._next[services] = self._make(services)
        return Database(self._server.url(name), services[0], pool_size=3)

    def _make(self, services: tuple[str, ...]) -> Future[str]:
        return self._maker.submit(lambda: asyncio.run(self._copy(services)))

    async def _copy(self, services: tuple[str, ...]) -> str:
        name = f"test_{next(self._numbers)}"
        await self._server.ensure_database(name, template=await self._template(services))
        return name

    async def drop(self, database: Database) -> None:
        name = make_url(database.url).database
        assert name
        await self._server.drop_database(name)

    async def _template(self, services: tuple[str, ...]) -> str:
        if services not in self._templates:
            name = "template_" + "_".join(services)
            # A migration that failed in an earlier test left half a template behind.
            await self._server.drop_database(name)
            await self._server.ensure_database(name)
            for service in services:
                await asyncio.to_thread(migrations.upgrade, self._server.url(name), package_of(service))
            self._templates[services] = name
        return self._templates[services]
