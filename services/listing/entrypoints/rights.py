from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from services.kit.clock import utcnow
from services.kit.web import IfMatch, Page, PagingQuery, Tx, check_match, etag, router
from services.listing.adapters import catalogue
from services.listing.application.access import oversees, right_for
from services.listing.application.change_encumbrances import lift_encumbrance, record_encumbrance
from services.listing.application.change_right import change_right
from services.listing.application.record_status_event import record_status_event
from services.listing.application.register_right import register_right
from services.listing.domain.errors import RightNotFound
from services.listing.domain.register import in_order
from services.listing.domain.rights import Right
from services.listing.entrypoints.bodies import ChangeRight, RecordEncumbrance, RecordStatusEvent, RegisterRight
from services.listing.entrypoints.dependencies import Agent, Holder, Reader, Stored, Texts
from services.listing.entrypoints.views import (
    EncumbranceList,
    EncumbranceView,
    RightView,
    StatusEventView,
    StatusLog,
    log_of,
)

rights = router(prefix="/api/v1/rights", tags=["rights"])


@rights.post("", status_code=status.HTTP_201_CREATED)
async def post_right(body: RegisterRight, store: Stored, caller: Holder, texts: Texts, response: Response) -> RightView:
    """Register a patent of the own organisation. Its number is read in any way of writing, and its check digit
    checked.
    """
    right = await register_right(store, caller, body.draft(), utcnow())
    response.headers["Location"] = f"/api/v1/rights/{right.right_id}"
    etag(response, right.version)
    return RightView.of(right, texts)


@rights.get("")
async def get_rights(
    tx: Tx,
    caller: Reader,
    texts: Texts,
    paging: PagingQuery,
    organisation_id: Annotated[UUID | None, Query(description="Operators alone may look at another's.")] = None,
) -> Page[RightView]:
    """Rights of the own organisation, newest first; operators see those of all."""
    owner = organisation_id if caller.is_operator else caller.organisation_id
    if organisation_id is not None and not oversees(caller, organisation_id):
        return Page(items=[])
    found, cursor = await catalogue.rights_page(tx, owner, paging)
    return Page(items=[RightView.of(right, texts) for right in found], next=cursor)


@rights.get("/{right_id}")
async def get_right(right_id: UUID, store: Stored, caller: Reader, texts: Texts, response: Response) -> RightView:
    """A right of the own organisation. What is on offer of others is in the listings."""
    right = await _seen(store, caller, right_id)
    etag(response, right.version)
    return RightView.of(right, texts)


@rights.patch("/{right_id}")
async def patch_right(
    *,
    right_id: UUID,
    body: ChangeRight,
    held: IfMatch,
    store: Stored,
    caller: Holder,
    texts: Texts,
    response: Response,
) -> RightView:
    """Change how a right is described. Its number stays; its status follows the register's events."""
    right = await right_for(store, caller, right_id, operator_too=False)
    check_match(held, right.version)
    changed = await change_right(store, right, body.changes(), utcnow())
    etag(response, changed.version)
    return RightView.of(changed, texts)


@rights.get("/{right_id}/status-events")
async def get_status_events(right_id: UUID, store: Stored, caller: Reader) -> StatusLog:
    """The register's log of a right, in the order of what happened."""
    right = await _seen(store, caller, right_id)
    return log_of(right, in_order(await store.rights.events(right_id)))


@rights.post("/{right_id}/status-events", status_code=status.HTTP_201_CREATED)
async def post_status_event(
    right_id: UUID, body: RecordStatusEvent, store: Stored, caller: Agent, response: Response
) -> StatusEventView:
    """Enter an event of the register. A right that is no longer in force leaves the catalogue at once."""
    right = await right_for(store, caller, right_id)
    changed, event = await record_status_event(store, right, **dict(body), by=caller.user_id, now=utcnow())
    etag(response, changed.version)
    return StatusEventView.of(event)


@rights.get("/{right_id}/encumbrances")
async def get_encumbrances(right_id: UUID, store: Stored, caller: Reader) -> EncumbranceList:
    """Burdens on a right, ended ones too."""
    right = await _seen(store, caller, right_id)
    return EncumbranceList(items=[EncumbranceView.of(burden) for burden in right.encumbrances])


@rights.post("/{right_id}/encumbrances", status_code=status.HTTP_201_CREATED)
async def post_encumbrance(
    right_id: UUID, body: RecordEncumbrance, store: Stored, caller: Agent, response: Response
) -> EncumbranceView:
    """Record a burden. A listing that may not stand beside it leaves the catalogue at once."""
    right = await right_for(store, caller, right_id)
    burden = body.encumbrance()
    changed = await record_encumbrance(store, right, burden, utcnow())
    etag(response, changed.version)
    return EncumbranceView.of(burden)


@rights.delete("/{right_id}/encumbrances/{encumbrance_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_encumbrance(right_id: UUID, encumbrance_id: UUID, store: Stored, caller: Agent) -> None:
    """Lift a burden that was recorded by hand. Licences made by deals of this hall stay."""
    right = await right_for(store, caller, right_id)
    await lift_encumbrance(store, right, encumbrance_id, utcnow())


async def _seen(store: Stored, caller: Reader, right_id: UUID) -> Right:
    right = await store.rights.find(right_id)
    if right is None or not oversees(caller, right.organisation_id):
        raise RightNotFound(right_id=right_id)
    return right
