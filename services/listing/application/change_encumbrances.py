from datetime import datetime
from uuid import UUID

from services.listing.application.follow_right import announce_change
from services.listing.application.ports import Store
from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.errors import EncumbranceNotFound, InvalidEncumbrance
from services.listing.domain.facts import RightEncumbrancesChanged
from services.listing.domain.rights import Right


async def record_encumbrance(store: Store, right: Right, encumbrance: Encumbrance, now: datetime) -> Right:
    """Raises InvalidEncumbrance."""
    if faults := list(encumbrance.faults()):
        raise InvalidEncumbrance(errors=faults)
    await store.rights.add_encumbrance(right.right_id, encumbrance)
    return await _changed(store, right, (*right.encumbrances, encumbrance), now)


async def lift_encumbrance(store: Store, right: Right, encumbrance_id: UUID, now: datetime) -> Right:
    """Raises EncumbranceNotFound; one that a deal of this hall made is not lifted by hand."""
    found = next((burden for burden in right.encumbrances if burden.encumbrance_id == encumbrance_id), None)
    if found is None or found.deal_id is not None:
        raise EncumbranceNotFound(encumbrance_id=encumbrance_id)
    await store.rights.remove_encumbrance(encumbrance_id)
    return await _changed(store, right, tuple(b for b in right.encumbrances if b is not found), now)


async def _changed(store: Store, right: Right, encumbrances: tuple[Encumbrance, ...], now: datetime) -> Right:
    changed = right.changed(encumbrances=encumbrances)
    await store.rights.save(changed)
    await announce_change(store, RightEncumbrancesChanged(changed), now)
    return changed
