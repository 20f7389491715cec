from datetime import datetime

from services.listing.application.ports import Store
from services.listing.application.record_status_event import record_status_event
from services.listing.domain.register import Category


async def lapse_next(store: Store, now: datetime) -> bool:
    """Enter the end of its term in the log of a right that is still on offer. False where there is none."""
    right = await store.rights.lock_next_ended(now)
    if right is None:
        return False
    assert right.ends_by is not None
    await record_status_event(
        store,
        right,
        category=Category.TERMINATED,
        status=None,
        as_given="",
        occurred_at=right.ends_by,
        by=None,
        now=now,
    )
    return True
