from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.listing.adapters.rows import import_of, import_row
from services.listing.adapters.tables import FINDINGS, IMPORT_ROWS, ImportRecord, ImportRowRecord
from services.listing.domain.imports.progress import Finding, Import, ImportState

_WAITING = (ImportState.QUEUED, ImportState.RUNNING)


class SqlImports:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, this: Import) -> None:
        await self._session.execute(insert(ImportRecord).values(import_row(this) | {"stepped_at": this.created_at}))

    async def save(self, this: Import) -> None:
        values = import_row(this) | {"stepped_at": func.clock_timestamp()}
        await self._session.execute(update(ImportRecord).where(ImportRecord.import_id == this.import_id).values(values))

    async def add_rows(self, import_id: UUID, rows: Sequence[tuple[int, bytes]]) -> None:
        values = [{"import_id": import_id, "row": row, "line": line} for row, line in rows]
        await self._session.execute(insert(IMPORT_ROWS), values)

    async def next_waiting(self) -> UUID | None:
        statement = select(ImportRecord.import_id).where(ImportRecord.state.in_(_WAITING))
        return await self._session.scalar(statement.order_by(ImportRecord.stepped_at).limit(1))

    async def lock(self, import_id: UUID) -> Import | None:
        statement = select(ImportRecord).where(ImportRecord.import_id == import_id).with_for_update()
        record = await self._session.scalar(statement, execution_options={"populate_existing": True})
        return None if record is None else import_of(record)

    async def take_rows(self, import_id: UUID, limit: int) -> list[tuple[int, bytes]]:
        mine = ImportRowRecord.import_id == import_id
        next_rows = select(ImportRowRecord.row).where(mine).order_by(ImportRowRecord.row).limit(limit)
        statement = (
            delete(ImportRowRecord)
            .where(mine, ImportRowRecord.row.in_(next_rows.scalar_subquery()))
            .returning(ImportRowRecord.row, ImportRowRecord.line)
            .execution_options(synchronize_session=False)
        )
        return sorted((row, line) for row, line in await self._session.execute(statement))

    async def add_findings(self, import_id: UUID, findings: Sequence[Finding]) -> None:
        if not findings:
            return
        ordinals: Counter[int] = Counter()
        rows = []
        for finding in findings:
            rows.append(_finding_row(import_id, finding, ordinals[finding.row]))
            ordinals[finding.row] += 1
        await self._session.execute(insert(FINDINGS), rows)


def _finding_row(import_id: UUID, finding: Finding, ordinal: int) -> dict[str, object]:
    fault = finding.fault
    return {
        "import_id": import_id,
        "row": finding.row,
        "ordinal": ordinal,
        "severity": finding.severity,
        "problem": finding.problem,
        "pointer": fault.pointer,
        "code": fault.code,
        "position": fault.position,
        "params": fault.params,
        "rule": finding.rule,
        "article": finding.article,
    }
