"""Demands and listings for tests; each keyword changes one fact."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.matching.domain.facts import (
    AskingPrice,
    DealForm,
    DemandFacts,
    ListingFacts,
    Maturity,
    Money,
    PriceForm,
    RightFacts,
    RightStatus,
)
from services.matching.domain.relevance import Statistics, Tally, document

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


def right(**changes: Any) -> RightFacts:
    facts: dict[str, Any] = {
        "office": "CN",
        "number": "CN202119900001.9",
        "status": RightStatus.GRANTED,
        "expires_at": NOW + timedelta(days=3650),
    }
    return RightFacts(**facts | changes)


def listing(**changes: Any) -> ListingFacts:
    facts: dict[str, Any] = {
        "listing_id": uuid4(),
        "organisation_id": uuid4(),
        "title": "一种高镍三元锂电池用阻燃电解液",
        "text": "本发明公开一种电解液，含氟代碳酸乙烯酯和磷腈阻燃剂，与高镍三元正极匹配，循环寿命长。",
        "language": "zh",
        "ipc": ("H01M 10/0525",),
        "deal_forms": (DealForm.ORDINARY_LICENCE,),
        "price": AskingPrice(PriceForm.FIXED, yuan(800_000)),
        "maturity": Maturity.PILOT,
        "industries": ("电池制造",),
        "right": right(),
    }
    return ListingFacts(**facts | changes)


def demand(**changes: Any) -> DemandFacts:
    facts: dict[str, Any] = {
        "demand_id": uuid4(),
        "organisation_id": uuid4(),
        "title": "高镍三元动力电池电解液",
        "text": "现有电解液与高镍三元正极不匹配，需要阻燃、循环寿命长的电解液。",
        "language": "zh",
        "industry": "电池制造",
        "ipc": ("H01M 10/0525",),
        "deal_forms": (DealForm.ORDINARY_LICENCE,),
        "territories": ("CN",),
        "budget": yuan(1_000_000),
    }
    return DemandFacts(**facts | changes)


FILLER = (
    "水稻育秧盘清洗机",
    "石墨烯导热膜的卷绕装置",
    "自动驾驶车辆的路径规划方法",
    "瓷砖釉面缺陷的视觉检测",
    "海带晾晒架",
    "一种锂电池外壳的冲压模具",
    "Image sensor with low noise",
    "A method for training neural networks",
)


def statistics(*listings: ListingFacts) -> Statistics:
    """Of some unrelated listings and those given."""
    tally = Tally()
    for each in [*listings, *(listing(title=title, text=title, ipc=(), right=right(number="")) for title in FILLER)]:
        tally.add(document(each), each.ipc)
    return tally.statistics()
