"""Settings of payments, beside those that every process has."""

from datetime import timedelta

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.contract.domain.money.invoice import Tariff


def _plain(name: str) -> AliasChoices:
    return AliasChoices(name, f"ZAYTON_{name}")


class MoneySettings(BaseSettings):
    """From the environment; those without a common name of their own are prefixed ZAYTON_."""

    model_config = SettingsConfigDict(env_prefix="ZAYTON_", extra="ignore", populate_by_name=True)

    broker_commission_basis_points: int = Field(
        1_000, ge=0, le=5_000, description="A broker's share of what its deal releases: 1000 is 10 %."
    )
    invoice_days: int = Field(30, ge=1, le=365, description="An invoice is due after so many days.")
    hold_days_bank: int = Field(180, ge=1, le=730, description="Money that came by bank is held for so long at most.")
    hold_days_stripe: int = Field(
        90, ge=1, le=730, description="The same of Stripe, which allows 90 days, in the US two years, in Thailand ten."
    )
    bank_account_holder: str = Field("", description="Whose account invoices name for bank transfers.")
    bank_account_number: str = Field("", description="Its number or IBAN; without one, invoices name no account.")
    bank_name: str = Field("", description="The bank it is at, with its SWIFT or CNAPS code.")
    stripe_api_key: SecretStr | None = Field(
        None, validation_alias=_plain("STRIPE_API_KEY"), description="Without it, payments are by bank alone."
    )
    stripe_webhook_secret: SecretStr | None = Field(
        None, validation_alias=_plain("STRIPE_WEBHOOK_SECRET"), description="Signs the events that Stripe sends."
    )
    stripe_api_base: str = Field(
        "https://api.stripe.com",
        validation_alias=_plain("STRIPE_API_BASE"),
        description="Another address for a double of Stripe, or stripe-mock.",
    )

    @property
    def tariff(self) -> Tariff:
        return Tariff(
            broker_basis_points=self.broker_commission_basis_points,
            pay_within=timedelta(days=self.invoice_days),
            hold_bank=timedelta(days=self.hold_days_bank),
            hold_stripe=timedelta(days=self.hold_days_stripe),
        )
