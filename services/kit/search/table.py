"""An index as a table in the service's own schema, which the service's migrations make.

A row is narrow where it is looked at: terms and document are kept out of line (TOAST), so that counting facets of
100,000 hits reads 40 MB, not 800. A removed document stays as a bare row with its version, so that what was said of it
before cannot bring it back.
"""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, MetaData, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from services.kit.search.declaration import IndexDeclaration

# The smallest PostgreSQL takes: all that can go out of line does.
TOAST_TARGET = 128
# Lexemes whose frequency ANALYZE remembers, by hundreds: those in one of 200 documents or more.
STATISTICS_TARGET = 500


def index_table(metadata: MetaData, declaration: IndexDeclaration) -> Table:
    """The table of an index: `search_<name>`. Its migration also runs each of `storage_statements`."""
    name = f"search_{declaration.name}"
    return Table(
        name,
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("aggregate_version", BigInteger, nullable=False),
        Column("terms", TSVECTOR),
        Column("headline_terms", TSVECTOR),
        Column("headline_length", Integer, nullable=False, server_default="0"),
        Column("facets", ARRAY(BigInteger)),
        Column("document", JSONB(none_as_null=True)),
        *(Column(range_name, BigInteger) for range_name in declaration.ranges),
        # A pending list would be searched one by one until the next vacuum.
        Index(f"ix_{name}_terms", "terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index(
            f"ix_{name}_headline_terms", "headline_terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"}
        ),
        Index(f"ix_{name}_newest", text("id DESC"), postgresql_where=text("document IS NOT NULL")),
    )


def word_table(metadata: MetaData, declaration: IndexDeclaration) -> Table:
    """The words of an index's texts, `search_<name>_words`, found by what is left of them without one letter."""
    name = f"search_{declaration.name}_words"
    return Table(
        name,
        metadata,
        Column("word", Text, primary_key=True),
        Column("deletions", ARRAY(Text), nullable=False),
        Index(f"ix_{name}_deletions", "deletions", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )


def facet_table(metadata: MetaData, declaration: IndexDeclaration) -> Table:
    """What the codes in `facets` stand for: `search_<name>_facets`."""
    return Table(
        f"search_{declaration.name}_facets",
        metadata,
        Column("code", BigInteger, primary_key=True, autoincrement=False),
        Column("term", Text, nullable=False),
    )


def change_table(metadata: MetaData, declaration: IndexDeclaration) -> Table:
    """What the mirror has still to carry over, and when it changed last: `search_<name>_changes`.

    It is kept without Meilisearch, too, so that a site may start one, or stop it for a while, at any time.
    """
    return Table(
        f"search_{declaration.name}_changes",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    )


def build_table(metadata: MetaData, declaration: IndexDeclaration) -> Table:
    """How far a version of the declaration is filled with what the service holds: `search_<name>_builds`."""
    return Table(
        f"search_{declaration.name}_builds",
        metadata,
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("done_to", Uuid, nullable=False),
        Column("is_done", Boolean, nullable=False),
    )


def declare(metadata: MetaData, declaration: IndexDeclaration) -> None:
    """Add the tables of an index to a service's metadata, so that its migrations make and check them."""
    index_table(metadata, declaration)
    word_table(metadata, declaration)
    facet_table(metadata, declaration)
    change_table(metadata, declaration)
    build_table(metadata, declaration)


def storage_statements(declaration: IndexDeclaration) -> list[str]:
    """SQL for the migration that makes the table, beyond what Alembic writes by itself."""
    name = f"search_{declaration.name}"
    return [
        f"ALTER TABLE {name} SET (toast_tuple_target = {TOAST_TARGET})",
        f"ALTER TABLE {name} ALTER COLUMN facets SET STORAGE PLAIN",
        f"ALTER TABLE {name} ALTER COLUMN terms SET STATISTICS {STATISTICS_TARGET}",
    ]
