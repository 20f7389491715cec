"""Organisations, their members and their API keys, over HTTP."""

from uuid import UUID

from fastapi import Response

from gateway.entrypoints.models import (
    AddMember,
    ApiKeyView,
    ChangeMember,
    CreateApiKey,
    Me,
    MemberView,
    NewApiKeyView,
    OrganisationView,
    Registered,
    RegisterOrganisation,
)
from gateway.entrypoints.parts import Operator, OwnAccounts, PartsOf
from gateway.identity.api_keys import create_api_key, revoke_api_key, see_api_keys
from gateway.identity.facts import member_of
from gateway.identity.members import add_member, change_member, remove_member, see_members
from gateway.identity.organisations import register_organisation, see_organisation, see_organisations
from gateway.tables import ApiKey, Member, Organisation
from services.kit.web import (
    Caller,
    IfMatch,
    OptionalCaller,
    Page,
    PagingQuery,
    Tx,
    etag,
    not_repeatable,
    paginate,
    router,
)

organisations = router(prefix="/api/v1/organisations", tags=["organisations"])
me = router(prefix="/api/v1/me", tags=["organisations"])


@me.get("")
async def see_me(tx: Tx, caller: Caller) -> Me:
    """Who the access token speaks for."""
    organisation = await see_organisation(tx, caller.organisation_id, caller)
    member = await member_of(tx, caller.organisation_id, caller.user_id)
    return Me(
        organisation=OrganisationView.of(organisation),
        role=caller.role,
        member=MemberView.of(member) if member else None,
    )


@organisations.post("", status_code=201, dependencies=[OwnAccounts])
async def register(body: RegisterOrganisation, tx: Tx, caller: OptionalCaller, parts: PartsOf) -> Registered:
    """Register an organisation with its first administrator. Open to all; operators are registered by operators."""
    organisation, member = await register_organisation(tx, parts.passwords, body.as_organisation(), actor=caller)
    await tx.flush()
    return Registered(organisation=OrganisationView.of(organisation), member=MemberView.of(member))


@organisations.get("")
async def list_organisations(tx: Tx, _caller: Operator, paging: PagingQuery) -> Page[OrganisationView]:
    """Every organisation of the hall, newest first. Operators only."""
    rows, following = await paginate(tx, see_organisations(), paging, sort=[Organisation.organisation_id])
    return Page(items=[OrganisationView.of(row) for row in rows], next=following)


@organisations.get("/{organisation_id}")
async def see(organisation_id: UUID, tx: Tx, caller: Caller, response: Response) -> OrganisationView:
    """One's own organisation; operators see every one."""
    organisation = await see_organisation(tx, organisation_id, caller)
    etag(response, organisation.version)
    return OrganisationView.of(organisation)


@organisations.get("/{organisation_id}/members")
async def list_members(organisation_id: UUID, tx: Tx, caller: Caller, paging: PagingQuery) -> Page[MemberView]:
    """The members of one's own organisation, oldest first."""
    statement = see_members(organisation_id, caller=caller)
    rows, following = await paginate(tx, statement, paging, sort=[Member.user_id], descending=False)
    return Page(items=[MemberView.of(row) for row in rows], next=following)


@organisations.post("/{organisation_id}/members", status_code=201, dependencies=[OwnAccounts])
async def add(
    *, organisation_id: UUID, body: AddMember, tx: Tx, caller: Caller, parts: PartsOf, response: Response
) -> MemberView:
    """Add a member. Administrators only."""
    member = await add_member(tx, parts.passwords, organisation_id, body.as_member(), actor=caller)
    etag(response, member.version)
    return MemberView.of(member)


@organisations.patch("/{organisation_id}/members/{user_id}", dependencies=[OwnAccounts])
async def change(
    *,
    organisation_id: UUID,
    user_id: UUID,
    body: ChangeMember,
    tx: Tx,
    caller: Caller,
    parts: PartsOf,
    if_match: IfMatch,
    response: Response,
) -> MemberView:
    """Change a member: administrators anybody, others their own name, language and password."""
    member = await change_member(
        tx, parts.passwords, organisation_id, user_id, body.as_change(), held_version=if_match, actor=caller
    )
    etag(response, member.version)
    return MemberView.of(member)


@organisations.delete("/{organisation_id}/members/{user_id}", status_code=204, dependencies=[OwnAccounts])
async def remove(organisation_id: UUID, user_id: UUID, tx: Tx, caller: Caller) -> None:
    """Remove a member, ending their sessions. Not the last administrator."""
    await remove_member(tx, organisation_id, user_id, actor=caller)


@organisations.get("/{organisation_id}/api-keys")
async def list_api_keys(organisation_id: UUID, tx: Tx, caller: Caller, paging: PagingQuery) -> Page[ApiKeyView]:
    """The keys in force, newest first, without the keys themselves. Administrators only."""
    statement = see_api_keys(organisation_id, caller=caller)
    rows, following = await paginate(tx, statement, paging, sort=[ApiKey.api_key_id])
    return Page(items=[ApiKeyView.of(row) for row in rows], next=following)


@organisations.post("/{organisation_id}/api-keys", status_code=201, dependencies=[OwnAccounts])
@not_repeatable
async def create_key(organisation_id: UUID, body: CreateApiKey, tx: Tx, caller: Caller) -> NewApiKeyView:
    """Make a key for programs. Sent as X-API-Key it acts for the organisation with the given role. Shown once."""
    record, key = await create_api_key(
        tx, organisation_id, name=body.name, role=body.role, expires_at=body.expires_at, actor=caller
    )
    return NewApiKeyView(key=key, **ApiKeyView.of(record).model_dump())


@organisations.delete("/{organisation_id}/api-keys/{api_key_id}", status_code=204)
async def revoke_key(organisation_id: UUID, api_key_id: UUID, tx: Tx, caller: Caller) -> None:
    """Revoke a key, in effect within seconds. Administrators only."""
    await revoke_api_key(tx, organisation_id, api_key_id, actor=caller)
