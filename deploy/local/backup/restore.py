"""Bring a backup back: everything of it, or nothing."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.progress import Progress

from deploy.local.backup import programs, schemas
from deploy.local.backup.archive import Manifest, Unusable, dump_name, unpack
from deploy.local.backup.moment import by_database
from deploy.local.backup.secret import is_secret_of
from deploy.local.child import CannotStart
from deploy.local.databases import Databases
from deploy.services import GATEWAY, package_of
from services.kit import migrations

_MOST_SHOWN = 3


async def restore(
    found: Databases, path: Path, secrets: Sequence[str], progress: Progress, *, force: bool, new_secret: bool
) -> Manifest:
    """Put a backup into the databases of the services, which may be others than it was taken from.

    With `force` what is there is replaced. With `new_secret` what the backup's secret encrypted is given up: signing
    keys are made anew. Raises CannotStart, and then the databases are as they were.
    """
    # Beside the backup: there was room for it.
    with tempfile.TemporaryDirectory(prefix="zayton-restore-") as folder:
        manifest = await asyncio.to_thread(_checked, path, Path(folder), progress)
        _check_revisions(manifest)
        forget_keys = _check_secret(manifest, secrets, new_secret=new_secret)
        await _check_target(found, force=force)
        try:
            await _bring_in(found, manifest, Path(folder), progress)
            for name, url in found.items():
                await asyncio.to_thread(migrations.upgrade, url, package_of(name))
                await schemas.as_if_from_now(url, name)
            if forget_keys:
                await schemas.forget_signing_keys(found[GATEWAY])
        except BaseException:
            await asyncio.shield(_put_back(found))
            raise
        for url, names in by_database(found).items():
            await schemas.finish(url, names)
            await schemas.analyse(url)
    return manifest


def _checked(path: Path, folder: Path, progress: Progress) -> Manifest:
    size = path.stat().st_size
    bar = progress.add_task("Checking the backup", total=size)
    manifest = unpack(path, folder, lambda done: progress.advance(bar, done))
    progress.update(bar, completed=size)
    return manifest


def _check_revisions(manifest: Manifest) -> None:
    unknown = [
        name for name, dump in manifest.services.items() if not migrations.knows(package_of(name), dump.revision)
    ]
    if unknown:
        raise Unusable(
            f"The backup was written by Zayton {manifest.zayton}, which is newer than this one: the schemas of "
            f"{', '.join(unknown)} are not known here. Install that version, or a later one, and restore again."
        )


def _check_secret(manifest: Manifest, secrets: Sequence[str], *, new_secret: bool) -> bool:
    """Whether what is encrypted has to be given up."""
    check = manifest.secret_check
    if check is None or any(is_secret_of(check, secret) for secret in secrets):
        return False
    if new_secret:
        return True
    what = "The secret here is not the one" if secrets else "There is no secret here"
    raise CannotStart(
        f"{what} that the backup's signing keys are encrypted with. Put the file secret_key of the old hall into "
        "ZAYTON_HOME, or set ZAYTON_SECRET_KEY; if it is lost, restore with --new-secret: signing keys are then made "
        "anew, and everybody has to renew their session once."
    )


async def _check_target(found: Databases, *, force: bool) -> None:
    await _put_back(found)  # what an earlier restore that was broken off left
    for url, names in by_database(found).items():
        if await schemas.in_use(url, names):
            raise CannotStart("The hall runs on this database. Stop all its processes first.")
    there = {name: rows for name, url in found.items() if (rows := await schemas.rows_in(url, name))}
    if there and not force:
        raise CannotStart(
            f"There is data already: {_summary(there)}. Restore into an empty place (another ZAYTON_HOME or "
            "DATABASE_URL), or replace what is there with --force; take a backup of it first."
        )


def _summary(there: Mapping[str, Mapping[str, int]]) -> str:
    rows = [(count, f"{name}.{table}") for name, tables in there.items() for table, count in tables.items()]
    return ", ".join(f"{count} rows in {table}" for count, table in sorted(rows, reverse=True)[:_MOST_SHOWN])


async def _bring_in(found: Databases, manifest: Manifest, folder: Path, progress: Progress) -> None:
    bar = progress.add_task("Restoring", total=sum(len(each.rows) for each in manifest.services.values()))
    for url, names in by_database(found).items():
        await schemas.set_aside(url, names)
    for name, dump in manifest.services.items():
        progress.update(bar, description=f"Restoring {name}")
        await programs.restore(found[name], folder / dump_name(name), lambda _table: progress.advance(bar))
        expected = {table: count for table, count in dump.rows.items() if count}
        if (got := await schemas.rows_in(found[name], name)) != expected:
            raise CannotStart(f"{name} has {got} after the restore, and should have {expected}.")
    progress.update(bar, description="Restored", completed=progress.tasks[bar].total)


async def _put_back(found: Databases) -> None:
    for url, names in by_database(found).items():
        await schemas.put_back(url, names)
