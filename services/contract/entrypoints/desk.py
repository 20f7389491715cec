"""One request about a deal: who asks, in which transaction, and the answer shaped for them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from services.contract.adapters.book import PostgresDealBook
from services.contract.adapters.queries import names_of
from services.contract.adapters.tables import DealRow
from services.contract.domain.deal import Deal
from services.contract.domain.happenings import Actor
from services.contract.entrypoints.schemas import DealView
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
    def actor(self) -> Actor:
        caller = self.reader.caller
        return Actor(caller.user_id, caller.organisation_id, caller.name)

    async def view(self, deal: Deal) -> DealView:
        """The deal as it is after this request."""
        etag(self.response, deal.version)
        row = await self.session.get_one(DealRow, deal.subject.deal_id, populate_existing=True)
        names = await names_of(self.session, organisations_in([row]))
        standing = await self.book.standing(deal)
        return deal_view(row, deal, names, self.reader, standing)


DeskOf = Annotated[Desk, Depends()]
