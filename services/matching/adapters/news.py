"""The service's facts as the hall reads them: the one place where domain objects become published events."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from zayton.common.v1 import types_pb2 as common
from zayton.matching.v1 import events_pb2 as events

from services.kit.outbox import Fact, publish, publish_all
from services.kit.protos import money, text_to_enum, timestamp
from services.matching.domain.demands import Demand
from services.matching.domain.matches import Judgement, Match
from services.matching.domain.reasons import public


class PublishedNews:
    """application.ports.News through the outbox."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def demand_posted(self, demand: Demand) -> None:
        await self._publish_demand(events.DemandPosted(demand=demand_message(demand)), demand)

    async def demand_ended(self, demand: Demand) -> None:
        message = events.DemandClosed(demand=demand_message(demand), reason=demand.close_reason)
        await self._publish_demand(message, demand)

    async def _publish_demand(self, message: events.DemandPosted | events.DemandClosed, demand: Demand) -> None:
        await publish(self._session, message, aggregate_id=demand.facts.demand_id, version=demand.version)

    async def matches_found(self, matches: Sequence[Match]) -> None:
        facts = [Fact(events.MatchFound(match=match_message(each)), each.match_id, each.version) for each in matches]
        await publish_all(self._session, facts)

    async def match_judged(self, match: Match, judgement: Judgement, organisation_id: UUID) -> None:
        message = events.MatchJudged(
            match=match_message(match),
            verdict=text_to_enum(events.Verdict, judgement.verdict),
            reason=judgement.reason or "",
            judged_by_organisation_id=str(organisation_id),
        )
        await publish(self._session, message, aggregate_id=match.match_id, version=match.version)


def demand_message(demand: Demand) -> events.Demand:
    facts, budget = demand.facts, demand.facts.budget
    return events.Demand(
        demand_id=str(facts.demand_id),
        organisation_id=str(facts.organisation_id),
        organisation_name=demand.organisation_name,
        title=facts.title,
        problem=facts.text,
        industry=facts.industry,
        ipc=facts.ipc,
        deal_forms=[text_to_enum(common.DealForm, form) for form in facts.deal_forms],
        territories=facts.territories,
        budget=money(budget.minor_units, budget.currency) if budget else None,
        status=text_to_enum(events.DemandStatus, demand.status),
        expires_at=timestamp(demand.expires_at),
        language=facts.language,
    )


def match_message(match: Match) -> events.Match:
    """Told to both sides alike, hence without the reasons that only the demand's side may read (its budget)."""
    return events.Match(
        match_id=str(match.match_id),
        demand_id=str(match.demand.id),
        demand_organisation_id=str(match.demand.organisation_id),
        demand_title=match.demand.title,
        listing_id=str(match.listing.id),
        listing_organisation_id=str(match.listing.organisation_id),
        listing_title=match.listing.title,
        score=match.score,
        reasons=[
            events.Reason(code=each.code, parameters=each.parameters, contribution=each.contribution)
            for each in public(match.reasons)
        ],
    )
