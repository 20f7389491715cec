"""Do the services agree? What each owns against what others have heard of it, once all events are heard.

For whoever looks after a hall, after a restore or a long fault: no service reads another's tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.local.backup.schemas import connected
from deploy.local.databases import Databases

_SHOWN = 5


@dataclass(frozen=True)
class Copy:
    """The rows of both queries are the same where all is well. Both are read in their service's schema."""

    what: str
    owner: str
    owned: str
    holder: str
    held: str


_ORGANISATIONS = "SELECT organisation_id, name FROM organisations"
_RIGHTS = "SELECT right_id, version FROM rights"
_LISTED = "SELECT listing_id, version FROM listings WHERE published_at IS NOT NULL"
_HEARD_LISTINGS = "SELECT listing_id, aggregate_version FROM listings"
COPIES = (
    *(
        Copy("organisations", "gateway", _ORGANISATIONS, name, _ORGANISATIONS)
        for name in ("listing", "contract", "notify")
    ),
    Copy(
        "members",
        "gateway",
        "SELECT user_id, organisation_id, role FROM members",
        "notify",
        "SELECT user_id, organisation_id, role FROM members WHERE NOT has_left",
    ),
    Copy("rights", "listing", _RIGHTS, "contract", "SELECT right_id, aggregate_version FROM rights"),
    *(Copy("listings", "listing", _LISTED, name, _HEARD_LISTINGS) for name in ("contract", "matching")),
    Copy(
        "demands",
        "matching",
        "SELECT demand_id, organisation_id FROM demands",
        "contract",
        "SELECT demand_id, organisation_id FROM demands",
    ),
    Copy(
        "signed deals",
        "contract",
        "SELECT deal_id FROM grants WHERE running",
        "listing",
        "SELECT deal_id FROM encumbrances WHERE deal_id IS NOT NULL",
    ),
)


@dataclass(frozen=True)
class Disagreement:
    copy: Copy
    unheard: int  # the owner has it, the other does not
    unknown: int  # the other has it, the owner does not
    examples: list[str]

    def __str__(self) -> str:
        return (
            f"{self.copy.what}: {self.copy.holder} lacks {self.unheard} of {self.copy.owner}, and has {self.unknown} "
            f"that {self.copy.owner} does not know, as {', '.join(self.examples)}"
        )


async def disagreements(found: Databases) -> list[Disagreement]:
    """What services tell differently. A hall that works has events on their way: look when it is quiet."""
    return [each for copy in COPIES if (each := await _compare(found, copy)) is not None]


async def _compare(found: Databases, copy: Copy) -> Disagreement | None:
    owned = await _rows(found, copy.owner, copy.owned)
    held = await _rows(found, copy.holder, copy.held)
    if owned == held:
        return None
    examples = [" ".join(row) for row in sorted(owned ^ held)[:_SHOWN]]
    return Disagreement(copy, len(owned - held), len(held - owned), examples)


async def _rows(found: Mapping[str, str], service: str, query: str) -> set[tuple[str, ...]]:
    async with connected(found[service]) as connection, connection.transaction():
        await connection.execute("SELECT set_config('search_path', $1, true)", service)
        rows: list[Any] = await connection.fetch(query)
    return {tuple(map(str, row)) for row in rows}
