"""Bank transfer: no bank is called. People carry orders out; statements tell what came and went."""

from services.contract.domain.money.invoice import Answer, Order, Outcome, ProviderName


class Bank:
    """Implements PaymentProvider: everything waits for a line of a statement, or for two operators."""

    name = ProviderName.BANK

    async def perform(self, order: Order, payee_account: str | None) -> Answer:
        del order, payee_account
        return Answer(Outcome.WAITING)

    async def look(self, order: Order) -> Answer:
        del order
        return Answer(Outcome.WAITING)
