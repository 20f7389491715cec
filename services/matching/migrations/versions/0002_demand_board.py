"""demand board

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_demands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=True),
        sa.Column("headline_terms", postgresql.TSVECTOR(), nullable=True),
        sa.Column("headline_length", sa.Integer(), server_default="0", nullable=False),
        sa.Column("facets", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("document", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_demands")),
    )
    op.create_index(
        "ix_search_demands_headline_terms",
        "search_demands",
        ["headline_terms"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_search_demands_newest",
        "search_demands",
        [sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("document IS NOT NULL"),
    )
    op.create_index(
        "ix_search_demands_terms",
        "search_demands",
        ["terms"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "search_demands_builds",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("done_to", sa.Uuid(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_search_demands_builds")),
    )
    op.create_table(
        "search_demands_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_demands_changes")),
    )
    op.create_table(
        "search_demands_facets",
        sa.Column("code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_search_demands_facets")),
    )
    op.create_table(
        "search_demands_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("deletions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_demands_words")),
    )
    op.create_index(
        "ix_search_demands_words_deletions",
        "search_demands_words",
        ["deletions"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.add_column("demands", sa.Column("visibility", sa.Text(), server_default="private", nullable=False))
    op.add_column("demands", sa.Column("budget_public", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("demands", sa.Column("region", sa.Text(), server_default="", nullable=False))
    # The smallest target PostgreSQL takes, so that a row is narrow where facets are counted.
    op.execute("ALTER TABLE search_demands SET (toast_tuple_target = 128)")
    op.execute("ALTER TABLE search_demands ALTER COLUMN facets SET STORAGE PLAIN")
    op.execute("ALTER TABLE search_demands ALTER COLUMN terms SET STATISTICS 500")


def downgrade() -> None:
    op.drop_column("demands", "region")
    op.drop_column("demands", "budget_public")
    op.drop_column("demands", "visibility")
    op.drop_index(
        "ix_search_demands_words_deletions",
        table_name="search_demands_words",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_table("search_demands_words")
    op.drop_table("search_demands_facets")
    op.drop_table("search_demands_changes")
    op.drop_table("search_demands_builds")
    op.drop_index(
        "ix_search_demands_terms",
        table_name="search_demands",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_index(
        "ix_search_demands_newest", table_name="search_demands", postgresql_where=sa.text("document IS NOT NULL")
    )
    op.drop_index(
        "ix_search_demands_headline_terms",
        table_name="search_demands",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_table("search_demands")
