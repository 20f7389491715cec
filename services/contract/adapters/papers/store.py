"""Papers on PostgreSQL (application/ports.py)."""

import asyncio
import hashlib
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters.papers.facts import facts_of
from services.contract.adapters.papers.typeset import typeset
from services.contract.adapters.tables import OrganisationRow, PaperRow, SealRow
from services.contract.domain.deal import Deal, Standing
from services.contract.domain.happenings import Paper
from services.kit.clock import utcnow


class PostgresPapers:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, deal: Deal, standing: Standing) -> Paper:
        row = await self._session.get(PaperRow, deal.subject.deal_id)
        if row is not None:
            return Paper(row.sha256, row.size, row.template)
        facts = facts_of(deal, standing, await self._parties(deal), utcnow())
        content = await asyncio.to_thread(typeset, facts)
        paper = Paper(hashlib.sha256(content).hexdigest(), len(content), facts["template"])
        values = {"deal_id": deal.subject.deal_id, "facts": facts, "content": content, "made_at": utcnow()}
        await self._session.execute(insert(PaperRow).values(**values, **vars(paper)))
        return paper

    async def _parties(self, deal: Deal) -> dict[UUID, dict[str, str]]:
        subject = deal.subject
        wanted = [each for each in (subject.licensor_id, subject.licensee_id, subject.broker_id) if each]
        rows = await self._session.scalars(select(OrganisationRow).where(OrganisationRow.organisation_id.in_(wanted)))
        return {row.organisation_id: {"name": row.name, "code": row.code} for row in rows}


async def newest_file(session: AsyncSession, deal_id: UUID) -> tuple[bytes, str] | None:
    """A deal's document as it now stands, with as many signatures as it has, and its SHA-256."""
    seals = select(SealRow.content, SealRow.sha256).where(SealRow.deal_id == deal_id)
    found = (await session.execute(seals.order_by(SealRow.sealed_at.desc()).limit(1))).one_or_none()
    if found is None:
        papers = select(PaperRow.content, PaperRow.sha256).where(PaperRow.deal_id == deal_id)
        found = (await session.execute(papers)).one_or_none()
    return (found.content, found.sha256) if found else None
