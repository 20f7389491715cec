"""What speaks for and against a pair beside its text. Each feature yields reasons; an unknown fact yields none.

The greatest contributions of all features and of the text (scoring.TEXT) sum to 1.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from services.matching.domain import ipc
from services.matching.domain.facts import (
    DealForm,
    DemandFacts,
    EncumbranceKind,
    ListingFacts,
    ListingStatus,
    Maturity,
    Money,
    PriceForm,
    RightStatus,
)
from services.matching.domain.reasons import Reason
from services.matching.domain.text import read

IPC = {ipc.Level.GROUP: 0.15, ipc.Level.MAIN_GROUP: 0.12, ipc.Level.SUBCLASS: 0.08, ipc.Level.CLASS: 0.03}
IPC_DIFFERS = -0.03
# Where the texts are in two languages, words cannot speak and the symbols speak for them.
IPC_ACROSS_LANGUAGES = {
    ipc.Level.GROUP: 0.4,
    ipc.Level.MAIN_GROUP: 0.34,
    ipc.Level.SUBCLASS: 0.15,
    ipc.Level.CLASS: 0.03,
}
PRICE = 0.05
PRICE_ABOVE = -0.15
DEAL_FORM = 0.05
DEAL_FORM_DIFFERS = -0.2
INDUSTRY = 0.04
TERRITORY = 0.02
TERRITORY_DIFFERS = -0.15
MATURITY = {Maturity.PILOT: 0.01, Maturity.MASS_PRODUCTION: 0.02, Maturity.SOLD: 0.02}
STATUS = {
    RightStatus.GRANTED: 0.02,
    RightStatus.GRACE: -0.02,
    RightStatus.RECOVERABLE: -0.06,
    RightStatus.UNMAPPED: 0.0,
}
SHORT_LIFE = timedelta(days=2 * 365)
SHORT_LIFE_LEFT = -0.04
BURDEN = -0.1
UNDER_OFFER = -0.05


def ipc_overlap(demand: DemandFacts, listing: ListingFacts, *, same_script: bool) -> Iterator[Reason]:
    if not (demand.ipc and listing.ipc):
        return
    closest = ipc.closest(demand.ipc, listing.ipc)
    if closest is None:
        yield Reason("ipc_differs", IPC_DIFFERS, {"wanted": _list(demand.ipc), "given": _list(listing.ipc)})
        return
    level, symbol = closest
    weights = IPC if same_script else IPC_ACROSS_LANGUAGES
    yield Reason(f"same_ipc_{level}", weights[level], {"symbol": symbol})


def price(demand: DemandFacts, listing: ListingFacts) -> Iterator[Reason]:
    asking, budget = listing.price, demand.budget
    if asking.form is PriceForm.FREE:
        yield Reason("free_of_charge", PRICE)
        return
    if budget is None or asking.minimum is None:
        return
    facts = {"asking": amount(asking.minimum), "budget": amount(budget)}
    if asking.minimum.currency != budget.currency:
        yield Reason("price_in_other_currency", 0.0, facts)
    elif asking.minimum.minor_units > budget.minor_units:
        excess = asking.minimum.minor_units / max(budget.minor_units, 1) - 1
        yield Reason("price_above_budget", PRICE_ABOVE * min(1.0, excess), facts)
    elif asking.maximum is not None and asking.maximum.minor_units > budget.minor_units:
        facts["asking"] = f"{amount(asking.minimum)} – {amount(asking.maximum)}"
        yield Reason("price_range_meets_budget", PRICE / 2, facts)
    else:
        yield Reason("price_within_budget", PRICE, facts)


def deal_form(demand: DemandFacts, listing: ListingFacts) -> Iterator[Reason]:
    offered = offered_forms(listing)
    if not demand.deal_forms or not offered:
        return
    if common := _meets(set(demand.deal_forms), offered):
        yield Reason("deal_form", DEAL_FORM, {"forms": _list(common)})
    else:
        yield Reason(
            "deal_form_differs",
            DEAL_FORM_DIFFERS,
            {"wanted_forms": _list(demand.deal_forms), "offered_forms": _list(offered)},
        )


def offered_forms(listing: ListingFacts) -> set[DealForm]:
    """What the owner may grant alone: a co-owner who has not agreed leaves ordinary licences only (PL 14)."""
    offered = set(listing.deal_forms)
    burdens = listing.right.encumbrances
    if any(each.kind is EncumbranceKind.CO_OWNERSHIP and not each.holder_consents for each in burdens):
        offered &= {DealForm.ORDINARY_LICENCE, DealForm.OPEN_LICENCE}
    return offered


def _meets(wanted: set[DealForm], offered: set[DealForm]) -> set[DealForm]:
    # An open licence is an ordinary one whose terms were declared to all (PL 51).
    extra = {DealForm.OPEN_LICENCE} if DealForm.ORDINARY_LICENCE in wanted else set()
    return (wanted | extra) & offered


def industry(demand: DemandFacts, listing: ListingFacts) -> Iterator[Reason]:
    wanted = _terms(demand.industry)
    if not wanted:
        return
    for given in listing.industries:
        offered = _terms(given)
        if len(wanted & offered) / len(wanted | offered) > 1 / 2:
            yield Reason("same_industry", INDUSTRY, {"industry": given})
            return


@lru_cache(maxsize=4096)
def _terms(industry: str) -> frozenset[str]:
    return frozenset(read(industry).terms)


def territory(demand: DemandFacts, listing: ListingFacts) -> Iterator[Reason]:
    wanted, reach = set(demand.territories), listing.reach
    if not wanted or not reach:
        return
    if wanted <= reach:
        yield Reason("territory", TERRITORY, {"territories": _list(wanted)})
    elif not wanted & reach:
        yield Reason("territory_differs", TERRITORY_DIFFERS, {"wanted": _list(wanted), "offered": _list(reach)})
    else:
        yield Reason("territory_in_part", 0.0, {"territories": _list(wanted & reach), "missing": _list(wanted - reach)})


def maturity(listing: ListingFacts) -> Iterator[Reason]:
    if listing.maturity in MATURITY:
        yield Reason("maturity", MATURITY[listing.maturity], {"maturity": listing.maturity})


def legal_state(listing: ListingFacts, now: datetime) -> Iterator[Reason]:
    """Status, remaining life and burdens that do not rule the listing out (eligibility.py has those that do)."""
    right = listing.right
    if right.status in STATUS:
        yield Reason(f"right_{right.status}", STATUS[right.status])
    if right.expires_at is not None and right.expires_at - now < SHORT_LIFE:
        yield Reason("short_remaining_life", SHORT_LIFE_LEFT, {"expires_on": right.expires_at.date().isoformat()})
    if listing.status is ListingStatus.UNDER_OFFER:
        yield Reason("under_offer", UNDER_OFFER)
    for burden in right.encumbrances:
        running = burden.ends_at is None or burden.ends_at > now
        if running and burden.kind is EncumbranceKind.PRESERVATION:
            yield Reason("under_preservation", BURDEN)
        if running and burden.field_of_use and burden.licence_form in _EXCLUDING:
            yield Reason("licensed_in_field", BURDEN, {"form": burden.licence_form, "field": burden.field_of_use})


_EXCLUDING = frozenset({DealForm.EXCLUSIVE_LICENCE, DealForm.SOLE_LICENCE})

# ISO 4217: currencies whose minor unit is not a hundredth.
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}


def amount(money: Money) -> str:
    """`800,000 CNY`; decimals only where there are some."""
    digits = _MINOR_DIGITS.get(money.currency, 2)
    whole, rest = divmod(money.minor_units, 10**digits)
    decimals = f".{rest:0{digits}d}" if rest else ""
    return f"{whole:,}{decimals} {money.currency}"


def _list(values: "set[str] | frozenset[str] | tuple[str, ...] | set[DealForm] | tuple[DealForm, ...]") -> str:
    return ", ".join(sorted(str(value) for value in values))
