"""What the use cases of money need of the world."""

from typing import Protocol

from services.contract.domain.money.invoice import Answer, Order, ProviderName


class OutcomeUnknown(Exception):
    """The provider did not say what it did.

    `ended`: it is over at its side, so a new key may be tried once a look has shown that nothing was done. Otherwise
    only the same key is safe.
    """

    def __init__(self, reason: str, *, ended: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ended = ended


class PaymentProvider(Protocol):
    """A way to move money. Called outside any transaction; what it says is then written down.

    Both raise OutcomeUnknown where the answer was lost on the way, so that what was asked may or may not be done.
    """

    name: ProviderName

    async def perform(self, order: Order, payee_account: str | None) -> Answer:
        """Ask for the order's movement, under its key: asked twice it moves once."""
        ...

    async def look(self, order: Order) -> Answer:
        """What became of it; NOT_DONE where the provider knows nothing of it."""
        ...
