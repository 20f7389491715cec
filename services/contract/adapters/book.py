"""The deal book on PostgreSQL (application/ports.py)."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from services.contract.adapters import facts, fulfilment_facts, mappers
from services.contract.adapters.money import purses
from services.contract.adapters.tables import (
    DealRow,
    DemandRow,
    GrantRow,
    HistoryRow,
    ListingRow,
    OfferRow,
    OrganisationRow,
    RightRow,
    SealingRow,
    SignatureRow,
)
from services.contract.application.ports import Listing
from services.contract.domain.deal import Deal, Standing
from services.contract.domain.errors import DealNotFound
from services.contract.domain.evidence import Entry
from services.contract.domain.facts import grants_on
from services.contract.domain.fulfilled import (
    DealActivated,
    DealEnded,
    PaymentHeld,
    PaymentRefunded,
)
from services.contract.domain.happenings import Accepted, Closed, Happening, Offered, PartySigned, Signed
from services.contract.domain.money.invoice import Tariff
from services.contract.domain.recordal import REMINDED_BEFORE
from services.contract.domain.states import (
    AGREED,
    HOLD_EXPIRY,
    OFFER_EXPIRY,
    RECORDAL_DUE,
    TERM_END,
    TERM_START,
    DealState,
)
from services.kit import timers
from services.kit.auth import OrganisationKind
from services.kit.clock import utcnow
from services.kit.outbox import Fact, publish_all

_OPEN = frozenset({"published", "under_offer"})
_SIGNED = AGREED - {DealState.TERM_SHEET, DealState.SIGNING}
_DEFAULT_TARIFF = Tariff()


class PostgresDealBook:
    def __init__(self, session: AsyncSession, tariff: Tariff = _DEFAULT_TARIFF) -> None:
        self._session = session
        self.tariff = tariff

    async def listing(self, listing_id: UUID) -> Listing | None:
        row = await self._session.get(ListingRow, listing_id)
        if row is None:
            return None
        return Listing(listing_id, row.right_id, row.organisation_id, row.number, row.title, row.status in _OPEN)

    async def is_broker(self, organisation_id: UUID) -> bool:
        row = await self._session.get(OrganisationRow, organisation_id)
        return row is not None and row.kind == OrganisationKind.BROKER

    async def demand_owner(self, demand_id: UUID) -> UUID | None:
        row = await self._session.get(DemandRow, demand_id)
        return row.organisation_id if row else None

    async def deal(self, deal_id: UUID, *, seen_by: UUID) -> Deal:
        return await self._load(deal_id, seen_by, lock=False)

    async def deal_to_change(self, deal_id: UUID, *, seen_by: UUID | None, lock_right: bool = False) -> Deal:
        if lock_right:
            right_of = select(DealRow.right_id).where(DealRow.deal_id == deal_id).scalar_subquery()
            statement = select(RightRow.right_id).where(RightRow.right_id == right_of).with_for_update()
            # Foreigners are turned away by _load; holding the lock till then harms nobody.
            await self._session.execute(statement)
        return await self._load(deal_id, seen_by, lock=True)

    async def standing(self, deal: Deal) -> Standing:
        subject = deal.subject
        row = await self._session.get_one(RightRow, subject.right_id)
        others = (
            select(GrantRow, OrganisationRow.name)
            .outerjoin(OrganisationRow, OrganisationRow.organisation_id == GrantRow.licensee_organisation_id)
            .where(GrantRow.right_id == subject.right_id, GrantRow.deal_id != subject.deal_id)
            .order_by(GrantRow.deal_id)
        )
        own = tuple(mappers.to_grant(grant, name) for grant, name in await self._session.execute(others))
        right = mappers.to_right(row)
        licensor = await self._session.get(OrganisationRow, subject.licensor_id)
        names = {right.owner_name, licensor.name if licensor else ""} - {""}
        return Standing(right, grants_on(right, own), frozenset(names))

    async def save(self, deal: Deal) -> None:
        happenings, deal.happenings = deal.happenings, []
        reached, deal.reached = deal.reached, []
        if happenings:
            # Each is told as the deal was when it happened: one act may lead through several states.
            told = [(replace(deal, state=state), each) for state, each in zip(reached, happenings, strict=True)]
            await self._save_happenings(deal, told)
        if deal.purse is not None:
            await purses.save(self._session, deal.purse, utcnow())

    async def _save_happenings(self, deal: Deal, happenings: list[tuple[Deal, Happening]]) -> None:
        first_version = deal.version - len(happenings) + 1
        await self._save_progress(deal, happenings[-1][1], is_new=first_version == 1)
        published = []
        for version, (then, happening) in enumerate(happenings, start=first_version):
            await self._save_effect(then, happening)
            if (message := _teller(happening).message_of(then, happening)) is not None:
                published.append(Fact(message, deal.subject.deal_id, version))
        await self._save_history(deal, happenings)
        if deal.recordal is not None:
            await purses.save_recordal(self._session, deal.subject.deal_id, deal.recordal)
        await publish_all(self._session, published)

    async def _load(self, deal_id: UUID, seen_by: UUID | None, *, lock: bool) -> Deal:
        statement = select(DealRow).where(DealRow.deal_id == deal_id)
        statement = statement.execution_options(populate_existing=True)  # what was loaded before the lock may be old
        row = (await self._session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()
        if row is None:
            raise DealNotFound(deal_id=deal_id)
        offers = select(OfferRow).where(OfferRow.deal_id == deal_id).order_by(OfferRow.round)
        signatures = select(SignatureRow).where(SignatureRow.deal_id == deal_id).order_by(SignatureRow.signed_at)
        deal = mappers.to_deal(row, await self._session.scalars(offers), await self._session.scalars(signatures))
        if seen_by is not None and deal.side_of(seen_by) is None:
            raise DealNotFound(deal_id=deal_id)
        if deal.state in _SIGNED:
            deal.purse = await purses.load(self._session, deal_id)
            deal.recordal = await purses.load_recordal(self._session, deal_id)
        return deal

    async def _save_progress(self, deal: Deal, last: Happening, *, is_new: bool) -> None:
        if is_new:
            await self._session.execute(insert(DealRow).values(mappers.deal_row(deal, last.at)))
            return
        progress = mappers.deal_progress(deal, last.at)
        await self._session.execute(
            update(DealRow).where(DealRow.deal_id == deal.subject.deal_id).values(progress),
            execution_options={"synchronize_session": False},
        )

    async def _save_effect(self, deal: Deal, happening: Happening) -> None:
        deal_id = deal.subject.deal_id
        match happening:
            case Offered(offer=offer):
                await self._session.execute(insert(OfferRow).values(mappers.offer_row(deal_id, offer)))
                # A clock per offer, never moved or stopped: its handler looks whether the offer still stands. So the
                # rows of timers and deals are always locked in one order, and no answer waits for a clock in vain.
                payload = {"deal_id": str(deal_id)}
                await timers.schedule(self._session, OFFER_EXPIRY, offer.offer_id, offer.expires_at, payload)
            case PartySigned(signature=signature):
                await self._session.execute(insert(SignatureRow).values(mappers.signature_row(deal_id, signature)))
                waits = {"organisation_id": signature.organisation_id, "again_at": signature.signed_at}
                await self._session.execute(insert(SealingRow).values(deal_id=deal_id, **waits))
            case Accepted(offer=offer) | Signed(offer=offer):
                row = mappers.grant_row(deal, offer, happening.at)
                statement = upsert(GrantRow).values(row)
                await self._session.execute(statement.on_conflict_do_update(index_elements=["deal_id"], set_=row))
                if isinstance(happening, Signed):
                    await self._set_clocks(deal, happening)
            case PaymentHeld(invoice=invoice) if invoice.hold_expires_at:
                await self._clock(HOLD_EXPIRY, deal_id, invoice.hold_expires_at)
            case DealActivated(ends_at=ends_at) if ends_at:
                await self._clock(TERM_END, deal_id, ends_at)
            case Closed() | DealEnded() | PaymentRefunded():
                await self._session.execute(delete(GrantRow).where(GrantRow.deal_id == deal_id))
                if deal.state is DealState.WITHDRAWN:  # before the last signature: what was signed is void
                    await self._session.execute(delete(SealingRow).where(SealingRow.deal_id == deal_id))

    async def _set_clocks(self, deal: Deal, signed: Signed) -> None:
        """Set with the contract, once each, and never moved; their handlers look how the deal stands."""
        deal_id, starts_at = deal.subject.deal_id, signed.offer.terms.starts_at
        if deal.recordal and deal.recordal.due_at:
            await self._clock(RECORDAL_DUE, deal_id, deal.recordal.due_at - REMINDED_BEFORE)
        if starts_at and starts_at > signed.at:
            await self._clock(TERM_START, deal_id, starts_at)

    async def _clock(self, kind: str, deal_id: UUID, due_at: datetime) -> None:
        await timers.schedule(self._session, kind, deal_id, due_at)

    async def _save_history(self, deal: Deal, happenings: list[tuple[Deal, Happening]]) -> None:
        # The deal's row is locked, so nobody else appends to its chain meanwhile.
        newest = (
            select(HistoryRow)
            .where(HistoryRow.deal_id == deal.subject.deal_id)
            .order_by(HistoryRow.sequence.desc())
            .limit(1)
        )
        row = (await self._session.execute(newest)).scalar_one_or_none()
        last = mappers.to_entry(row) if row else None
        rows: list[dict[str, Any]] = []
        for then, each in happenings:
            last = Entry.after(
                last,
                deal_id=deal.subject.deal_id,
                at=each.at,
                event=each.event,
                actor=facts.actor_of(each),
                data=_teller(each).record_of(then, each),
            )
            rows.append(vars(last))
        await self._session.execute(insert(HistoryRow), rows)


def _teller(happening: Happening) -> Any:
    """The module that has the words for it."""
    return fulfilment_facts if fulfilment_facts.tells_of(happening) else facts
