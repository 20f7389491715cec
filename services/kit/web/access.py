"""Authorisation as FastAPI dependencies."""

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from services.kit.auth import ACTING, OrganisationKind, Principal, Role, Verifier, require
from services.kit.problems import Unauthenticated

# Only declares the scheme in the OpenAPI document; the token is read by `authenticate`.
_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="An access token of the hall.")
_Scheme = Annotated[object, Depends(_bearer)]


async def authenticate(request: Request) -> Principal | None:
    """Whose token the request carries; None without one. Verified once per request. Raises Unauthenticated."""
    if hasattr(request.state, "principal"):
        known: Principal | None = request.state.principal
        return known
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        principal = None
    elif scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(reason="invalid")
    else:
        verifier: Verifier = request.app.state.verifier
        principal = await verifier.principal(token.strip())
    request.state.principal = principal
    return principal


async def _optional_caller(request: Request, _scheme: _Scheme) -> Principal | None:
    return await authenticate(request)


async def _caller(request: Request, _scheme: _Scheme) -> Principal:
    principal = await authenticate(request)
    if principal is None:
        raise Unauthenticated(reason="no-token")
    return principal


Caller = Annotated[Principal, Depends(_caller)]
OptionalCaller = Annotated[Principal | None, Depends(_optional_caller)]


def allow(
    *, roles: Collection[Role] = ACTING, kinds: Collection[OrganisationKind] = ()
) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets through the given roles of the given kinds of organisation. By default: not viewers."""

    async def allowed(caller: Caller) -> Principal:
        require(caller, roles=roles, kinds=kinds)
        return caller

    return allowed
