"""Who did what, for every change of accounts. Written in the transaction of the change."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.tables import AuditEntry
from services.kit.auth import Principal
from services.kit.ids import new_id


def record(
    session: AsyncSession,
    action: str,
    *,
    organisation_id: UUID,
    actor: Principal | None,
    subject_id: UUID | None = None,
    **details: Any,
) -> None:
    """`actor` is None where nobody was signed in: a registration, the hall itself. No secrets here, ever."""
    session.add(
        AuditEntry(
            audit_id=new_id(),
            organisation_id=organisation_id,
            actor_id=actor.user_id if actor else None,
            actor_organisation_id=actor.organisation_id if actor else None,
            action=action,
            subject_id=subject_id,
            details=details,
        )
    )
