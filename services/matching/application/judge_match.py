from datetime import datetime
from uuid import UUID

from services.matching.application.ports import News, Store
from services.matching.domain.errors import MatchNotFound
from services.matching.domain.feedback import DismissalReason
from services.matching.domain.matches import Judgement, Match, Side, Standing, Verdict


async def judge_match(
    store: Store,
    news: News,
    *,
    match_id: UUID,
    organisation_id: UUID,
    verdict: Verdict,
    reason: DismissalReason | None,
    now: datetime,
) -> Match:
    """What one side says of a match. Saying it again changes nothing.

    Raises MatchNotFound, MatchDismissed, MatchLapsed.
    """
    match = await store.match(match_id)
    if match is None or not match.is_side(organisation_id):
        raise MatchNotFound(match_id=match_id)
    await store.demand(match.demand.id, lock=True)
    match = await store.match(match_id, lock=True)
    assert match is not None  # matches are never deleted
    judgement = Judgement(match.side_of(organisation_id), verdict, reason, now)
    judged = match.judged(judgement)
    if judged is match:
        return match
    await store.save_judged(judged)
    if judged.standing is Standing.DISMISSED and judgement.side is Side.DEMAND:
        await store.match_again(match.demand.id, now)  # so that what the "no" teaches shows at once
    await news.match_judged(judged, judgement, organisation_id)
    return judged
