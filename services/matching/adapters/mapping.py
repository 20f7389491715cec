"""Between rows, JSON and the domain. JSON holds enums as text, times as ISO 8601, money as in the API."""

from datetime import datetime
from typing import Any

import orjson

from services.matching.adapters.tables import DemandRow, ListingRow, MatchRow
from services.matching.domain.demands import Demand, DemandStatus, Visibility
from services.matching.domain.eligibility import Bar
from services.matching.domain.facts import (
    AskingPrice,
    DealForm,
    DemandFacts,
    Encumbrance,
    EncumbranceKind,
    ListingFacts,
    ListingStatus,
    Maturity,
    Money,
    PriceForm,
    RightFacts,
    RightStatus,
)
from services.matching.domain.feedback import DismissalReason
from services.matching.domain.matches import Judgement, Match, Party, Side, Standing, Verdict
from services.matching.domain.reasons import Reason
from services.matching.domain.relevance import Document
from services.matching.domain.text import Script

JSON = dict[str, Any]


def money_json(money: Money | None) -> JSON | None:
    return None if money is None else {"minor_units": money.minor_units, "currency": money.currency}


def money_of(json: JSON | None) -> Money | None:
    return None if json is None else Money(json["minor_units"], json["currency"])


def listing_facts(row: ListingRow, right: JSON | None) -> ListingFacts:
    """`right` is what the register said after the listing last changed, if anything."""
    return ListingFacts(
        listing_id=row.listing_id,
        organisation_id=row.organisation_id,
        title=row.title,
        text=row.text,
        language=row.language,
        status=ListingStatus(row.status),
        ipc=tuple(row.ipc),
        deal_forms=tuple(map(DealForm, row.deal_forms)),
        price=AskingPrice(PriceForm(row.price["form"]), money_of(row.price["minimum"]), money_of(row.price["maximum"])),
        maturity=Maturity(row.maturity),
        industries=tuple(row.industries),
        territories=tuple(row.territories),
        right=_right_facts(right or row.right),
    )


def document_json(document: Document) -> str:
    return orjson.dumps([document.counts, document.length, document.script]).decode()


def document_of(json: str) -> Document:
    counts, length, script = orjson.loads(json)
    return Document(counts, length, Script(script))


def _right_facts(json: JSON) -> RightFacts:
    return RightFacts(
        office=json["office"],
        number=json["number"],
        status=RightStatus(json["status"]),
        expires_at=_moment(json["expires_at"]),
        encumbrances=tuple(map(_encumbrance, json["encumbrances"])),
    )


def _encumbrance(json: JSON) -> Encumbrance:
    return Encumbrance(
        kind=EncumbranceKind(json["kind"]),
        holder=json["holder"],
        holder_consents=json["holder_consents"],
        licence_form=DealForm(json["licence_form"]) if json["licence_form"] else None,
        territories=tuple(json["territories"]),
        field_of_use=json["field_of_use"],
        ends_at=_moment(json["ends_at"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def demand(row: DemandRow) -> Demand:
    facts = DemandFacts(
        demand_id=row.demand_id,
        organisation_id=row.organisation_id,
        title=row.title,
        text=row.problem,
        language=row.language,
        industry=row.industry,
        ipc=tuple(row.ipc),
        deal_forms=tuple(map(DealForm, row.deal_forms)),
        territories=tuple(row.territories),
        budget=money_of(row.budget),
    )
    return Demand(
        facts,
        organisation_name=row.organisation_name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        status=DemandStatus(row.status),
        close_reason=row.close_reason,
        version=row.version,
        visibility=Visibility(row.visibility),
        budget_public=row.budget_public,
        region=row.region,
    )


def demand_values(demand: Demand) -> JSON:
    facts = demand.facts
    return {
        "demand_id": facts.demand_id,
        "organisation_id": facts.organisation_id,
        "organisation_name": demand.organisation_name,
        "title": facts.title,
        "problem": facts.text,
        "industry": facts.industry,
        "ipc": list(facts.ipc),
        "deal_forms": [str(form) for form in facts.deal_forms],
        "territories": list(facts.territories),
        "budget": money_json(facts.budget),
        "language": facts.language,
        "status": str(demand.status),
        "close_reason": demand.close_reason,
        "created_at": demand.created_at,
        "expires_at": demand.expires_at,
        "version": demand.version,
        "visibility": str(demand.visibility),
        "budget_public": demand.budget_public,
        "region": demand.region,
    }


def bar_json(bar: Bar | None) -> JSON | None:
    if bar is None:
        return None
    return {"code": bar.code, "rule": bar.rule, "article": bar.article, "parameters": bar.parameters}


def bar_of(json: JSON | None) -> Bar | None:
    return None if json is None else Bar(json["code"], json["rule"], json["article"], json["parameters"])


def reasons_json(reasons: tuple[Reason, ...]) -> list[JSON]:
    return [{"code": each.code, "contribution": each.contribution, "parameters": each.parameters} for each in reasons]


def judgements_json(judgements: dict[Side, Judgement]) -> list[JSON]:
    return [
        {
            "side": str(each.side),
            "verdict": str(each.verdict),
            "reason": str(each.reason) if each.reason else None,
            "judged_at": each.judged_at.isoformat(),
        }
        for each in judgements.values()
    ]


def match(row: MatchRow, demand_row: DemandRow, listing_row: ListingRow) -> Match:
    return Match(
        match_id=row.match_id,
        demand=Party(row.demand_id, demand_row.title, demand_row.organisation_id, demand_row.organisation_name),
        listing=Party(row.listing_id, listing_row.title, listing_row.organisation_id, listing_row.organisation_name),
        score=row.score,
        reasons=tuple(Reason(each["code"], each["contribution"], each["parameters"]) for each in row.reasons),
        standing=Standing(row.standing),
        found_at=row.found_at,
        updated_at=row.updated_at,
        version=row.version,
        bar=bar_of(row.bar),
        judgements={Side(each["side"]): _judgement(each) for each in row.judgements},
    )


def _judgement(json: JSON) -> Judgement:
    return Judgement(
        side=Side(json["side"]),
        verdict=Verdict(json["verdict"]),
        reason=DismissalReason(json["reason"]) if json["reason"] else None,
        judged_at=datetime.fromisoformat(json["judged_at"]),
    )
