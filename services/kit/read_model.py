"""A service's own copy of what others own, fed by their events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase


async def upsert_newer(
    session: AsyncSession, model: type[DeclarativeBase], rows: Sequence[dict[str, Any]], *, key: Sequence[str]
) -> list[Any]:
    """Write rows that carry `aggregate_version`, dropping each that is not newer than what is there.

    Of several rows with one key in the call only the newest is kept: one statement may not touch a row twice.
    Returns the first key column of each row that was written.
    """
    newest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        identity = tuple(row[name] for name in key)
        if identity not in newest or row["aggregate_version"] >= newest[identity]["aggregate_version"]:
            newest[identity] = row
    if not newest:
        return []
    table = model.__table__
    assert isinstance(table, Table)
    # Sorted, so that two consumers writing the same rows take their locks in the same order.
    statement = insert(table).values([newest[identity] for identity in sorted(newest, key=str)])
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    statement = statement.on_conflict_do_update(
        index_elements=[table.c[name] for name in key],
        set_=changed,
        where=table.c.aggregate_version < statement.excluded.aggregate_version,
    )
    return list((await session.execute(statement.returning(table.c[key[0]]))).scalars())
