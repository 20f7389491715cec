from dataclasses import dataclass
from pathlib import Path

from services.contract.adapters.money.bank import Bank
from services.contract.adapters.money.stripe import Stripe
from services.contract.adapters.seals.keyring import Keyring
from services.contract.adapters.seals.sandbox import Sandbox
from services.contract.adapters.seals.sealer import Sealer
from services.contract.application.money.ports import PaymentProvider
from services.contract.domain.money.invoice import ProviderName
from services.contract.entrypoints import clocks, fulfilment
from services.contract.entrypoints.api import deals
from services.contract.entrypoints.bank import bank
from services.contract.entrypoints.cashier import Cashier
from services.contract.entrypoints.certificates import certificates
from services.contract.entrypoints.documents import documents
from services.contract.entrypoints.events import handlers
from services.contract.entrypoints.figures import figures
from services.contract.entrypoints.invoices import invoices, payments
from services.contract.entrypoints.ledger import ledger, statements
from services.contract.entrypoints.messages import messages
from services.contract.entrypoints.onboarding import Onboarding
from services.contract.entrypoints.stripe_events import stripe_events
from services.contract.entrypoints.verifications import verifications
from services.contract.money_settings import MoneySettings
from services.contract.settings import ContractSettings
from services.kit.auth import Verifier
from services.kit.db import Database
from services.kit.jobs import Job
from services.kit.service import Service
from services.kit.settings import Settings
from services.kit.web import create_app


@dataclass
class ContractService(Service):
    async def close(self) -> None:
        self.app.state.sandbox.close()
        await super().close()


_MESSAGES = Path(__file__).parent / "messages.toml"


def build(settings: Settings, *, verifier: Verifier | None = None, money: MoneySettings | None = None) -> Service:
    """Everything of contract, wired. Tests pass a verifier of their own keys, and their settings of payments."""
    own = settings if isinstance(settings, ContractSettings) else ContractSettings(**settings.model_dump())
    database = Database.of(settings, "contract")
    money = money or MoneySettings()
    keyring = Keyring(own)
    app = create_app(
        "contract",
        # Of two that fit a path the first one is asked: what is below /payments/bank is no id of a payment.
        routers=[
            figures, deals, messages, fulfilment.deals, fulfilment.recordals, fulfilment.disputes, invoices,
            fulfilment.decisions, bank, stripe_events, payments, statements, ledger, documents, certificates,
            verifications,
        ],
        database=database,
        verifier=verifier or Verifier.of(settings),
        messages=_MESSAGES,
        max_body_bytes=settings.max_body_bytes,
        body_limits={"/api/v1/verifications": own.max_document_bytes},
    )  # fmt: skip
    app.state.keyring = keyring
    app.state.sandbox = Sandbox()
    app.state.money = money
    jobs = [Job("sealing", Sealer(own, keyring).step), *_jobs(settings, money)]
    return ContractService("contract", database, app, handlers, clocks.timers, jobs)


def _jobs(settings: Settings, money: MoneySettings) -> list[Job]:
    providers: dict[ProviderName, PaymentProvider] = {ProviderName.BANK: Bank()}
    jobs = []
    if money.stripe_api_key is not None:
        key, base = money.stripe_api_key.get_secret_value(), money.stripe_api_base
        stripe = Stripe(key, api_base=base, return_url=settings.public_url)
        providers[ProviderName.STRIPE] = stripe
        jobs.append(Job("onboarding", Onboarding(stripe).step))
    return [Job("cashier", Cashier(providers, money.tariff).step), *jobs]
