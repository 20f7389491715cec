"""Background work of this service, each step a transaction."""

import structlog

from services.kit.clock import utcnow
from services.kit.db import Database, is_outside_fault
from services.kit.jobs import Job
from services.listing.adapters.store import SqlStore
from services.listing.application.lapse_rights import lapse_next
from services.listing.application.run_import import fail_import, run_chunk

log = structlog.get_logger()


async def import_step(database: Database) -> bool:
    """Work through one chunk of the import that has waited longest. False where none waits."""
    async with database.transaction() as session:
        import_id = await SqlStore(session).imports.next_waiting()
    if import_id is None:
        return False
    try:
        async with database.transaction() as session:
            await run_chunk(SqlStore(session), import_id, utcnow())
    except Exception as error:
        if is_outside_fault(error):
            raise
        # A chunk that cannot be done would come up again for ever and hold up the imports behind it.
        log.exception("import_failed", import_id=str(import_id))
        async with database.transaction() as session:
            await fail_import(SqlStore(session), import_id, utcnow())
    return True


async def lapse_step(database: Database) -> bool:
    """Withdraw what is offered of one right whose term is over. False where there is none."""
    async with database.transaction() as session:
        return await lapse_next(SqlStore(session), utcnow())


JOBS = (Job("imports", import_step), Job("lapses", lapse_step))
