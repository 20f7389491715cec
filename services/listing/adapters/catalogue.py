"""What the lists show: reading only, one page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.web import Paging, paginate
from services.listing.adapters.rights import whole_rights
from services.listing.adapters.rows import import_of, listing_of
from services.listing.adapters.tables import FindingRecord, ImportRecord, ListingRecord, RightRecord
from services.listing.domain.imports.progress import Import, Severity
from services.listing.domain.listings import OPEN, Listing
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import ListingStatus, RightKind

Listed = tuple[Listing, Right]


@dataclass(frozen=True)
class ListingFilter:
    """What a reader looks for. `q` is looked for in title, summary, number and the organisation's name."""

    status: ListingStatus | None = None
    kind: RightKind | None = None
    ipc_section: str | None = None
    organisation_id: UUID | None = None
    q: str | None = None


async def listings_page(
    session: AsyncSession, wanted: ListingFilter, paging: Paging, *, reader: UUID | None
) -> tuple[list[Listed], str | None]:
    """Newest first. Everyone sees open listings; a reader sees all of the own organisation when asking for it."""
    statement = select(ListingRecord).join(RightRecord, RightRecord.right_id == ListingRecord.right_id)
    if wanted.organisation_id is None or wanted.organisation_id != reader:
        statement = statement.where(ListingRecord.status.in_(OPEN))
    records, cursor = await paginate(session, _filtered(statement, wanted), paging, sort=[ListingRecord.listing_id])
    return await with_rights(session, records), cursor


async def listing_states(session: AsyncSession, organisation_id: UUID) -> dict[str, int]:
    """How many of an organisation's listings are in each state."""
    statement = select(ListingRecord.status, func.count()).where(ListingRecord.organisation_id == organisation_id)
    return dict((await session.execute(statement.group_by(ListingRecord.status))).all())


def _filtered(statement: Select[Any], wanted: ListingFilter) -> Select[Any]:
    if wanted.organisation_id is not None:
        statement = statement.where(ListingRecord.organisation_id == wanted.organisation_id)
    if wanted.status is not None:
        statement = statement.where(ListingRecord.status == wanted.status)
    if wanted.kind is not None:
        statement = statement.where(RightRecord.kind == wanted.kind)
    if wanted.ipc_section is not None:
        # Canonical symbols start with their section.
        symbols = func.array_to_string(RightRecord.ipc, ",")
        statement = statement.where(symbols.regexp_match(f"(^|,){wanted.ipc_section}"))
    if wanted.q:
        fields = (RightRecord.title, ListingRecord.summary, RightRecord.number, ListingRecord.organisation_name)
        statement = statement.where(or_(*[field.icontains(wanted.q, autoescape=True) for field in fields]))
    return statement


async def with_rights(session: AsyncSession, records: Sequence[ListingRecord]) -> list[Listed]:
    statement = select(RightRecord).where(RightRecord.right_id.in_([record.right_id for record in records]))
    rights = await whole_rights(session, list(await session.scalars(statement)))
    return [(listing_of(record), rights[record.right_id]) for record in records]


async def rights_page(
    session: AsyncSession, organisation_id: UUID | None, paging: Paging
) -> tuple[list[Right], str | None]:
    """Newest first; of all organisations where none is given."""
    statement = select(RightRecord)
    if organisation_id is not None:
        statement = statement.where(RightRecord.organisation_id == organisation_id)
    records, cursor = await paginate(session, statement, paging, sort=[RightRecord.right_id])
    rights = await whole_rights(session, records)
    return [rights[record.right_id] for record in records], cursor


async def imports_page(session: AsyncSession, organisation_id: UUID, paging: Paging) -> tuple[list[Import], str | None]:
    statement = select(ImportRecord).where(ImportRecord.organisation_id == organisation_id)
    records, cursor = await paginate(session, statement, paging, sort=[ImportRecord.import_id])
    return [import_of(record) for record in records], cursor


async def find_import(session: AsyncSession, import_id: UUID) -> Import | None:
    record = await session.get(ImportRecord, import_id)
    return None if record is None else import_of(record)


async def findings_page(
    session: AsyncSession, import_id: UUID, severity: Severity | None, paging: Paging
) -> tuple[list[FindingRecord], str | None]:
    """By row of the sheet."""
    statement = select(FindingRecord).where(FindingRecord.import_id == import_id)
    if severity is not None:
        statement = statement.where(FindingRecord.severity == severity)
    sort = [FindingRecord.row, FindingRecord.ordinal]
    return await paginate(session, statement, paging, sort=sort, descending=False)
