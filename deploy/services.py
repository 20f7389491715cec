"""The services of the hall by name: where their code lies, how they are built, migrated and asked to send again.

Libraries are imported when they are needed: a hall that starts brings up its servers meanwhile.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
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


@asynccontextmanager
async def resending_outboxes(
    url: str, names: Sequence[str] = SCHEMAS, since: datetime | None = None
) -> AsyncIterator[int]:
    """Let services send once more what their outboxes retain, after the block, and nothing during it.

    Yields how many events that is.
    """
    from services.kit import outbox
    from services.kit.db import Database

    async with AsyncExitStack() as stack:
        resent = 0
        for name in names:
            # A long outbox takes longer than a request may.
            database = Database(url, name, pool_size=1, statement_timeout_ms=600_000)
            stack.push_async_callback(database.close)
            resent += await stack.enter_async_context(outbox.resending(database, since))
        yield resent


async def resend_outboxes(url: str, names: Sequence[str] = SCHEMAS, since: datetime | None = None) -> int:
    """Let services send once more what their outboxes retain. Returns how many events that is."""
    async with resending_outboxes(url, names, since) as resent:
        return resent
