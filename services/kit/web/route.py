"""One request is one transaction, committed after the handler returned and before the answer leaves."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.db import Database
from services.kit.web.access import authenticate
from services.kit.web.idempotency import Repeatable

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class ProblemBody(BaseModel):
    """A problem (RFC 9457). `rule` and `article` name the guard rail and its source in law; `errors` locates faults."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    rule: str | None = None
    article: str | None = None
    errors: list[dict[str, Any]] | None = None


def not_repeatable(endpoint: Endpoint) -> Endpoint:
    """Mark a POST whose answer must not be kept for repeats, since it holds a secret."""
    endpoint.not_repeatable = True  # type: ignore[attr-defined]
    return endpoint


class TransactionRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        repeatable = self.methods == {"POST"} and not getattr(self.endpoint, "not_repeatable", False)

        async def in_transaction(request: Request) -> Response:
            database: Database = request.app.state.database
            # Before the transaction, so that a bad token costs no connection.
            principal = await authenticate(request)
            async with database.transaction() as session:
                request.state.session = session
                key = request.headers.get("idempotency-key") if repeatable else None
                if key is None:
                    return await handle(request)
                return await Repeatable(session, request, principal, key).answer(handle)

        return in_transaction


def _session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


Tx = Annotated[AsyncSession, Depends(_session)]

_PROBLEM_ANSWER: dict[str, Any] = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
}

# For the `responses` of a router: every refusal is a problem.
PROBLEM_ANSWERS: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM_ANSWER, "5XX": _PROBLEM_ANSWER}


def router(*, prefix: str, tags: list[str]) -> APIRouter:
    """A router whose requests are transactions and whose errors are documented as problems."""
    return APIRouter(
        prefix=prefix,
        tags=list(tags),
        route_class=TransactionRoute,
        generate_unique_id_function=lambda route: route.name,
        responses=PROBLEM_ANSWERS,
    )
