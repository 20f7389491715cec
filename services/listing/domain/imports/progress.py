"""An import: a sheet of rows that is worked through in chunks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.kit.problems import FieldError


class ImportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class Severity(StrEnum):
    ERROR = "error"  # the row was rejected
    WARNING = "warning"  # it was taken, with this remark


@dataclass(frozen=True)
class Finding:
    """What is to be said of a row. `row` is its line in the sheet, from 1."""

    row: int
    severity: Severity
    problem: str
    fault: FieldError
    rule: str | None = None
    article: str | None = None


@dataclass(frozen=True)
class Import:
    import_id: UUID
    organisation_id: UUID
    organisation_name: str
    requested_by: UUID
    publish: bool
    rows: int
    created_at: datetime
    state: ImportState = ImportState.QUEUED
    done: int = 0
    accepted: int = 0
    rejected: int = 0
    published: int = 0
    finished_at: datetime | None = None
    version: int = 1

    def received(self, rows: int) -> "Import":
        return replace(self, rows=rows)

    def advanced(self, *, accepted: int, rejected: int, published: int, now: datetime) -> "Import":
        done = self.done + accepted + rejected
        finished = done >= self.rows
        return replace(
            self,
            state=ImportState.FINISHED if finished else ImportState.RUNNING,
            done=done,
            accepted=self.accepted + accepted,
            rejected=self.rejected + rejected,
            published=self.published + published,
            finished_at=now if finished else None,
            version=self.version + 1,
        )

    def failed(self, now: datetime) -> "Import":
        return replace(self, state=ImportState.FAILED, finished_at=now, version=self.version + 1)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.rows if self.rows else 100


def findings_of(row: int, severity: Severity, problem: str, faults: Sequence[FieldError]) -> list[Finding]:
    return [Finding(row, severity, problem, fault) for fault in faults]
