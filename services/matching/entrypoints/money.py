from pydantic import BaseModel, ConfigDict, Field


class Money(BaseModel):
    """An amount in minor units of its ISO 4217 currency: 80000000 CNY is 800,000.00 yuan."""

    model_config = ConfigDict(extra="forbid")

    minor_units: int = Field(ge=1, le=10**15)
    currency: str = Field(pattern="^[A-Z]{3}$")
