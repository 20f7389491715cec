"""The services of the hall by name: where their code lies, how they are built, migrated and asked to send again.

Libraries are imported when they are needed: a hall that starts brings up its servers meanwhile.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.kit.service import Service
    from services.kit.settings import Settings

SERVICES = ("listing", "matching", "contract", "notify")
GATEWAY = "gateway"
SCHEMAS = (*SERVICES, GATEWAY)


def package_of(name: str) -> str:
    return name if name == GATEWAY else f"services.{name}"


def build(name: str, settings: "Settings") -> "Service":
    """One of SERVICES, wired. The gateway, which is more than a service, has its own gateway.bootstrap.build."""
    service: Service = import_module(f"{package_of(name)}.bootstrap").build(settings)
    return service


def migrate(url: str, names: Sequence[str] = SCHEMAS) -> None:
    """Bring the schemas to their newest revision. Blocking."""
    from services.kit import migrations

    for name in names:
        migrations.upgrade(url, package_of(name))


async def resend_outboxes(url: str, names: Sequence[str] = SCHEMAS, since: datetime | None = None) -> int:
    """Let services send once more what their outboxes retain. Returns how many events that is."""
    return sum(await asyncio.gather(*(_resend(url, name, since) for name in names)))


async def _resend(url: str, name: str, since: datetime | None) -> int:
    from services.kit import outbox
    from services.kit.db import Database

    # A long outbox takes longer than a request may.
    database = Database(url, name, pool_size=1, statement_timeout_ms=600_000)
    try:
        return await outbox.resend(database, since)
    finally:
        await database.close()
