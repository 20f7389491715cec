"""rights, listings and imports

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("died_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(op.f("ix_idempotent_answers_created_at"), "idempotent_answers", ["created_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_processed_at", "inbox", ["processed_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_published_at", "outbox", ["published_at"], unique=False)
    op.create_index(
        "ix_outbox_unpublished", "outbox", ["id"], unique=False, postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "timers",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("aggregate_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "aggregate_id", name=op.f("pk_timers")),
    )
    op.create_index(op.f("ix_timers_due_at"), "timers", ["due_at"], unique=False)
    op.create_table(
        "imports",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_name", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("publish", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stepped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_organisation_id_import_id", "imports", ["organisation_id", "import_id"], unique=False)
    op.create_index(
        "ix_imports_waiting",
        "imports",
        ["stepped_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "organisations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_organisations")),
    )
    op.create_table(
        "rights",
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_as_given", sa.Text(), nullable=False),
        sa.Column("number_form", sa.Text(), nullable=False),
        sa.Column("number_kind", sa.Text(), nullable=True),
        sa.Column("number_year", sa.BigInteger(), nullable=True),
        sa.Column("claims_grant", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("ipc", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_as_given", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("assignment_deal_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("right_id", name=op.f("pk_rights")),
        sa.UniqueConstraint(
            "organisation_id", "office", "number", name=op.f("uq_rights_organisation_id_office_number")
        ),
    )
    op.create_index(
        "ix_rights_ends_by", "rights", ["ends_by"], unique=False, postgresql_where=sa.text("ends_by IS NOT NULL")
    )
    op.create_table(
        "encumbrances",
        sa.Column("encumbrance_id", sa.Uuid(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("holder_consents", sa.Boolean(), nullable=False),
        sa.Column("licence_form", sa.Text(), nullable=True),
        sa.Column("territories", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("field_of_use", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deal_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["right_id"], ["rights.right_id"], name=op.f("fk_encumbrances_right_id_rights")),
        sa.PrimaryKeyConstraint("encumbrance_id", name=op.f("pk_encumbrances")),
    )
    op.create_index("uq_encumbrances_right_id_deal_id", "encumbrances", ["right_id", "deal_id"], unique=True)
    op.create_table(
        "import_findings",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("pointer", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("article", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.import_id"], name=op.f("fk_import_findings_import_id_imports")
        ),
        sa.PrimaryKeyConstraint("import_id", "row", "ordinal", name=op.f("pk_import_findings")),
    )
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_import_rows_import_id_imports")),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_import_rows")),
    )
    op.create_table(
        "listings",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("prospects", sa.Text(), nullable=False),
        sa.Column("deal_forms", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("price_form", sa.Text(), nullable=False),
        sa.Column("price_minimum", sa.BigInteger(), nullable=True),
        sa.Column("price_maximum", sa.BigInteger(), nullable=True),
        sa.Column("price_currency", sa.Text(), nullable=True),
        sa.Column("royalty_basis_points", sa.BigInteger(), nullable=True),
        sa.Column("maturity", sa.Text(), nullable=True),
        sa.Column("industries", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("territories", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("private_details", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price_minimum >= 0 AND price_maximum >= 0", name=op.f("ck_listings_price")),
        sa.ForeignKeyConstraint(["right_id"], ["rights.right_id"], name=op.f("fk_listings_right_id_rights")),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listings")),
    )
    op.create_index(
        "ix_listings_organisation_id_listing_id", "listings", ["organisation_id", "listing_id"], unique=False
    )
    op.create_index(op.f("ix_listings_right_id"), "listings", ["right_id"], unique=False)
    op.create_index("ix_listings_status_listing_id", "listings", ["status", "listing_id"], unique=False)
    op.create_index(
        "uq_listings_open_right_id",
        "listings",
        ["right_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('published', 'under_offer')"),
    )
    op.create_table(
        "status_events",
        sa.Column("status_event_id", sa.Uuid(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("as_given", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["right_id"], ["rights.right_id"], name=op.f("fk_status_events_right_id_rights")),
        sa.PrimaryKeyConstraint("status_event_id", name=op.f("pk_status_events")),
    )
    op.create_index(op.f("ix_status_events_right_id"), "status_events", ["right_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_status_events_right_id"), table_name="status_events")
    op.drop_table("status_events")
    op.drop_index(
        "uq_listings_open_right_id",
        table_name="listings",
        postgresql_where=sa.text("status IN ('published', 'under_offer')"),
    )
    op.drop_index("ix_listings_status_listing_id", table_name="listings")
    op.drop_index(op.f("ix_listings_right_id"), table_name="listings")
    op.drop_index("ix_listings_organisation_id_listing_id", table_name="listings")
    op.drop_table("listings")
    op.drop_table("import_rows")
    op.drop_table("import_findings")
    op.drop_index("uq_encumbrances_right_id_deal_id", table_name="encumbrances")
    op.drop_table("encumbrances")
    op.drop_index("ix_rights_ends_by", table_name="rights", postgresql_where=sa.text("ends_by IS NOT NULL"))
    op.drop_table("rights")
    op.drop_table("organisations")
    op.drop_index(
        "ix_imports_waiting", table_name="imports", postgresql_where=sa.text("state IN ('queued', 'running')")
    )
    op.drop_index("ix_imports_organisation_id_import_id", table_name="imports")
    op.drop_table("imports")
    op.drop_index(op.f("ix_timers_due_at"), table_name="timers")
    op.drop_table("timers")
    op.drop_index("ix_outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("ix_outbox_published_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_inbox_processed_at", table_name="inbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotent_answers_created_at"), table_name="idempotent_answers")
    op.drop_table("idempotent_answers")
    op.drop_table("dead_letters")
