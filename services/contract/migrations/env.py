from services.contract.adapters.money.tables import InvoiceRow
from services.kit.migrations import run

run("contract", InvoiceRow.metadata)
