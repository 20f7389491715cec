"""The file of a backup: what is damaged, cut off, foreign or too new is told apart before anything is touched."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.backup.archive import MANIFEST, Manifest, ServiceDump, Unusable, dump_name, unpack, writing
from deploy.local.backup.restore import _check_revisions
from deploy.local.backup.secret import check_of, is_secret_of
from deploy.services import SCHEMAS, package_of
from services.kit.clock import utcnow
from services.kit.migrations import head

REVISIONS = {name: head(package_of(name)) for name in SCHEMAS}


def manifest(**changes: Any) -> dict[str, Any]:
    services = {name: ServiceDump(revision=revision, rows={"outbox": 3}) for name, revision in REVISIONS.items()}
    plain = Manifest(zayton="0.1.0", postgres="18.6", made_at=utcnow(), secret_check=None, services=services)
    return plain.model_dump(mode="json") | changes


def backup(folder: Path, content: dict[str, Any] | None = None) -> Path:
    file = folder / "saved.tar"
    with writing(file) as archive:
        for name in SCHEMAS:
            dump = folder / dump_name(name)
            dump.write_bytes(f"PGDMP {name} ".encode() * 500)
            archive.add(dump, dump.name)
        archive.add_text(json.dumps(manifest() if content is None else content), MANIFEST, folder)
    return file


def unpacked(file: Path, folder: Path) -> Manifest:
    (folder / "out").mkdir()
    return unpack(file, folder / "out", lambda _size: None)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = backup(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "saved.tar.unfinished").exists()
    found = unpacked(file, tmp_path)
    assert list(found.services) == list(SCHEMAS)
    _check_revisions(found)
    assert (tmp_path / "out" / "notify.dump").read_bytes() == (tmp_path / "notify.dump").read_bytes()


def flip(content: bytes) -> bytes:
    middle = content.find(b"PGDMP listing") + 700
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip, "is damaged: listing.dump"),
        (lambda content: content[: len(content) * 2 // 3], "no backup of Zayton, or"),
        (lambda _: b"", "no backup"),
        (lambda _: b"PK\x03\x04 something else", "no backup"),
    ],
    ids=["a bit", "cut off", "empty", "another file"],
)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes], said: str) -> None:
    file = backup(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(Unusable, match=said):
        unpacked(file, tmp_path)


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "folder/outside", ".hidden"])
def test_a_file_writes_nowhere_else(tmp_path: Path, name: str) -> None:
    file = tmp_path / "evil.tar"
    with tarfile.open(file, "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(Unusable, match="does not belong"):
        unpacked(file, tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (manifest(format=9, zayton="7.0"), "format 9, written by Zayton 7.0"),
        (manifest(services={"auction": {"revision": "1", "rows": {}}}), "lacks the data of auction"),
        ({"a": "b"}, "does not understand"),
    ],
    ids=["format", "service", "nonsense"],
)
def test_a_backup_of_another_version_is_told_apart(tmp_path: Path, content: dict[str, Any], said: str) -> None:
    with pytest.raises(Unusable, match=said):
        unpacked(backup(tmp_path, content), tmp_path)


def test_a_schema_of_a_newer_version_is_refused() -> None:
    newer = Manifest.model_validate(manifest())
    newer.services["contract"].revision = "from the future"
    with pytest.raises(Unusable, match=r"newer than this one: the schemas of contract"):
        _check_revisions(newer)


def test_a_block_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with writing(tmp_path / "half.tar"):
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_secret_is_known_again_and_not_told() -> None:
    check = check_of("a secret of this hall")
    assert is_secret_of(check, "a secret of this hall")
    assert not is_secret_of(check, "another")
    assert "secret" not in check
    assert check != check_of("a secret of this hall")
