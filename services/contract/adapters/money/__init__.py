"""Invoices, books, statements and providers on PostgreSQL, at the bank and at Stripe."""
