"""documents: papers, seals, certificates; what of them a signature covers

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

APPEND_ONLY_TABLES = ("papers", "seals")


def upgrade() -> None:
    # Both new columns are written by the new version alone and may be missed by the old one.
    op.add_column("organisations", sa.Column("code", sa.Text(), server_default="", nullable=False))
    op.add_column("signatures", sa.Column("pdf_sha256", sa.Text(), nullable=True))
    op.create_table(
        "papers",
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.deal_id"], name=op.f("fk_papers_deal_id_deals")),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_papers")),
    )
    op.create_table(
        "seals",
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("certificate_sha256", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.deal_id"], name=op.f("fk_seals_deal_id_deals")),
        sa.PrimaryKeyConstraint("deal_id", "organisation_id", name=op.f("pk_seals")),
    )
    op.create_index(op.f("ix_seals_sha256"), "seals", ["sha256"], unique=False)
    op.create_table(
        "sealings",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.deal_id"], name=op.f("fk_sealings_deal_id_deals")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_sealings")),
    )
    op.create_index(op.f("ix_sealings_deal_id"), "sealings", ["deal_id"], unique=False)
    op.create_table(
        "certificates",
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("certificates", sa.Text(), nullable=False),
        sa.Column("private_key", sa.Text(), nullable=False),
        sa.Column("brought", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificates")),
    )
    op.create_index("ix_certificates_holder", "certificates", ["purpose", "organisation_id", "made_at"], unique=False)
    for table in APPEND_ONLY_TABLES:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


def downgrade() -> None:
    op.drop_index("ix_certificates_holder", table_name="certificates")
    op.drop_table("certificates")
    op.drop_index(op.f("ix_sealings_deal_id"), table_name="sealings")
    op.drop_table("sealings")
    op.drop_index(op.f("ix_seals_sha256"), table_name="seals")
    op.drop_table("seals")
    op.drop_table("papers")
    op.drop_column("signatures", "pdf_sha256")
    op.drop_column("organisations", "code")
