"""What a service's bootstrap builds: everything its two processes need, wired."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI

from services.kit.db import Database
from services.kit.inbox import Handlers
from services.kit.jobs import Job
from services.kit.timers import Timers


@dataclass
class Service:
    name: str
    database: Database
    app: FastAPI
    handlers: Handlers = field(default_factory=Handlers)
    timers: Timers = field(default_factory=Timers)
    jobs: Sequence[Job] = ()

    async def close(self) -> None:
        await self.database.close()
