"""Money of deals: invoices, receipts, orders to move money, and the double-entry books that follow all of it. Pure."""
