"""What must be there before a release of the hall runs: `python -m deploy.prepare schemas|topics|wait …`.

    schemas   bring the schema of every service to this release's revision
    topics    make the topics that are missing, with the partitions that proto/topics asks for
    wait      until every schema is as new as this release, or newer: after a roll-back old code meets newer tables

Several are done in the order given. `schemas` and `topics` are safe to repeat, and wait for a server that is away;
each gives up after --within seconds. Settings come from the environment, as for every process.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import cast

import asyncpg
import structlog
from aiokafka.errors import KafkaError
from alembic.script import ScriptDirectory

from deploy.local.topics import ensure_topics
from deploy.services import SCHEMAS, migrate, package_of
from services.kit import migrations, telemetry
from services.kit.db import is_outside_fault
from services.kit.settings import Settings

log = structlog.get_logger()
PAUSE_S = 2.0


class NotYet(Exception):
    """Something is not there yet that somebody else brings about."""


async def schemas(settings: Settings) -> None:
    await asyncio.to_thread(migrate, settings.database_url.get_secret_value())
    log.info("schemas_are_ready")


async def topics(settings: Settings) -> None:
    made = await ensure_topics(settings.kafka_bootstrap_servers)
    log.info("topics_are_ready", made=made)


async def wait(settings: Settings) -> None:
    url = settings.database_url.get_secret_value()
    behind = [name for name in SCHEMAS if await _is_behind(url, name)]
    if behind:
        raise NotYet(f"not migrated yet: {', '.join(behind)}")


async def _is_behind(url: str, name: str) -> bool:
    """Whether a schema lacks something that this release needs. A revision that it does not know is a newer one."""
    script = ScriptDirectory.from_config(migrations.config(url, package_of(name)))
    known = {each.revision for each in script.walk_revisions()}
    there = await _revision(url, name)
    return there is None or (there in known and there != script.get_current_head())


async def _revision(url: str, schema: str) -> str | None:
    connection = await asyncpg.connect(url, timeout=10, server_settings={"search_path": schema})
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        return cast("str | None", await connection.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await connection.close()


STEPS: dict[str, Callable[[Settings], Awaitable[None]]] = {"schemas": schemas, "topics": topics, "wait": wait}


async def prepare(settings: Settings, names: list[str], within_s: float) -> None:
    """Raises TimeoutError where a server was not there in time, and whatever is wrong beyond that at once."""
    for name in names:
        async with asyncio.timeout(within_s):
            await _until_done(name, settings)


async def _until_done(name: str, settings: Settings) -> None:
    while True:
        try:
            await STEPS[name](settings)
        except Exception as error:
            if not (isinstance(error, NotYet | KafkaError) or is_outside_fault(error)):
                raise
            log.info("not_ready_yet", step=name, reason=str(error) or repr(error))
            await asyncio.sleep(PAUSE_S)
        else:
            return


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.prepare", description="Prepare servers for this release.")
    parser.add_argument("steps", nargs="+", choices=STEPS)
    parser.add_argument("--within", type=float, default=600, help="seconds for each step (default: %(default)s)")
    given = parser.parse_args()
    settings = Settings()
    telemetry.configure(settings, "prepare")
    try:
        asyncio.run(prepare(settings, given.steps, given.within))
    except TimeoutError:
        sys.exit(f"Not ready within {given.within:.0f} seconds; the last line of the log says what is missing.")


if __name__ == "__main__":
    main()
