"""/api/v1/deals/figures: how far an organisation's deals come, and where they end."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.contract.adapters.queries import figures_of
from services.kit.web import Caller, Tx, router

figures: APIRouter = router(prefix="/api/v1/deals", tags=["deals"])


class DealFigures(BaseModel):
    total: int
    awaiting_me: int = Field(description="Deals whose next step is the caller's organisation's.")
    states: dict[str, int] = Field(description="Deals by the state they are in.")
    reached: dict[str, int] = Field(
        description="Deals by what ever happened to them: an event of the history, such as `offer_made`.",
        examples=[{"opened": 9, "offer_made": 6, "offer_accepted": 4, "contract_signed": 3}],
    )
    ended_for: dict[str, int] = Field(description="Deals that ended without a contract, by reason.")


@figures.get("/figures")
async def read_deal_figures(tx: Tx, caller: Caller) -> DealFigures:
    """Counts over all deals the caller's organisation takes part in, or took part in."""
    return DealFigures.model_validate(await figures_of(tx, caller.organisation_id))
