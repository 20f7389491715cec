from datetime import datetime

from services.kit.auth import Principal
from services.listing.application.ports import Store
from services.listing.domain.errors import AlreadyRegistered
from services.listing.domain.facts import RightRegistered
from services.listing.domain.rights import Right, RightDraft, register


async def register_right(store: Store, caller: Principal, draft: RightDraft, now: datetime) -> Right:
    """Raises InvalidNumber, InvalidRight, InvalidStatusEvent, AlreadyRegistered."""
    registration = register(draft, organisation_id=caller.organisation_id, by=caller.user_id, now=now)
    right = registration.right
    if not await store.rights.add([registration]):
        number = right.number.canonical
        known = await store.rights.registered(caller.organisation_id, [number])
        raise AlreadyRegistered(number=number, right_id=known[number])
    await store.announce([RightRegistered(right)])
    return right
