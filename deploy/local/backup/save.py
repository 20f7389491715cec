"""Write a backup."""

import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rich.progress import Progress

from deploy.local.backup import archive, programs, schemas
from deploy.local.backup.archive import Manifest, ServiceDump, dump_name
from deploy.local.backup.moment import Connection, Snapshot, one_moment
from deploy.local.backup.secret import check_of
from deploy.local.child import CannotStart
from deploy.local.databases import Databases
from deploy.services import GATEWAY
from services.kit.clock import utcnow


@dataclass(frozen=True)
class Saved:
    path: Path
    bytes: int
    rows: int
    manifest: Manifest


async def save(found: Databases, target: Path, secret: str | None, progress: Progress) -> Saved:
    """A backup of all services at one moment, while they go on working. `target` may be a folder.

    Without `secret` (accounts are kept elsewhere) nothing is encrypted. Raises CannotStart, and then nothing is left.
    """
    path = _file(target)
    # Beside the target, where there has to be room for the backup anyway.
    with tempfile.TemporaryDirectory(prefix=".zayton-backup-", dir=path.parent) as scratch:
        async with one_moment(found) as snapshots:
            made_at = utcnow()
            services = {name: await _described(name, each.connection) for name, each in snapshots.items()}
            bar = progress.add_task("Saving", total=sum(len(each.rows) for each in services.values()))
            with archive.writing(path) as writer:
                for name, snapshot in snapshots.items():
                    progress.update(bar, description=f"Saving {name}")
                    await _dump(name, snapshot, Path(scratch), writer, lambda _table: progress.advance(bar))
                manifest = Manifest(
                    zayton=metadata.version("zayton"),
                    postgres=await snapshots[GATEWAY].connection.fetchval("SHOW server_version"),
                    made_at=made_at,
                    secret_check=check_of(secret) if secret else None,
                    services=services,
                )
                writer.add_text(manifest.model_dump_json(indent=2), archive.MANIFEST, Path(scratch))
            progress.update(bar, description="Saved", completed=progress.tasks[bar].total)
    return Saved(path, path.stat().st_size, sum(each.total for each in services.values()), manifest)


def _file(target: Path) -> Path:
    if target.is_dir():
        return target / f"zayton-{utcnow():%Y%m%dT%H%M%SZ}.tar"
    if not target.parent.is_dir():
        raise CannotStart(f"There is no folder {target.parent} to put a backup into.")
    if target.exists():
        raise CannotStart(f"{target} exists. Name another file, or a folder; backups are never written over.")
    return target


async def _described(service: str, connection: Connection) -> ServiceDump:
    revision = await schemas.revision_of(connection, service)
    if revision is None:
        raise CannotStart(f"The database of {service} has no schema {service}. Is this the database of the hall?")
    return ServiceDump(revision=revision, rows=await schemas.rows_of(connection, service))


async def _dump(
    service: str, snapshot: Snapshot, scratch: Path, writer: archive.Writer, on_table: programs.OnTable
) -> None:
    file = scratch / dump_name(service)
    await programs.dump(snapshot.url, service, snapshot.snapshot, file, on_table)
    writer.add(file, file.name)
    file.unlink()
