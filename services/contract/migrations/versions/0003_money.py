"""invoices, receipts and orders; the ledger; bank statements; recordals; what Stripe tells

Revision ID: 0003
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY_TABLES = ("ledger_entries", "ledger_postings")
# Twice, for two ways to go wrong. An entry is looked at when its transaction ends, since its postings come after it: one
# without postings, or out of balance, is refused. Postings are looked at as they come, with all others of their entry:
# so that nobody adds to an old entry, whose own check is long past. One statement writes all postings of an entry.
BALANCED = """
CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines bigint;
    unbalanced bigint;
BEGIN
    SELECT coalesce(sum(sums.lines), 0), count(*) FILTER (WHERE sums.total <> 0) INTO lines, unbalanced FROM (
        SELECT count(*) AS lines, sum(p.minor_units) AS total
        FROM ledger_postings p JOIN ledger_accounts a USING (account_id)
        WHERE p.entry_id = NEW.entry_id GROUP BY a.currency
    ) AS sums;
    IF lines = 0 OR unbalanced > 0 THEN
        RAISE EXCEPTION 'ledger entry % does not balance', NEW.entry_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""
ADDED_BALANCE = """
CREATE FUNCTION ledger_postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT p.entry_id INTO wrong
    FROM (SELECT DISTINCT entry_id FROM added) AS entries
    JOIN ledger_postings p USING (entry_id) JOIN ledger_accounts a USING (account_id)
    GROUP BY p.entry_id, a.currency HAVING sum(p.minor_units) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger entry % does not balance', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""


def upgrade() -> None:
    op.create_table(
        "bank_statements",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("new_lines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_bank_statements")),
        sa.UniqueConstraint("sha256", name=op.f("uq_bank_statements_sha256")),
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_ledger_accounts")),
    )
    op.create_index(op.f("ix_ledger_accounts_organisation_id"), "ledger_accounts", ["organisation_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("cause", name=op.f("uq_ledger_entries_cause")),
    )
    op.create_index(op.f("ix_ledger_entries_deal_id"), "ledger_entries", ["deal_id"], unique=False)
    op.create_table(
        "payout_accounts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "provider", name=op.f("pk_payout_accounts")),
        sa.UniqueConstraint("remote_id", name=op.f("uq_payout_accounts_remote_id")),
    )
    op.create_index(
        "ix_payout_accounts_to_do",
        "payout_accounts",
        ["look_at"],
        unique=False,
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_table(
        "stripe_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_stripe_events")),
    )
    op.create_index(
        "ix_stripe_events_to_do",
        "stripe_events",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_table(
        "invoices",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("payee_id", sa.Uuid(), nullable=False),
        sa.Column("broker_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("broker_basis_points", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.deal_id"], name=op.f("fk_invoices_deal_id_deals")),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("deal_id", name=op.f("uq_invoices_deal_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_invoices_reference")),
    )
    op.create_index(op.f("ix_invoices_broker_id"), "invoices", ["broker_id"], unique=False)
    op.create_index(op.f("ix_invoices_payee_id"), "invoices", ["payee_id"], unique=False)
    op.create_index(op.f("ix_invoices_payer_id"), "invoices", ["payer_id"], unique=False)
    op.create_table(
        "ledger_postings",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("minor_units", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_accounts.account_id"], name=op.f("fk_ledger_postings_account_id_ledger_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.entry_id"], name=op.f("fk_ledger_postings_entry_id_ledger_entries")
        ),
        sa.PrimaryKeyConstraint("entry_id", "line", name=op.f("pk_ledger_postings")),
    )
    op.create_index(op.f("ix_ledger_postings_account_id"), "ledger_postings", ["account_id"], unique=False)
    op.create_table(
        "recordals",
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filing_number", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.deal_id"], name=op.f("fk_recordals_deal_id_deals")),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_recordals")),
    )
    op.create_table(
        "receipts",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.invoice_id"], name=op.f("fk_receipts_invoice_id_invoices")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("provider", "remote_id", name=op.f("uq_receipts_provider_remote_id")),
    )
    op.create_index(op.f("ix_receipts_invoice_id"), "receipts", ["invoice_id"], unique=False)
    op.create_table(
        "payment_orders",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.invoice_id"], name=op.f("fk_payment_orders_invoice_id_invoices")
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["receipts.receipt_id"], name=op.f("fk_payment_orders_receipt_id_receipts")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_payment_orders")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_orders_reference")),
    )
    op.create_index(op.f("ix_payment_orders_invoice_id"), "payment_orders", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_payment_orders_party_id"), "payment_orders", ["party_id"], unique=False)
    op.create_index(op.f("ix_payment_orders_remote_id"), "payment_orders", ["remote_id"], unique=False)
    op.create_index(
        "ix_payment_orders_to_do",
        "payment_orders",
        ["look_at"],
        unique=False,
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_table(
        "bank_lines",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("counterparty", sa.Text(), nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.invoice_id"], name=op.f("fk_bank_lines_invoice_id_invoices")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["payment_orders.order_id"], name=op.f("fk_bank_lines_order_id_payment_orders")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["bank_statements.statement_id"], name=op.f("fk_bank_lines_statement_id_bank_statements")
        ),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_bank_lines")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_bank_lines_fingerprint")),
    )
    op.create_index(op.f("ix_bank_lines_statement_id"), "bank_lines", ["statement_id"], unique=False)
    op.execute(BALANCED)
    op.execute(ADDED_BALANCE)
    op.execute(
        "CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances()"
    )
    op.execute(
        "CREATE TRIGGER added_balance AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_postings_balance()"
    )
    for table in APPEND_ONLY_TABLES:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_bank_lines_statement_id"), table_name="bank_lines")
    op.drop_table("bank_lines")
    op.drop_index(
        "ix_payment_orders_to_do", table_name="payment_orders", postgresql_where=sa.text("look_at IS NOT NULL")
    )
    op.drop_index(op.f("ix_payment_orders_remote_id"), table_name="payment_orders")
    op.drop_index(op.f("ix_payment_orders_party_id"), table_name="payment_orders")
    op.drop_index(op.f("ix_payment_orders_invoice_id"), table_name="payment_orders")
    op.drop_table("payment_orders")
    op.drop_index(op.f("ix_receipts_invoice_id"), table_name="receipts")
    op.drop_table("receipts")
    op.drop_table("recordals")
    op.drop_index(op.f("ix_ledger_postings_account_id"), table_name="ledger_postings")
    op.drop_table("ledger_postings")
    op.drop_index(op.f("ix_invoices_payer_id"), table_name="invoices")
    op.drop_index(op.f("ix_invoices_payee_id"), table_name="invoices")
    op.drop_index(op.f("ix_invoices_broker_id"), table_name="invoices")
    op.drop_table("invoices")
    op.drop_index("ix_stripe_events_to_do", table_name="stripe_events", postgresql_where=sa.text("handled_at IS NULL"))
    op.drop_table("stripe_events")
    op.drop_index(
        "ix_payout_accounts_to_do", table_name="payout_accounts", postgresql_where=sa.text("look_at IS NOT NULL")
    )
    op.drop_table("payout_accounts")
    op.drop_index(op.f("ix_ledger_entries_deal_id"), table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index(op.f("ix_ledger_accounts_organisation_id"), table_name="ledger_accounts")
    op.drop_table("ledger_accounts")
    op.drop_table("bank_statements")
    op.execute("DROP FUNCTION ledger_entry_balances()")
    op.execute("DROP FUNCTION ledger_postings_balance()")
