"""catalogue search

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
        "search_listings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=True),
        sa.Column("headline_terms", postgresql.TSVECTOR(), nullable=True),
        sa.Column("headline_length", sa.Integer(), server_default="0", nullable=False),
        sa.Column("facets", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("document", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("price_least", sa.BigInteger(), nullable=True),
        sa.Column("price_most", sa.BigInteger(), nullable=True),
        sa.Column("filed_at", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_listings")),
    )
    op.create_index(
        "ix_search_listings_headline_terms",
        "search_listings",
        ["headline_terms"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_search_listings_newest",
        "search_listings",
        [sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("document IS NOT NULL"),
    )
    op.create_index(
        "ix_search_listings_terms",
        "search_listings",
        ["terms"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "search_listings_builds",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("done_to", sa.Uuid(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_search_listings_builds")),
    )
    op.create_table(
        "search_listings_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_listings_changes")),
    )
    op.create_table(
        "search_listings_facets",
        sa.Column("code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_search_listings_facets")),
    )
    op.create_table(
        "search_listings_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("deletions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_listings_words")),
    )
    op.create_index(
        "ix_search_listings_words_deletions",
        "search_listings_words",
        ["deletions"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    # The smallest target PostgreSQL takes, so that a row is narrow where facets are counted.
    op.execute("ALTER TABLE search_listings SET (toast_tuple_target = 128)")
    op.execute("ALTER TABLE search_listings ALTER COLUMN facets SET STORAGE PLAIN")
    op.execute("ALTER TABLE search_listings ALTER COLUMN terms SET STATISTICS 500")


def downgrade() -> None:
    op.drop_index(
        "ix_search_listings_words_deletions",
        table_name="search_listings_words",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_table("search_listings_words")
    op.drop_table("search_listings_facets")
    op.drop_table("search_listings_changes")
    op.drop_table("search_listings_builds")
    op.drop_index(
        "ix_search_listings_terms",
        table_name="search_listings",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_index(
        "ix_search_listings_newest", table_name="search_listings", postgresql_where=sa.text("document IS NOT NULL")
    )
    op.drop_index(
        "ix_search_listings_headline_terms",
        table_name="search_listings",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_table("search_listings")
