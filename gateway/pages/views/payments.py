"""Where an organisation is paid, and what was paid to it and back."""

import asyncio

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area()

_PATH = "/api/v1/payments"
_FIELDS = ("holder", "number", "bank")


@area.get("/payments", members=True)
async def payments(visitor: Visitor) -> Response:
    return await _page(visitor)


@area.post("/payments", members=True)
async def change(visitor: Visitor, form: Form) -> Response:
    """Name the bank account, or open one at Stripe; `act` says which."""
    by_card = form.text("act") == "stripe"
    try:
        if by_card:
            await visitor.api.post(f"{_PATH}/accounts/stripe")
        else:
            await visitor.api.put(f"{_PATH}/accounts/bank", {name: form.text(name) for name in _FIELDS})
    except ApiProblem as problem:
        form.refuse(problem)
        return await _page(visitor, None if by_card else form, failed=form, status=problem.status)
    return visitor.go("/payments", done="stripe_account" if by_card else "bank_account")


@area.get("/invoices/{invoice_id}", members=True)
async def invoice(visitor: Visitor) -> Response:
    """Where notices of an invoice lead: the room of its deal, which shows it."""
    found = await visitor.api.get(f"/api/v1/invoices/{visitor.place('invoice_id')}")
    return visitor.go(f"/deals/{found['deal_id']}")


async def _page(
    visitor: Visitor, form: Form | None = None, *, failed: Form | None = None, status: int = 200
) -> Response:
    accounts, orders = await asyncio.gather(
        visitor.api.get(f"{_PATH}/accounts"), visitor.api.get(_PATH, cursor=visitor.asked("cursor"))
    )
    held: dict[str, Json] = {account["provider"]: account for account in accounts["items"]}
    bank = held.get("bank", {}).get("bank_account")
    return await visitor.page(
        "deals/payments.html",
        status=status,
        accounts=held,
        orders=orders,
        form=form or Form.of(**(bank or {})),
        failed=failed or Form(),
    )
