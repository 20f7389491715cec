"""Webhook endpoints of organisations. Every statement of a caller is bound to that caller's organisation."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from zayton.notify.v1 import events_pb2 as pb

from services.kit.ids import new_id
from services.kit.outbox import publish
from services.kit.secret import Vault
from services.notify.adapters.deliveries import fail_waiting, finish
from services.notify.adapters.tables import AttemptRow, DeliveryRow, EndpointRow
from services.notify.domain.errors import EndpointNotFound, TooManyEndpoints

MOST_PER_ORGANISATION = 20
BOTH_SECRETS_FOR = timedelta(hours=24)
_SECRET_BYTES = 32
# A first try that fails is recorded this long after it began, at most.
_FIRST_TRY = timedelta(minutes=5)
_REASONS = {"gone": pb.DISABLED_REASON_GONE, "failing": pb.DISABLED_REASON_FAILING}


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


async def add(
    session: AsyncSession, organisation_id: UUID, *, sealed_secret: str, now: datetime, **fields: Any
) -> EndpointRow:
    """Raises TooManyEndpoints."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"endpoints {organisation_id}", 0))))
    if len(await all_of(session, organisation_id)) >= MOST_PER_ORGANISATION:
        raise TooManyEndpoints(most=MOST_PER_ORGANISATION)
    row = EndpointRow(
        endpoint_id=new_id(),
        organisation_id=organisation_id,
        version=1,
        enabled=True,
        secret=sealed_secret,
        created_at=now,
        **fields,
    )
    session.add(row)
    await session.flush()
    return row


async def all_of(session: AsyncSession, organisation_id: UUID) -> Sequence[EndpointRow]:
    """Oldest first."""
    statement = select(EndpointRow).where(EndpointRow.organisation_id == organisation_id)
    return (await session.execute(statement.order_by(EndpointRow.endpoint_id))).scalars().all()


async def one_of(session: AsyncSession, organisation_id: UUID, endpoint_id: UUID, *, hold: bool = False) -> EndpointRow:
    """`hold` locks it until the end of the transaction. Raises EndpointNotFound."""
    statement = select(EndpointRow).where(
        EndpointRow.organisation_id == organisation_id, EndpointRow.endpoint_id == endpoint_id
    )
    row = (await session.execute(statement.with_for_update() if hold else statement)).scalar_one_or_none()
    if row is None:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return row


def rotate(row: EndpointRow, sealed_secret: str, now: datetime) -> None:
    """The secret before stays good for a day: calls carry a signature by each."""
    row.previous_secret, row.previous_until = row.secret, now + BOTH_SECRETS_FOR
    row.secret = sealed_secret
    row.version += 1


async def heard_from(session: AsyncSession, endpoint_id: UUID, delivery: DeliveryRow, *, at: datetime) -> None:
    """What a try means for its endpoint: it answers; it fails; it is gone; it has failed for as long as we try."""
    row = await session.get(EndpointRow, endpoint_id, with_for_update=True)
    if row is None:
        return
    if not row.enabled:  # turned off while this call was under way
        if delivery.state == "waiting":
            finish(delivery, "failed", at, "endpoint-off")
        return
    if delivery.state == "delivered":
        row.failing_since = None
    elif delivery.error == "gone":
        await _disable(session, row, "gone", at)
    else:
        row.failing_since = row.failing_since or at
        if delivery.state == "failed" and delivery.begun_at and row.failing_since <= delivery.begun_at + _FIRST_TRY:
            await _disable(session, row, "failing", at)


async def _disable(session: AsyncSession, row: EndpointRow, reason: str, now: datetime) -> None:
    row.enabled, row.disabled_reason = False, reason
    row.version += 1
    await fail_waiting(session, row.endpoint_id, now, "endpoint-off")
    fact = pb.WebhookEndpointDisabled(
        endpoint=pb.Endpoint(
            endpoint_id=str(row.endpoint_id),
            organisation_id=str(row.organisation_id),
            host=urlsplit(row.url).netloc,
        ),
        reason=_REASONS[reason],
    )
    await publish(session, fact, aggregate_id=row.endpoint_id, version=row.version)


async def attempts_of(session: AsyncSession, delivery_id: UUID) -> Sequence[AttemptRow]:
    """Oldest first."""
    statement = select(AttemptRow).where(AttemptRow.delivery_id == delivery_id).order_by(AttemptRow.number)
    return (await session.execute(statement)).scalars().all()


async def delivery_of(session: AsyncSession, endpoint_id: UUID, delivery_id: UUID, *, hold: bool) -> DeliveryRow | None:
    statement = select(DeliveryRow).where(
        DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.delivery_id == delivery_id
    )
    return (await session.execute(statement.with_for_update() if hold else statement)).scalar_one_or_none()


def vault_of(hall_secrets: Sequence[str]) -> Vault:
    return Vault(hall_secrets, "notify webhook secrets")


async def encrypt_anew(session: AsyncSession, hall_secrets: Sequence[str]) -> int:
    """Encrypt every secret with the newest of the hall's secrets. Returns how many. Raises kit.secret.Unreadable."""
    vault = vault_of(hall_secrets)
    rows = (await session.execute(select(EndpointRow).with_for_update())).scalars().all()
    for row in rows:
        row.secret = vault.sealed_anew(row.secret)
        row.previous_secret = vault.sealed_anew(row.previous_secret) if row.previous_secret else None
    return len(rows)
