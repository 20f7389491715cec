"""One request about money: who asks, the hall's tariff and Stripe, and rows shaped as answers."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Select, or_, select

from services.contract.adapters.book import PostgresDealBook
from services.contract.adapters.money.tables import InvoiceRow, OrderRow, PayoutAccountRow
from services.contract.domain.errors import InvoiceNotFound, PaymentNotFound
from services.contract.domain.happenings import Actor
from services.contract.domain.money.invoice import InvoiceState, OrderKind, OrderState, ProviderName
from services.contract.entrypoints.bank_desk import BankDesk
from services.contract.entrypoints.money_schemas import BankAccount, InvoiceView, OrderView
from services.contract.entrypoints.schemas import MoneyBody
from services.contract.money_settings import MoneySettings
from services.kit.auth import EVERYONE, OrganisationKind
from services.kit.clock import utcnow
from services.kit.web import Caller, Tx, allow

OPERATOR_READS = Depends(allow(roles=EVERYONE, kinds={OrganisationKind.OPERATOR}))
OPERATOR_ACTS = Depends(allow(kinds={OrganisationKind.OPERATOR}))
PARTY_ACTS = Depends(allow())


def _settings(request: Request) -> MoneySettings:
    settings: MoneySettings = request.app.state.money
    return settings


Settings = Annotated[MoneySettings, Depends(_settings)]


@dataclass(frozen=True)
class MoneyDesk:
    session: Tx
    caller: Caller
    settings: Settings

    @property
    def book(self) -> PostgresDealBook:
        return PostgresDealBook(self.session, self.settings.tariff)

    @property
    def actor(self) -> Actor:
        return Actor(self.caller.user_id, self.caller.organisation_id, self.caller.name)

    @property
    def seen_by(self) -> UUID | None:
        """An operator sees every deal's money; the deal itself, with its terms, stays its parties'."""
        return None if self.caller.is_operator else self.caller.organisation_id

    @property
    def bank(self) -> BankDesk:
        return BankDesk(self.session, self.settings.tariff, self.caller.user_id, utcnow())

    def invoices(self) -> Select[InvoiceRow]:
        """Those the caller may see."""
        if self.caller.is_operator:
            return select(InvoiceRow)
        own = self.caller.organisation_id
        return select(InvoiceRow).where(
            or_(InvoiceRow.payer_id == own, InvoiceRow.payee_id == own, InvoiceRow.broker_id == own)
        )

    async def invoice(self, invoice_id: UUID) -> InvoiceRow:
        """Raises InvoiceNotFound, also where it is others'."""
        row = (
            await self.session.execute(
                self.invoices().where(InvoiceRow.invoice_id == invoice_id),
                execution_options={"populate_existing": True},
            )
        ).scalar_one_or_none()
        if row is None:
            raise InvoiceNotFound(invoice_id=invoice_id)
        return row

    def orders(self) -> Select[OrderRow]:
        """Pay-outs and refunds are seen by whom they pay, not by the other parties."""
        statement = select(OrderRow)
        return statement if self.caller.is_operator else statement.where(OrderRow.party_id == self.seen_by)

    async def order(self, order_id: UUID) -> OrderRow:
        row = (await self.session.execute(self.orders().where(OrderRow.order_id == order_id))).scalar_one_or_none()
        if row is None:
            raise PaymentNotFound(order_id=order_id)
        return row

    async def invoice_view(self, row: InvoiceRow) -> InvoiceView:
        return (await self.invoice_views([row]))[0]

    async def invoice_views(self, rows: list[InvoiceRow]) -> list[InvoiceView]:
        open_checkouts = select(OrderRow.invoice_id, OrderRow.url).where(
            OrderRow.invoice_id.in_([row.invoice_id for row in rows]),
            OrderRow.kind == OrderKind.COLLECT.value,
            OrderRow.state == OrderState.WAITING.value,
        )
        urls = {row.invoice_id: row.url for row in await self.session.execute(open_checkouts)}
        return [self._invoice_view(row, urls.get(row.invoice_id)) for row in rows]

    def _invoice_view(self, row: InvoiceRow, url: str | None) -> InvoiceView:
        def money(amount: int) -> MoneyBody:
            return MoneyBody(minor_units=amount, currency=row.currency)

        is_open, is_payer = row.state == InvoiceState.OPEN, row.payer_id == self.caller.organisation_id
        ours = self.settings
        pay_to = BankAccount(holder=ours.bank_account_holder, number=ours.bank_account_number, bank=ours.bank_name)
        return InvoiceView(
            invoice_id=row.invoice_id,
            deal_id=row.deal_id,
            reference=row.reference,
            payer_organisation_id=row.payer_id,
            payee_organisation_id=row.payee_id,
            broker_organisation_id=row.broker_id,
            amount=money(row.amount),
            received=money(row.received),
            outstanding=money(row.amount - row.received if is_open else 0),
            held=money(row.held),
            broker_commission_basis_points=row.broker_basis_points,
            state=InvoiceState(row.state),
            issued_at=row.issued_at,
            due_at=row.due_at,
            hold_expires_at=row.hold_expires_at,
            pay_to=pay_to if is_open and ours.bank_account_number else None,
            takes_cards=ours.stripe_api_key is not None,
            checkout_url=url if is_open and is_payer else None,
        )

    async def order_views(self, rows: list[OrderRow]) -> list[OrderView]:
        deals = select(InvoiceRow.invoice_id, InvoiceRow.deal_id).where(
            InvoiceRow.invoice_id.in_([row.invoice_id for row in rows])
        )
        deal_of = {row.invoice_id: row.deal_id for row in await self.session.execute(deals)}
        accounts = await self._bank_accounts({row.party_id for row in rows}) if self.caller.is_operator else {}
        return [
            OrderView(
                order_id=row.order_id,
                invoice_id=row.invoice_id,
                deal_id=deal_of[row.invoice_id],
                kind=OrderKind(row.kind),
                provider=ProviderName(row.provider),
                party_organisation_id=row.party_id,
                amount=MoneyBody(minor_units=row.amount, currency=row.currency),
                reference=row.reference,
                state=OrderState(row.state),
                last_error=row.last_error,
                done_at=row.done_at,
                proposed_by=row.proposed_by,
                pay_to=accounts.get(row.party_id) if row.provider == ProviderName.BANK else None,
            )
            for row in rows
        ]

    async def _bank_accounts(self, organisation_ids: set[UUID]) -> dict[UUID, BankAccount]:
        named = select(PayoutAccountRow.organisation_id, PayoutAccountRow.details).where(
            PayoutAccountRow.organisation_id.in_(organisation_ids), PayoutAccountRow.provider == ProviderName.BANK
        )
        return {row.organisation_id: BankAccount(**row.details) for row in await self.session.execute(named)}


MoneyDeskOf = Annotated[MoneyDesk, Depends()]
