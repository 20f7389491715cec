"""Webhook endpoints of an organisation, for its admins: where to call, by which secret, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.kit.auth import Principal, Role
from services.kit.outbox import wake
from services.kit.outgoing import Policy, Refused
from services.kit.problems import FieldError, InvalidInput
from services.kit.secret import Vault
from services.kit.web import IfMatch, Page, PagingQuery, Tx, allow, check_match, etag, not_repeatable, paginate, router
from services.notify.adapters import deliveries, endpoints
from services.notify.adapters.calls import TEST
from services.notify.adapters.tables import DeliveryRow, EndpointRow
from services.notify.domain.errors import DeliveryNotFound, DeliveryUnderWay, EndpointIsOff
from services.notify.domain.rules import Rules
from services.notify.entrypoints.preferences import Strict

Admin = Annotated[Principal, Depends(allow(roles=[Role.ADMIN]))]

Url = Annotated[str, Field(min_length=1, max_length=2_000)]
Description = Annotated[str, Field(max_length=200)]
Kinds = Annotated[list[str], Field(max_length=100)]


class NewEndpoint(Strict):
    """`kinds` of notifications to be called of; none means all that are offered."""

    url: Url
    description: Description = ""
    kinds: Kinds = Field(default_factory=list)


class EndpointChange(Strict):
    """What is left out stays as it is. Turning it on again forgets why it was turned off."""

    url: Url | None = None
    description: Description | None = None
    kinds: Kinds | None = None
    enabled: bool | None = None


class EndpointView(BaseModel):
    """`disabled_reason`: gone (it answered 410) or failing (nothing got through for days); null where a member turned
    it off. `failing_since`: nothing has got through since then.
    """

    endpoint_id: UUID
    url: str
    description: str
    kinds: list[str]
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime


class EndpointWithSecret(EndpointView):
    """The secret is shown this once. Calls are signed with it as Standard Webhooks says."""

    secret: str


class DeliveryView(BaseModel):
    """A call. `state`: waiting, sending, delivered, failed, cancelled; `due_at`: when it is tried next."""

    delivery_id: UUID
    kind: str | None
    state: str
    attempts: int
    due_at: datetime | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class AttemptView(BaseModel):
    """`answer` is the beginning of what the endpoint said."""

    number: int
    at: datetime
    took_ms: int
    status: int | None
    error: str | None
    answer: str | None


class DeliveryDetail(DeliveryView):
    """`body` is what was or will be sent, once the first try has fixed it."""

    body: str | None
    tries: list[AttemptView]


class Nothing(Strict):
    pass


@dataclass(frozen=True)
class WebhookParts:
    rules: Rules
    policy: Policy
    vault: Callable[[], Vault]
    clock: Callable[[], datetime]


def webhooks_router(parts: WebhookParts) -> APIRouter:
    r = router(prefix="/api/v1/webhook-endpoints", tags=["webhooks"])

    @r.post("", status_code=201)
    @not_repeatable
    async def add_webhook_endpoint(body: NewEndpoint, tx: Tx, caller: Admin, response: Response) -> EndpointWithSecret:
        """The secret is in this answer and in no other."""
        _check(parts, body.url, body.kinds)
        secret = endpoints.new_secret()
        row = await endpoints.add(
            tx,
            caller.organisation_id,
            sealed_secret=parts.vault().seal(secret),
            now=parts.clock(),
            **body.model_dump(),
        )
        etag(response, row.version)
        response.headers["Location"] = f"/api/v1/webhook-endpoints/{row.endpoint_id}"
        return EndpointWithSecret(**vars(_view(row, parts.clock())), secret=secret)

    @r.get("")
    async def list_webhook_endpoints(tx: Tx, caller: Admin) -> list[EndpointView]:
        return [_view(row, parts.clock()) for row in await endpoints.all_of(tx, caller.organisation_id)]

    @r.get("/{endpoint_id}")
    async def get_webhook_endpoint(endpoint_id: UUID, tx: Tx, caller: Admin, response: Response) -> EndpointView:
        row = await endpoints.one_of(tx, caller.organisation_id, endpoint_id)
        etag(response, row.version)
        return _view(row, parts.clock())

    @r.patch("/{endpoint_id}")
    async def change_webhook_endpoint(  # noqa: PLR0917  # FastAPI passes them by name
        endpoint_id: UUID, body: EndpointChange, held: IfMatch, tx: Tx, caller: Admin, response: Response
    ) -> EndpointView:
        _check(parts, body.url, body.kinds or [])
        row = await endpoints.one_of(tx, caller.organisation_id, endpoint_id, hold=True)
        check_match(held, row.version)
        for name, value in body.model_dump(exclude_none=True).items():
            setattr(row, name, value)
        row.version += 1
        if body.enabled:
            row.disabled_reason = row.failing_since = None
        elif body.enabled is False:
            await deliveries.fail_waiting(tx, endpoint_id, parts.clock(), "endpoint-off")
        await tx.flush()
        await wake(tx)
        etag(response, row.version)
        return _view(row, parts.clock())

    @r.delete("/{endpoint_id}", status_code=204)
    async def delete_webhook_endpoint(endpoint_id: UUID, tx: Tx, caller: Admin) -> None:
        """With its log. What is under way to it may still arrive."""
        await tx.delete(await endpoints.one_of(tx, caller.organisation_id, endpoint_id, hold=True))

    @r.post("/{endpoint_id}/rotate-secret")
    @not_repeatable
    async def rotate_webhook_secret(
        endpoint_id: UUID, _body: Nothing, tx: Tx, caller: Admin, response: Response
    ) -> EndpointWithSecret:
        """A new secret, shown this once. For a day calls carry a signature by the old one as well."""
        row = await endpoints.one_of(tx, caller.organisation_id, endpoint_id, hold=True)
        secret = endpoints.new_secret()
        endpoints.rotate(row, parts.vault().seal(secret), parts.clock())
        await tx.flush()
        etag(response, row.version)
        return EndpointWithSecret(**vars(_view(row, parts.clock())), secret=secret)

    _add_log(r, parts)
    return r


def _add_log(r: APIRouter, parts: WebhookParts) -> None:
    @r.post("/{endpoint_id}/test", status_code=202)
    async def send_test_call(endpoint_id: UUID, _body: Nothing, tx: Tx, caller: Admin) -> DeliveryView:
        """Sends a call of type `test`; its log tells what came of it. Refused while the endpoint is off."""
        row = await endpoints.one_of(tx, caller.organisation_id, endpoint_id)
        if not row.enabled:
            raise EndpointIsOff
        now = parts.clock()
        delivery = DeliveryRow(
            channel="webhook",
            organisation_id=caller.organisation_id,
            endpoint_id=endpoint_id,
            kind=TEST,
            state="waiting",
            due_at=now,
            attempts=0,
            tries=0,
            created_at=now,
        )
        tx.add(delivery)
        await tx.flush()
        await wake(tx)
        return _delivery(delivery)

    @r.get("/{endpoint_id}/deliveries")
    async def list_webhook_deliveries(
        endpoint_id: UUID, tx: Tx, caller: Admin, paging: PagingQuery
    ) -> Page[DeliveryView]:
        """The log, newest first."""
        await endpoints.one_of(tx, caller.organisation_id, endpoint_id)
        statement = select(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint_id)
        rows, cursor = await paginate(tx, statement, paging, sort=[DeliveryRow.position])
        return Page(items=[_delivery(row) for row in rows], next=cursor)

    @r.get("/{endpoint_id}/deliveries/{delivery_id}")
    async def get_webhook_delivery(endpoint_id: UUID, delivery_id: UUID, tx: Tx, caller: Admin) -> DeliveryDetail:
        """One call with every try of it."""
        row = await _one(tx, caller, endpoint_id, delivery_id)
        tries = [
            AttemptView(**{name: getattr(each, name) for name in AttemptView.model_fields})
            for each in await endpoints.attempts_of(tx, delivery_id)
        ]
        return DeliveryDetail(**vars(_delivery(row)), body=row.body, tries=tries)

    @r.post("/{endpoint_id}/deliveries/{delivery_id}/replay", status_code=202)
    async def replay_webhook_delivery(
        endpoint_id: UUID, delivery_id: UUID, _body: Nothing, tx: Tx, caller: Admin
    ) -> DeliveryView:
        """Sends what was delivered or has failed once more, with its old `webhook-id` and as many tries as at first."""
        row = await _one(tx, caller, endpoint_id, delivery_id, hold=True)
        endpoint = await endpoints.one_of(tx, caller.organisation_id, endpoint_id)
        if not endpoint.enabled:
            raise EndpointIsOff
        if row.finished_at is None:
            raise DeliveryUnderWay
        row.state, row.due_at, row.tries = "waiting", parts.clock(), 0
        row.begun_at = row.finished_at = row.error = None
        await tx.flush()
        await wake(tx)
        return _delivery(row)


async def _one(
    tx: AsyncSession, caller: Principal, endpoint_id: UUID, delivery_id: UUID, *, hold: bool = False
) -> DeliveryRow:
    await endpoints.one_of(tx, caller.organisation_id, endpoint_id)
    row = await endpoints.delivery_of(tx, endpoint_id, delivery_id, hold=hold)
    if row is None:
        raise DeliveryNotFound(delivery_id=delivery_id)
    return row


def _check(parts: WebhookParts, url: str | None, kinds: list[str]) -> None:
    """Raises InvalidInput. A name is looked up when it is called, not here: it may be right then, or wrong by then."""
    errors = [
        FieldError(f"/kinds/{place}", "notification-kind", params={"kind": kind})
        for place, kind in enumerate(kinds)
        if kind not in parts.rules.by_kind or "webhook" not in parts.rules.by_kind[kind].channels
    ]
    if url is not None:
        try:
            parts.policy.check(url)
        except Refused as refused:
            errors.append(FieldError("/url", refused.code))
    if errors:
        raise InvalidInput(errors=errors)


def _view(row: EndpointRow, now: datetime) -> EndpointView:
    both = row.previous_until is not None and now < row.previous_until
    return EndpointView(
        endpoint_id=row.endpoint_id,
        url=row.url,
        description=row.description,
        kinds=row.kinds,
        enabled=row.enabled,
        disabled_reason=row.disabled_reason,
        failing_since=row.failing_since,
        previous_secret_until=row.previous_until if both else None,
        created_at=row.created_at,
    )


def _delivery(row: DeliveryRow) -> DeliveryView:
    return DeliveryView(
        delivery_id=row.delivery_id,
        kind=row.kind,
        state=row.state,
        attempts=row.attempts,
        due_at=row.due_at if row.state == "waiting" else None,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
