"""Migrations of a small service of its own, run on a real PostgreSQL and judged one by one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.check_migrations import check
from services.kit.migrations import config
from tests.conftest import ServiceDatabase

ENV = """
from sqlalchemy import MetaData
from services.kit.migrations import run
run("pawnshop", MetaData())
"""
REVISION = """
from alembic import op
revision, down_revision = "{number:04}", {before!r}
{mark}
def upgrade() -> None:
    op.execute({statement!r})
"""


class Pawnshop:
    """A service with migrations and nothing else."""

    package = "pawnshop"

    def __init__(self, folder: Path) -> None:
        self._versions = folder / self.package / "migrations" / "versions"
        self._versions.mkdir(parents=True)
        (self._versions.parent / "env.py").write_text(ENV, encoding="utf-8")
        (folder / self.package / "__init__.py").touch()
        self._made = 0

    def revision(self, statement: str, mark: str = "") -> None:
        before = f"{self._made:04}" if self._made else None
        self._made += 1
        text = REVISION.format(number=self._made, before=before, statement=statement, mark=mark)
        (self._versions / f"{self._made:04}_step.py").write_text(text, encoding="utf-8")


@pytest.fixture
def pawnshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pawnshop]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Pawnshop(tmp_path)
    sys.modules.pop(Pawnshop.package, None)


async def lost(pawnshop: Pawnshop, service_database: ServiceDatabase) -> list[str]:
    database = await service_database("notify")  # any database will do
    found = await check(database.url, pawnshop.package)
    # Its models are none, so that tables and models differ is no news.
    return [each for each in found if "tables and migrations differ" not in each]


async def test_what_is_taken_away_is_refused_however_it_is_written(
    pawnshop: Pawnshop, service_database: ServiceDatabase
) -> None:
    pawnshop.revision("CREATE TABLE pawns (id bigint PRIMARY KEY, owner text, worth int)")
    pawnshop.revision("ALTER TABLE pawns ADD note text, ADD grade int NOT NULL DEFAULT 0")
    pawnshop.revision("DO $$ BEGIN EXECUTE 'ALTER TABLE pawns RENAME owner TO pawner'; END $$")
    pawnshop.revision("ALTER TABLE pawns ALTER worth TYPE text, ADD kept_at text NOT NULL")

    found = await lost(pawnshop, service_database)

    assert [line.split("\n")[0] for line in found] == [
        "pawnshop 0003_step.py: column pawns.owner is gone",
        "pawnshop 0004_step.py: column pawns.worth was integer and is text",
        "pawnshop 0004_step.py: column pawns.kept_at is new and must be given, which old code does not do",
    ]
    assert "contract_phase" in found[-1]


async def test_the_contract_phase_is_allowed_where_it_is_said(
    pawnshop: Pawnshop, service_database: ServiceDatabase
) -> None:
    pawnshop.revision("CREATE TABLE pawns (id bigint PRIMARY KEY, owner text)")
    pawnshop.revision("ALTER TABLE pawns DROP owner", mark='contract_phase = ("0.1.0", "owners are members now")')
    assert await lost(pawnshop, service_database) == []


async def test_each_revision_ran(pawnshop: Pawnshop, service_database: ServiceDatabase) -> None:
    pawnshop.revision("CREATE TABLE pawns (id bigint PRIMARY KEY)")
    database = await service_database("notify")
    await check(database.url, pawnshop.package)
    assert config(database.url, pawnshop.package).attributes["url"] == database.url
    async with database.engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT version_num FROM pawnshop.alembic_version")
        assert rows.scalars().all() == ["0001"]
