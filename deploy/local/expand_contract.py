"""Whether a migration takes away what the release before it still uses: a column, its type, its freedom to be left out.

While a release is rolled out, old and new code run on one schema. So a revision may only add (expand). What nobody uses
any more goes with a later release (contract), in a revision that says so:

    contract_phase = ("0.2.0", "deals.memo moved to deals.note; nothing has read or written it since")

The version is the release that stopped using it. Revisions are judged by what the tables are before and after them, not
by how they are written. Constraints are not looked at: whether old rows and old code keep to a new one, only a person
who knows both can tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType

import asyncpg
from packaging.version import InvalidVersion, Version

MARK = "contract_phase"


@dataclass(frozen=True)
class Column:
    type: str
    needed: bool  # NOT NULL, and nothing fills it where an INSERT leaves it out
    nullable: bool


Columns = Mapping[tuple[str, str], Column]  # (table, column) → what it is

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS needed
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
"""


async def columns(url: str, schema: str) -> Columns:
    """Every column of a schema's tables and views; none where there is no such schema."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(_COLUMNS, schema)
    finally:
        await connection.close()
    return {
        (row["relname"], row["attname"]): Column(row["type"], needed=row["needed"], nullable=row["nullable"])
        for row in rows
    }


def taken_away(before: Columns, after: Columns) -> list[str]:
    """What code written for `before` can no longer do, one line each."""
    return [*_changes(before, after), *_additions(before, after)]


def _changes(before: Columns, after: Columns) -> list[str]:
    left = {table for table, _ in after}
    found = [f"table {table} is gone" for table in sorted({table for table, _ in before} - left)]
    for (table, name), old in sorted(before.items()):
        new = after.get((table, name))
        if new is None and table in left:
            found.append(f"column {table}.{name} is gone")
        if new is not None and new.type != old.type:
            found.append(f"column {table}.{name} was {old.type} and is {new.type}")
        if new is not None and old.nullable and not new.nullable:
            found.append(f"column {table}.{name} takes no NULL any more")
        elif new is not None and new.needed and not old.needed:
            found.append(f"column {table}.{name} has lost its default")
    return found


def _additions(before: Columns, after: Columns) -> list[str]:
    known = {table for table, _ in before}
    return [
        f"column {table}.{name} is new and must be given, which old code does not do"
        for (table, name), column in sorted(after.items())
        if column.needed and table in known and (table, name) not in before
    ]


def verdict(revision: ModuleType, lost: list[str]) -> list[str]:
    """What is wrong with a revision that takes these things away, one line each; nothing where it may."""
    mark = getattr(revision, MARK, None)
    if mark is None:
        return lost
    try:
        version, reason = mark
        stopped = Version(version)
    except (TypeError, ValueError, InvalidVersion):
        return [f'{MARK} must be a release and a reason, such as ("0.2.0", "nobody reads it since"), not {mark!r}']
    if not (isinstance(reason, str) and reason.strip()):
        return [f"{MARK} gives no reason"]
    if not lost:
        return [f"{MARK} is said, but nothing is taken away"]
    ours = metadata.version("zayton")
    if stopped > Version(ours):
        return [f"{MARK} names release {stopped}, which is still to come: this is {ours}"]
    return []
