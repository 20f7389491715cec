"""What is done in a deal's room past its signing: payment, recordal, release, and what may go wrong."""

import asyncio
from typing import Any

from gateway.pages.api import Json
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

ACTS = ("checkout", "file_recordal", "record", "release", "trouble")
# Of these each needs a reason, so they share a form.
TROUBLE = {"refuse_recordal": "/recordal/refusal", "dispute": "/dispute", "terminate": "/terminate"}
_MOST_ORDERS = 100


def asked(visitor: Visitor, deal: Json, name: str, form: Form) -> tuple[str, Json, str] | None:
    """Where an act is asked for, with which body, and what to say when it is done. None for what is none of these."""
    path = f"/api/v1/deals/{deal['deal_id']}"
    filing = {field: form.text(field) for field in ("filing_number", "filed_on")}
    receipt = {field: form.text(field) for field in ("receipt_number", "recorded_on")}
    acts: dict[str, tuple[str, Json, str]] = {
        "checkout": (f"/api/v1/invoices/{deal['invoice_id']}/checkout", {}, "checkout"),
        "file_recordal": (f"{path}/recordal", filing, "recordal_filed"),
        "record": (f"{path}/recordal/receipt", receipt, "recordal_recorded"),
        "release": (f"{path}/release", {}, "payment_released"),
    }
    if name != "trouble":
        return acts.get(name)
    how = form.text("how")
    if how not in TROUBLE:
        form.errors["how"] = visitor.language.t("money.how_missing")
        return None
    return f"{path}{TROUBLE[how]}", {"reason": form.text("reason")}, f"deal_{how}"


async def money(visitor: Visitor, deal: Json) -> dict[str, Any]:
    """The invoice of a deal and the movements that the visitor may see of it; empty where nothing is due."""
    if not deal["invoice_id"]:
        return {"invoice": None, "orders": []}
    invoice, orders = await asyncio.gather(
        visitor.api.get(f"/api/v1/invoices/{deal['invoice_id']}"),
        visitor.api.get("/api/v1/payments", limit=_MOST_ORDERS),
    )
    return {
        "invoice": invoice,
        "orders": [order for order in orders["items"] if order["deal_id"] == deal["deal_id"]],
    }
