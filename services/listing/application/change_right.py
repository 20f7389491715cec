from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.listing.application.follow_right import follow
from services.listing.application.ports import Store
from services.listing.domain.facts import Fact, RightStatusChanged
from services.listing.domain.rights import Right, described


async def change_right(store: Store, right: Right, changes: Mapping[str, Any], now: datetime) -> Right:
    """Change what the holder says of a right, by field name. Raises InvalidRight."""
    changed = described(right, changes, now)
    await store.rights.save(changed)
    facts: list[Fact] = []
    if changed.filed_at != right.filed_at:
        facts.append(RightStatusChanged(changed))  # the term counts from it
    await store.announce([*facts, *await follow(store, changed, now)])
    return changed
