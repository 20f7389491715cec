"""One deal: inquiry, offer, counter-offer, acceptance, two signatures."""

from dataclasses import dataclass

from deploy.local.demo.hall import Hall, Json, Party, once_known
from deploy.local.demo.market import Chosen, title_of
from deploy.local.demo.parties import Cast
from deploy.local.demo.report import Report

_TRANSFERS = frozenset({"assignment", "equity"})
_UNPRICED = {"minor_units": 20_000_000, "currency": "CNY"}  # 200,000.00 yuan, where neither side names a sum
_FIRST_BID, _MEETING_POINT = 80, 90  # per cent of what is asked


@dataclass(frozen=True)
class Deal:
    deal_id: str
    licensor: Party
    licensee: Party
    form: str
    asked: Json


async def open_deal(hall: Hall, report: Report, cast: Cast, chosen: Chosen) -> Deal:
    title = title_of(chosen.listing)
    inquiry = {
        "listing_id": chosen.listing["listing_id"],
        "demand_id": chosen.demand_id,
        "broker_organisation_id": cast.broker.organisation_id,
        "message": report.text("say.inquiry", title=title),
    }
    # The contract service may not have heard of the listing yet.
    opened = await once_known(lambda: hall.post(cast.company, "/deals", inquiry))
    report.step("deal", opened["deal_id"], title=title, broker=cast.broker.name, state=opened["state"])
    return Deal(opened["deal_id"], cast.university, cast.company, chosen.form, _asked(chosen))


async def agree(hall: Hall, report: Report, deal: Deal) -> None:
    """The licensee bids, the licensor counters, the licensee accepts."""
    await _offer(hall, report, deal, deal.licensee, _FIRST_BID)
    counter_id = await _offer(hall, report, deal, deal.licensor, _MEETING_POINT)
    answer = await hall.post(deal.licensee, f"/deals/{deal.deal_id}/offers/{counter_id}/accept")
    report.step("accepted", counter_id, name=deal.licensee.name, state=answer["state"])


async def sign(hall: Hall, report: Report, deal: Deal) -> None:
    """The licensor first, then the licensee: signatures are ordered."""
    for party in (deal.licensor, deal.licensee):
        answer = await hall.post(party, f"/deals/{deal.deal_id}/signatures")
        report.step("signed", deal.deal_id, name=party.name, state=answer["state"])


async def _offer(hall: Hall, report: Report, deal: Deal, party: Party, per_cent: int) -> str:
    terms = _terms(deal, per_cent)
    answer = await hall.post(party, f"/deals/{deal.deal_id}/offers", {"terms": terms})
    offer = answer["offers"][-1]
    report.step(
        "offer" if offer["round"] == 1 else "counter",
        offer["offer_id"],
        name=party.name,
        form=report.text(f"form.{deal.form}"),
        fee=written(terms["fixed_fee"]),
        state=answer["state"],
    )
    return str(offer["offer_id"])


def _asked(chosen: Chosen) -> Json:
    price = chosen.listing.get("price") or {}
    for money in (price.get("minimum"), price.get("maximum"), chosen.demand.body.get("budget")):
        if money and money["minor_units"]:
            return dict(money)
    return _UNPRICED


def _terms(deal: Deal, per_cent: int) -> Json:
    return {
        "form": deal.form,
        # What changes hands does so whole; a licence is for China here, to the end of the right.
        "territories": [] if deal.form in _TRANSFERS else ["CN"],
        "field_of_use": "",
        "sublicensing_allowed": False,
        "fixed_fee": {
            "minor_units": deal.asked["minor_units"] * per_cent // 100,
            "currency": deal.asked["currency"],
        },
    }


def written(money: Json) -> str:
    """1,234.50 CNY; currencies with other than two minor digits do not occur in the demo."""
    units, cents = divmod(abs(money["minor_units"]), 100)
    sign = "-" if money["minor_units"] < 0 else ""
    return f"{sign}{units:,}.{cents:02d} {money['currency']}"
