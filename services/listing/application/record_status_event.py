from datetime import datetime
from uuid import UUID

from services.listing.application.follow_right import announce_change
from services.listing.application.ports import Store
from services.listing.domain.facts import RightStatusChanged
from services.listing.domain.register import Category, StatusEvent, project, read_event
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import RightStatus


async def record_status_event(
    store: Store,
    right: Right,
    *,
    category: Category,
    status: RightStatus | None,
    as_given: str,
    occurred_at: datetime,
    by: UUID | None,
    now: datetime,
) -> tuple[Right, StatusEvent]:
    """Enter an event of the register in a right's log. Raises InvalidStatusEvent where its parts do not agree."""
    event = read_event(category, status, as_given, occurred_at=occurred_at, now=now, recorded_by=by)
    await store.rights.add_event(right.right_id, event)
    projected, words = project(await store.rights.events(right.right_id))
    changed = right.changed(status=projected, status_as_given=words)
    await store.rights.save(changed)
    await announce_change(store, RightStatusChanged(changed), now)
    return changed, event
