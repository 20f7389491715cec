"""The file of a backup: a tar of one dump per service, a manifest, and checksums that `sha256sum -c` understands."""

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from deploy.local.child import CannotStart

FORMAT = 1
MANIFEST, CHECKSUMS = "manifest.json", "SHA256SUMS"
_CHUNK = 1 << 20
Advance = Callable[[int], None]  # bytes done since the last call


class Unusable(CannotStart):
    """The file is no backup that can be restored here. The text says why and what to do."""


class ServiceDump(BaseModel):
    """One service's part: the revision of its schema, and how many rows each table has."""

    revision: str
    rows: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


class Manifest(BaseModel):
    """What a backup holds. `secret_check` tells whether a secret is the one its encrypted columns were written with."""

    format: int = FORMAT
    zayton: str
    postgres: str
    made_at: datetime
    secret_check: str | None
    services: dict[str, ServiceDump]


def dump_name(service: str) -> str:
    return f"{service}.dump"


@contextmanager
def writing(path: Path) -> Iterator["Writer"]:
    """A new archive, readable by its owner alone, that is there whole at the end of the block or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        with tarfile.open(unfinished, "w") as tar:
            writer = Writer(tar)
            yield writer
            writer.finish()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


class Writer:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._sums: dict[str, str] = {}

    def add(self, file: Path, name: str) -> None:
        self._sums[name] = _digest_of(file)
        self._tar.add(file, name, filter=_nobodys)

    def add_text(self, text: str, name: str, folder: Path) -> None:
        file = folder / name
        file.write_text(text, encoding="utf-8")
        self.add(file, name)
        self._folder = folder

    def finish(self) -> None:
        sums = self._folder / CHECKSUMS
        sums.write_text("".join(f"{digest}  {name}\n" for name, digest in self._sums.items()), encoding="utf-8")
        self._tar.add(sums, CHECKSUMS, filter=_nobodys)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whose files they were on this machine means nothing elsewhere."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def unpack(path: Path, folder: Path, advance: Advance) -> Manifest:
    """Check everything, and put it into `folder`. Raises Unusable where anything is missing, changed or not known."""
    try:
        found = _extract(path, folder, advance)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Unusable(f"{path} is no backup of Zayton, or not a whole one: {error}") from error
    if CHECKSUMS not in found or MANIFEST not in found:
        raise Unusable(f"{path} is no backup of Zayton, or its end is missing. Take another copy.")
    lines = [line.partition("  ") for line in (folder / CHECKSUMS).read_text().splitlines()]
    wrong = sorted(name for digest, _, name in lines if found.get(name) != digest)
    if wrong:
        raise Unusable(f"{path} is damaged: {', '.join(wrong)} is not what was saved. Take another copy.")
    return _manifest(path, (folder / MANIFEST).read_bytes(), found)


def _extract(path: Path, folder: Path, advance: Advance) -> dict[str, str]:
    """Digests by name. Only plain files at the top are taken: an archive may not write elsewhere."""
    found = {}
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is None or "/" in member.name or member.name.startswith("."):
                raise tarfile.TarError(f"{member.name!r} does not belong into a backup")
            digest = hashlib.sha256()
            with (folder / member.name).open("wb") as file:
                while chunk := content.read(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
                    advance(len(chunk))
            found[member.name] = digest.hexdigest()
    return found


def _manifest(path: Path, raw: bytes, found: dict[str, Any]) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as error:
        raise Unusable(f"{path} has a manifest that this version of Zayton does not understand: {error}") from error
    if manifest.format != FORMAT:
        raise Unusable(
            f"{path} is of backup format {manifest.format}, written by Zayton {manifest.zayton}; this version reads "
            f"format {FORMAT}. Restore it with that version."
        )
    if missing := [name for name in manifest.services if dump_name(name) not in found]:
        raise Unusable(f"{path} lacks the data of {', '.join(missing)}. Take another copy.")
    return manifest


def _digest_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
