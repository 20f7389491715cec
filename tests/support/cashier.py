"""A cashier as a process: python -m tests.support.cashier POINT DOUBLE

It works on DATABASE_URL and the double of Stripe kept in the file DOUBLE. At its first transfer it is gone by -9:
`sent`      before Stripe is asked;
`answered`  after Stripe has done it, before that is written down.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from deploy.local.stripe_double import StripeDouble
from services.contract.domain.money.invoice import Answer, Order, OrderKind, ProviderName
from services.contract.entrypoints.cashier import Cashier
from services.kit.db import Database
from services.kit.settings import Settings
from tests.service.contract.till import API_KEY, SETTINGS, WEBHOOK_SECRET, stripe_of


async def main() -> None:
    point, path = sys.argv[1:]
    database = Database(Settings().database_url.get_secret_value(), "contract", pool_size=2)
    stripe = stripe_of(StripeDouble(API_KEY, WEBHOOK_SECRET, path=Path(path)))
    perform = stripe.perform

    async def perform_and_die(order: Order, payee_account: str | None) -> Answer:
        if order.kind is OrderKind.PAY_OUT:
            if point == "answered":
                await perform(order, payee_account)
            os.kill(os.getpid(), signal.SIGKILL)
        return await perform(order, payee_account)

    stripe.perform = perform_and_die  # type: ignore[method-assign]  # what a crash there would do
    cashier = Cashier({ProviderName.STRIPE: stripe}, SETTINGS.tariff)
    while await cashier.step(database):
        pass


asyncio.run(main())
