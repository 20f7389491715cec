"""One request about a deal: who asks, in which transaction, and the answer shaped for them."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy import select

from services.contract.adapters.book import PostgresDealBook
from services.contract.adapters.papers.store import PostgresPapers
from services.contract.adapters.queries import names_of
from services.contract.adapters.tables import DealRow, PaperRow, SealRow
from services.contract.domain.deal import Deal
from services.contract.domain.happenings import Actor
from services.contract.entrypoints.schemas import DealView, Pdf
from services.contract.entrypoints.views import ReaderOf, deal_view, organisations_in
from services.kit.web import Tx, etag


@dataclass(frozen=True)
class Desk:
    session: Tx
    reader: ReaderOf
    response: Response
    request: Request

    @property
    def book(self) -> PostgresDealBook:
        return PostgresDealBook(self.session, self.request.app.state.money.tariff)

    @property
    def papers(self) -> PostgresPapers:
        return PostgresPapers(self.session)

    @property
    def actor(self) -> Actor:
        caller = self.reader.caller
        return Actor(caller.user_id, caller.organisation_id, caller.name)

    async def view(self, deal: Deal) -> DealView:
        """The deal as it is after this request."""
        etag(self.response, deal.version)
        row = await self.session.get_one(DealRow, deal.subject.deal_id, populate_existing=True)
        names = await names_of(self.session, organisations_in([row]))
        standing = await self.book.standing(deal)
        return deal_view(row, deal, names, self.reader, standing, pdf=await self._pdf(deal.subject.deal_id))

    async def _pdf(self, deal_id: UUID) -> Pdf | None:
        paper = await self.session.get(PaperRow, deal_id)
        if paper is None:
            return None
        statement = select(SealRow.sha256, SealRow.sealed_at, SealRow.final).where(SealRow.deal_id == deal_id)
        seals = (await self.session.execute(statement)).all()
        final = next((seal for seal in seals if seal.final), None)
        return Pdf(
            sha256=paper.sha256,
            size=paper.size,
            template=paper.template,
            url=f"/api/v1/deals/{deal_id}/document",
            signatures=len(seals),
            sealed_sha256=final.sha256 if final else None,
            sealed_at=final.sealed_at if final else None,
        )


DeskOf = Annotated[Desk, Depends()]
