"""What a service's bootstrap builds: everything its two processes need, wired."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI

from services.kit.db import Database
from services.kit.inbox import Handlers
from services.kit.jobs import Job
from services.kit.search.index import Index
from services.kit.timers import Timers


@dataclass
class Service:
    name: str
    database: Database
    app: FastAPI
    handlers: Handlers = field(default_factory=Handlers)
    timers: Timers = field(default_factory=Timers)
    jobs: Sequence[Job] = ()
    index: Index | None = None  # what of this service can be searched

    async def close(self) -> None:
        if self.index is not None:
            await self.index.close()
        await self.database.close()
