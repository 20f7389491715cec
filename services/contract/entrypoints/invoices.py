"""/api/v1/invoices and /api/v1/payments: what is owed, and every movement of money that follows."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from services.contract.adapters.money.tables import InvoiceRow, OrderRow, PayoutAccountRow
from services.contract.application.decide_money import decide
from services.contract.domain import errors
from services.contract.domain.deal import Deal
from services.contract.domain.money.invoice import InvoiceState, OrderKind, OrderState, ProviderName
from services.contract.entrypoints.money_desk import OPERATOR_ACTS, PARTY_ACTS, MoneyDesk, MoneyDeskOf
from services.contract.entrypoints.money_schemas import (
    BankAccount,
    InvoiceView,
    NamePayoutAccount,
    OrderView,
    PayoutAccountView,
)
from services.contract.entrypoints.schemas import Nothing
from services.kit.clock import utcnow
from services.kit.outbox import wake
from services.kit.web import Page, PagingQuery, paginate, router

invoices = router(prefix="/api/v1/invoices", tags=["invoices"])
payments = router(prefix="/api/v1/payments", tags=["payments"])


@invoices.get("")
async def list_invoices(
    desk: MoneyDeskOf, paging: PagingQuery, state: Annotated[InvoiceState | None, Query()] = None
) -> Page[InvoiceView]:
    """Invoices that one pays, is paid by, or brokered; for an operator, all."""
    statement = desk.invoices()
    if state is not None:
        statement = statement.where(InvoiceRow.state == state.value)
    rows, following = await paginate(desk.session, statement, paging, sort=[InvoiceRow.invoice_id])
    return Page(items=await desk.invoice_views(rows), next=following)


@invoices.get("/{invoice_id}")
async def read_invoice(invoice_id: UUID, desk: MoneyDeskOf) -> InvoiceView:
    """What is owed, what has come in, what is held; and how to pay."""
    return await desk.invoice_view(await desk.invoice(invoice_id))


@invoices.post("/{invoice_id}/checkout", status_code=202, dependencies=[PARTY_ACTS])
async def ask_for_checkout(invoice_id: UUID, desk: MoneyDeskOf, _body: Nothing | None = None) -> InvoiceView:
    """The licensee wants to pay what is outstanding through Stripe. `checkout_url` is there moments later."""
    if desk.settings.stripe_api_key is None:
        raise errors.StripeNotConnected
    row = await desk.invoice(invoice_id)
    if row.payer_id != desk.caller.organisation_id:
        raise errors.NotAParty

    def collect(deal: Deal, _kind: Any, _at: Any) -> None:
        if deal.purse is None or not deal.purse.invoice.outstanding:
            raise errors.NothingOwed
        deal.purse.collect()

    await decide(desk.book, utcnow, row.deal_id, desk.seen_by, collect)
    return await desk.invoice_view(await desk.invoice(invoice_id))


@payments.get("")
async def list_payments(
    desk: MoneyDeskOf,
    paging: PagingQuery,
    state: Annotated[OrderState | None, Query()] = None,
    kind: Annotated[OrderKind | None, Query()] = None,
) -> Page[OrderView]:
    """Movements of money from or to one's organisation; for an operator, all."""
    statement = desk.orders()
    if state is not None:
        statement = statement.where(OrderRow.state == state.value)
    if kind is not None:
        statement = statement.where(OrderRow.kind == kind.value)
    rows, following = await paginate(desk.session, statement, paging, sort=[OrderRow.order_id])
    return Page(items=await desk.order_views(rows), next=following)


@payments.get("/accounts")
async def list_payout_accounts(desk: MoneyDeskOf) -> Page[PayoutAccountView]:
    """Where one's organisation gets its money; with state `none`, where it could have an account."""
    ways = [ProviderName.BANK, *([ProviderName.STRIPE] if desk.settings.stripe_api_key is not None else [])]
    found = {each: await desk.session.get(PayoutAccountRow, (desk.caller.organisation_id, each)) for each in ways}
    return Page(items=[_account(row) if row is not None else _no_account(way) for way, row in found.items()])


@payments.put("/accounts/bank", dependencies=[PARTY_ACTS])
async def name_bank_account(body: NamePayoutAccount, desk: MoneyDeskOf) -> PayoutAccountView:
    """Name the bank account that pay-outs and refunds go to."""
    row = await _account_row(desk, ProviderName.BANK)
    row.details, row.state = body.model_dump(), "ready"
    await desk.session.flush()
    return _account(row)


@payments.post("/accounts/stripe", status_code=202, dependencies=[PARTY_ACTS])
async def open_stripe_account(desk: MoneyDeskOf, _body: Nothing | None = None) -> PayoutAccountView:
    """Open an account at Stripe, or get a new link to finish opening it. `url` is there moments later."""
    if desk.settings.stripe_api_key is None:
        raise errors.StripeNotConnected
    row = await _account_row(desk, ProviderName.STRIPE)
    if row.state != "ready":
        row.state, row.url, row.look_at = "requested", None, utcnow()
        await wake(desk.session)
    await desk.session.flush()
    return _account(row)


@payments.get("/{order_id}")
async def read_payment(order_id: UUID, desk: MoneyDeskOf) -> OrderView:
    return (await desk.order_views([await desk.order(order_id)]))[0]


@payments.post("/{order_id}/executions", dependencies=[OPERATOR_ACTS])
async def execute_transfer(order_id: UUID, desk: MoneyDeskOf, _body: Nothing | None = None) -> OrderView:
    """A bank transfer was carried out: one operator says so, another one confirms, and then it is booked."""
    return (await desk.order_views([await desk.bank.execute(order_id)]))[0]


@payments.post("/{order_id}/retry", dependencies=[OPERATOR_ACTS])
async def retry_payment(order_id: UUID, desk: MoneyDeskOf, _body: Nothing | None = None) -> OrderView:
    """Try a refused movement again, under a new key."""
    row = await desk.order(order_id)
    invoice = await desk.session.get_one(InvoiceRow, row.invoice_id)

    def again(deal: Deal, _kind: Any, _at: Any) -> None:
        order = deal.purse.order(order_id) if deal.purse else None
        if order is None or order.state is not OrderState.FAILED:
            raise errors.OrderNotOpen(state=order.state.value if order else "-")
        order.state, order.attempt, order.tries = OrderState.REQUESTED, order.attempt + 1, 0

    await decide(desk.book, utcnow, invoice.deal_id, None, again)
    return (await desk.order_views([await desk.session.get_one(OrderRow, order_id, populate_existing=True)]))[0]


async def _account_row(desk: MoneyDesk, provider: ProviderName) -> PayoutAccountRow:
    key = (desk.caller.organisation_id, provider.value)
    row = await desk.session.get(PayoutAccountRow, key, with_for_update=True)
    if row is None:
        row = PayoutAccountRow(organisation_id=key[0], provider=key[1], state="requested", details={}, attempt=1)
        desk.session.add(row)
    return row


def _no_account(provider: ProviderName) -> PayoutAccountView:
    return PayoutAccountView(provider=provider, state="none", url=None, bank_account=None, last_error=None)


def _account(row: PayoutAccountRow) -> PayoutAccountView:
    return PayoutAccountView(
        provider=ProviderName(row.provider),
        state=row.state,
        url=row.url,
        bank_account=BankAccount(**row.details) if row.details else None,
        last_error=row.last_error,
    )
