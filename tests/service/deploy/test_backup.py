"""Backups against everything that may befall them: services in databases of their own, damage, wrong places."""

import asyncio
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.progress import Progress
from sqlalchemy import func, insert, select, text, update

from deploy.local.backup import moment, programs, schemas
from deploy.local.backup.archive import Manifest
from deploy.local.backup.moment import one_moment
from deploy.local.backup.restore import restore
from deploy.local.backup.save import save
from deploy.local.child import CannotStart
from deploy.local.postgres import Postgres
from services.kit.clock import utcnow
from services.kit.db import Database
from services.kit.ids import new_id
from services.kit.outbox import rewound_never_while_sending
from services.kit.retention import clear_out, kept_by_every_service
from services.kit.settings import Settings
from services.kit.tables import inbox, outbox

# Three of the five are enough to see it, in two databases as a growing city may have them.
SERVICES = ("listing", "contract", "gateway")
SECRET = "the secret of this hall, long enough"
ServiceDatabase = Callable[..., Awaitable[Database]]
Found = dict[str, str]


def quietly() -> Progress:
    return Progress(disable=True)


@pytest.fixture
async def full(service_database: ServiceDatabase) -> Found:
    """Services with a few events each."""
    own, *shared = SERVICES
    found = {own: (await service_database(own)).url}
    found |= dict.fromkeys(shared, (await service_database(*shared)).url)
    for name, url in found.items():
        database = Database(url, name, pool_size=1)
        async with database.transaction() as session:
            await session.execute(insert(outbox), [event() for _ in range(3)])
            await session.execute(insert(inbox), [{"source": "/zayton/x", "event_id": str(new_id())}])
        await database.close()
    return found


@pytest.fixture
async def empty(postgres: Postgres) -> AsyncIterator[Found]:
    """One new database for all, as on another machine."""
    name = f"empty_{new_id().hex}"
    await postgres.ensure_database(name)
    yield dict.fromkeys(SERVICES, postgres.url(name))
    await postgres.drop_database(name)


def event(**changes: Any) -> dict[str, Any]:
    plain = {"event_id": new_id(), "topic": "t", "key": "k", "headers": {}, "payload": b"", "published_at": utcnow()}
    return plain | changes


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def saved(found: Found, folder: Path) -> Path:
    return (await save(found, folder / "saved.tar", SECRET, quietly())).path


async def bring_back(found: Found, file: Path, **options: Any) -> Manifest:
    settings = {"secrets": (SECRET,), "force": False, "new_secret": False} | options
    return await restore(found, file, progress=quietly(), **settings)


async def rows(found: Found) -> dict[str, dict[str, int]]:
    return {name: await schemas.rows_in(url, name) for name, url in found.items()}


async def test_services_of_several_databases_come_back_in_one(full: Found, empty: Found, tmp_path: Path) -> None:
    file = await saved(full, tmp_path)
    assert names_in(tmp_path) == ["saved.tar"]
    manifest = await bring_back(empty, file)
    assert await rows(empty) == await rows(full)
    assert sum(dump.total for dump in manifest.services.values()) >= 4 * len(SERVICES)
    # The checksums are such that anybody can check them by hand.
    with tarfile.open(file) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    check = await asyncio.create_subprocess_exec("sha256sum", "--check", "--quiet", "SHA256SUMS", cwd=tmp_path / "out")
    assert await check.wait() == 0


async def test_everything_retained_is_sent_again_and_no_event_id_is_forgotten_before(
    full: Found, empty: Found, tmp_path: Path, settings_for: Callable[..., Settings]
) -> None:
    """A backup of last spring: its event ids are older than they are kept for, its events would come again."""
    database = Database(full["contract"], "contract", pool_size=1)
    async with database.transaction() as session:
        await session.execute(update(inbox).values(processed_at=utcnow() - timedelta(days=200)))
        await session.execute(update(outbox).values(published_at=utcnow() - timedelta(days=200)))
    await database.close()
    await bring_back(empty, await saved(full, tmp_path))
    restored = Database(empty["contract"], "contract", pool_size=1)
    assert await clear_out(restored, kept_by_every_service(settings_for(restored))) == 0
    async with restored.transaction() as session:
        waiting = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
        assert (await session.execute(waiting)).scalar_one() == 3
        assert (await session.execute(select(func.count()).select_from(inbox))).scalar_one() == 1
    await restored.close()


@pytest.mark.parametrize("held", [True, False], ids=["relays held", "relays not held"])
async def test_nobody_knows_what_its_owner_does_not(
    service_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    """Facts go from one database to another as fast as they can, and many moments are taken meanwhile.

    Without the hold the same test finds moments in which the receiver is ahead: so it can fail.
    """
    sender, receiver = await service_database("listing"), await service_database("matching")
    found = {"listing": sender.url, "matching": receiver.url}
    if not held:
        monkeypatch.setattr(moment, "_HOLD", "SELECT $1::text")
        monkeypatch.setattr(moment, "_LET_GO", "SELECT $1::text")
        snapshot = moment._snapshot

        async def sender_first(opened: Any) -> moment.Snapshot:
            if opened[0] == receiver.url:
                await asyncio.sleep(0.02)
            return await snapshot(opened)

        monkeypatch.setattr(moment, "_snapshot", sender_first)

    async def carry() -> None:
        while True:
            identity = new_id()
            async with sender.transaction() as session:
                await session.execute(insert(outbox), [event(event_id=identity, published_at=None)])
            async with sender.transaction() as session:
                await rewound_never_while_sending(session)
                async with receiver.transaction() as other:
                    await other.execute(insert(inbox).values(source="/zayton/listing", event_id=str(identity)))
                await session.execute(update(outbox).values(published_at=func.now()))

    ahead = heard = 0
    carrying = asyncio.create_task(carry())
    for _ in range(12):
        async with one_moment(found) as snapshots:
            sent = await snapshots["listing"].connection.fetch("SELECT event_id::text FROM listing.outbox")
            known = await snapshots["matching"].connection.fetch("SELECT event_id FROM matching.inbox")
        ahead += len({row[0] for row in known} - {row[0] for row in sent})
        heard += len(known)
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    assert heard > 0
    assert (ahead == 0) is held


async def test_the_secret_has_to_be_the_same_or_is_given_up_on_purpose(
    full: Found, empty: Found, tmp_path: Path
) -> None:
    gateway = Database(full["gateway"], "gateway", pool_size=1)
    async with gateway.transaction() as session:
        key = "INSERT INTO signing_keys (kid, public_jwk, private_pem, signs_from) VALUES ('k', '{}', 'sealed', now())"
        await session.execute(text(key))
    await gateway.close()
    file = await saved(full, tmp_path)
    assert SECRET.encode() not in file.read_bytes()
    for secrets, said in ((), "There is no secret here"), (("another",), "is not the one"):
        with pytest.raises(CannotStart, match=said):
            await bring_back(empty, file, secrets=secrets)
    await bring_back(empty, file, secrets=("another", SECRET))
    assert (await rows(empty))["gateway"]["signing_keys"] == 1
    await bring_back(empty, file, secrets=(), new_secret=True, force=True)
    assert "signing_keys" not in (await rows(empty))["gateway"]


async def test_data_is_replaced_only_by_force(full: Found, tmp_path: Path) -> None:
    file = await saved(full, tmp_path)
    await add_events(full, 2)
    before = await rows(full)
    with pytest.raises(CannotStart, match=r"There is data already: 5 rows in \w+\.outbox.*--force"):
        await bring_back(full, file)
    assert await rows(full) == before
    await bring_back(full, file, force=True)
    assert {name: tables["outbox"] for name, tables in (await rows(full)).items()} == dict.fromkeys(SERVICES, 3)


async def add_events(found: Found, number: int) -> None:
    for name, url in found.items():
        database = Database(url, name, pool_size=1)
        async with database.transaction() as session:
            await session.execute(insert(outbox), [event() for _ in range(number)])
        await database.close()


async def test_a_restore_that_fails_half_way_leaves_what_was_there(
    full: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await saved(full, tmp_path)
    await add_events(full, 2)
    before = await rows(full)
    working = programs.restore

    async def fail_at_contract(url: str, dump: Path, on_table: Any) -> None:
        await working(url, dump, on_table)
        if dump.stem == "contract":
            raise CannotStart("the disk is full")

    monkeypatch.setattr(programs, "restore", fail_at_contract)
    with pytest.raises(CannotStart, match="disk is full"):
        await bring_back(full, file, force=True)
    assert await rows(full) == before
    assert not any([await schemas.is_broken_off(url) for url in set(full.values())])


async def test_a_restore_that_was_killed_is_seen_and_made_good(full: Found, tmp_path: Path) -> None:
    file = await saved(full, tmp_path)
    for url, names in moment.by_database(full).items():
        await schemas.set_aside(url, names)  # as far as a restore came that was killed with -9
    assert all([await schemas.is_broken_off(url) for url in set(full.values())])
    with pytest.raises(CannotStart, match="There is data already"):  # what waited aside is back
        await bring_back(full, file)
    assert (await rows(full))["listing"]["outbox"] == 3
    await bring_back(full, file, force=True)
    assert not any([await schemas.is_broken_off(url) for url in set(full.values())])


async def test_a_hall_that_runs_is_not_overwritten(full: Found, tmp_path: Path) -> None:
    file = await saved(full, tmp_path)
    at_work = Database(full["contract"], "contract", pool_size=1)
    await at_work.ping()
    with pytest.raises(CannotStart, match="Stop all its processes"):
        await bring_back(full, file, force=True)
    await at_work.close()


async def test_where_nothing_can_be_saved_it_says_so_and_leaves_nothing(
    full: Found, empty: Found, tmp_path: Path
) -> None:
    with pytest.raises(CannotStart, match="no folder"):
        await save(full, tmp_path / "nowhere" / "saved.tar", SECRET, quietly())
    (tmp_path / "there.tar").touch()
    with pytest.raises(CannotStart, match="never written over"):
        await save(full, tmp_path / "there.tar", SECRET, quietly())
    with pytest.raises(CannotStart, match="has no schema listing"):
        await save(empty, tmp_path, SECRET, quietly())
    assert names_in(tmp_path) == ["there.tar"]
