from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from services.kit.auth import Principal
from services.kit.clock import utcnow
from services.kit.web import Caller, IfMatch, OptionalCaller, Page, PagingQuery, Tx, check_match, etag, router
from services.listing.adapters import catalogue
from services.listing.adapters.catalogue import ListingFilter
from services.listing.application.access import listing_for, oversees, owns, right_for
from services.listing.application.change_listing import (
    draft_listing,
    edit_listing,
    publish_listing,
    withdraw_listing,
)
from services.listing.application.ports import Store
from services.listing.domain.errors import ListingNotFound
from services.listing.domain.listings import Listing
from services.listing.domain.register import in_order
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import ListingStatus, RightKind
from services.listing.entrypoints.bodies import ChangeListing, DraftListing, Withdraw
from services.listing.entrypoints.dependencies import Agent, Holder, Stored, Texts
from services.listing.entrypoints.views import ListingFigures, ListingView, StatusLog, log_of

listings = router(prefix="/api/v1/listings", tags=["listings"])


@listings.post("", status_code=status.HTTP_201_CREATED)
async def post_listing(
    body: DraftListing, store: Stored, caller: Holder, texts: Texts, response: Response
) -> ListingView:
    """Draft a listing of a right of the own organisation."""
    right = await right_for(store, caller, body.right_id, operator_too=False)
    listing = await draft_listing(store, caller, right, body.terms(), utcnow())
    response.headers["Location"] = f"/api/v1/listings/{listing.listing_id}"
    etag(response, listing.version)
    return ListingView.of(listing, right, texts, own=True)


@listings.get("")
async def get_listings(
    *,
    tx: Tx,
    caller: OptionalCaller,
    texts: Texts,
    paging: PagingQuery,
    state: Annotated[ListingStatus | None, Query(alias="status")] = None,
    kind: RightKind | None = None,
    ipc_section: Annotated[str | None, Query(pattern="^[A-H]$", description="A letter, A to H.")] = None,
    organisation_id: Annotated[UUID | None, Query(description="With the own id, drafts and withdrawn too.")] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="In title, summary, number or organisation's name.")
    ] = None,
) -> Page[ListingView]:
    """The catalogue, newest first: open to everyone."""
    wanted = ListingFilter(state, kind, ipc_section, organisation_id, q)
    reader = caller.organisation_id if caller else None
    found, cursor = await catalogue.listings_page(tx, wanted, paging, reader=reader)
    views = [
        ListingView.of(listing, right, texts, own=owns(caller, listing.organisation_id)) for listing, right in found
    ]
    return Page(items=views, next=cursor)


@listings.get("/figures")
async def read_listing_figures(tx: Tx, caller: Caller) -> ListingFigures:
    """How many listings the caller's organisation has, by state."""
    return ListingFigures.model_validate({"states": await catalogue.listing_states(tx, caller.organisation_id)})


@listings.get("/{listing_id}")
async def get_listing(
    listing_id: UUID, store: Stored, caller: OptionalCaller, texts: Texts, response: Response
) -> ListingView:
    """A listing of the catalogue; of the own organisation in any state."""
    listing, right = await _seen(store, caller, listing_id)
    etag(response, listing.version)
    return ListingView.of(listing, right, texts, own=owns(caller, listing.organisation_id))


@listings.get("/{listing_id}/status-events")
async def get_listing_status_events(listing_id: UUID, store: Stored, caller: OptionalCaller) -> StatusLog:
    """The register's log of the right on offer, in the order of what happened: for whoever may see the listing."""
    _, right = await _seen(store, caller, listing_id)
    return log_of(right, in_order(await store.rights.events(right.right_id)))


@listings.patch("/{listing_id}")
async def patch_listing(
    *,
    listing_id: UUID,
    body: ChangeListing,
    held: IfMatch,
    store: Stored,
    caller: Holder,
    texts: Texts,
    response: Response,
) -> ListingView:
    """Change what a listing says. Guard rails are asked again where it is public."""
    listing, right = await listing_for(store, caller, listing_id)
    check_match(held, listing.version)
    edited = await edit_listing(store, listing, right, body.applied_to(listing.terms), utcnow())
    etag(response, edited.version)
    return ListingView.of(edited, right, texts, own=True)


@listings.post("/{listing_id}/publish")
async def post_listing_publish(
    listing_id: UUID, store: Stored, caller: Holder, texts: Texts, response: Response
) -> ListingView:
    """Put a listing into the catalogue, if the guard rails let it."""
    listing, right = await listing_for(store, caller, listing_id)
    published = await publish_listing(store, listing, right, utcnow())
    etag(response, published.version)
    return ListingView.of(published, right, texts, own=True)


@listings.post("/{listing_id}/withdraw")
async def post_listing_withdraw(
    *, listing_id: UUID, body: Withdraw, store: Stored, caller: Agent, texts: Texts, response: Response
) -> ListingView:
    """Take a listing out of the catalogue. Operators may, too."""
    listing, right = await listing_for(store, caller, listing_id, operator_too=True)
    withdrawn = await withdraw_listing(store, listing, right, body.reason)
    etag(response, withdrawn.version)
    return ListingView.of(withdrawn, right, texts, own=owns(caller, listing.organisation_id))


async def _seen(store: Store, caller: Principal | None, listing_id: UUID) -> tuple[Listing, Right]:
    """Raises ListingNotFound for what is not public, nor the caller's to see."""
    listing = await store.listings.find(listing_id)
    if listing is None or not (listing.is_open or oversees(caller, listing.organisation_id)):
        raise ListingNotFound(listing_id=listing_id)
    right = await store.rights.find(listing.right_id)
    assert right is not None
    return listing, right
