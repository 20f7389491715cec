"""Between rows and the domain."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.contract.adapters.tables import DealRow, GrantRow, HistoryRow, OfferRow, RightRow, SignatureRow
from services.contract.domain.deal import Deal, Subject
from services.contract.domain.evidence import Entry, utc_text
from services.contract.domain.facts import Encumbrance, EncumbranceKind, Grant, RightFacts, RightKind, RightStatus
from services.contract.domain.happenings import Closing, Offer, Signature
from services.contract.domain.states import DealState
from services.contract.domain.terms import DealForm, Scope, Terms


def to_deal(row: DealRow, offers: Iterable[OfferRow], signatures: Iterable[SignatureRow]) -> Deal:
    subject = Subject(
        deal_id=row.deal_id,
        listing_id=row.listing_id,
        right_id=row.right_id,
        number=row.number,
        title=row.title,
        licensor_id=row.licensor_organisation_id,
        licensee_id=row.licensee_organisation_id,
        broker_id=row.broker_organisation_id,
        demand_id=row.demand_id,
    )
    return Deal(
        subject,
        row.message,
        row.opened_at,
        DealState(row.state),
        row.version,
        [_to_offer(each) for each in offers],
        [_to_signature(each) for each in signatures],
        to_closing(row.closing),
    )


def deal_row(deal: Deal, updated_at: datetime) -> dict[str, Any]:
    subject = deal.subject
    return {
        "deal_id": subject.deal_id,
        "listing_id": subject.listing_id,
        "right_id": subject.right_id,
        "number": subject.number,
        "title": subject.title,
        "licensor_organisation_id": subject.licensor_id,
        "licensee_organisation_id": subject.licensee_id,
        "broker_organisation_id": subject.broker_id,
        "demand_id": subject.demand_id,
        "message": deal.message,
        "opened_at": deal.opened_at,
        **deal_progress(deal, updated_at),
    }


def deal_progress(deal: Deal, updated_at: datetime) -> dict[str, Any]:
    """The columns that change as a deal moves."""
    closing = deal.closing
    return {
        "state": deal.state.value,
        "version": deal.version,
        "updated_at": updated_at,
        "closing": closing
        and {
            "reason_code": closing.reason_code,
            "note": closing.note,
            "closed_by": str(closing.closed_by) if closing.closed_by else None,
            "closed_at": utc_text(closing.closed_at),
        },
    }


def to_closing(data: dict[str, Any] | None) -> Closing | None:
    if data is None:
        return None
    closed_by = UUID(data["closed_by"]) if data["closed_by"] else None
    return Closing(data["reason_code"], data["note"], closed_by, datetime.fromisoformat(data["closed_at"]))


def _to_offer(row: OfferRow) -> Offer:
    terms = Terms.from_data(row.terms)
    return Offer(row.offer_id, row.round, row.from_organisation_id, row.made_by, terms, row.made_at, row.expires_at)


def offer_row(deal_id: UUID, offer: Offer) -> dict[str, Any]:
    return {**vars(offer), "deal_id": deal_id, "terms": offer.terms.as_data()}


def _to_signature(row: SignatureRow) -> Signature:
    return Signature(
        row.organisation_id, row.user_id, row.signatory, row.signed_at, row.document_sha256, row.pdf_sha256
    )


def signature_row(deal_id: UUID, signature: Signature) -> dict[str, Any]:
    return {**vars(signature), "deal_id": deal_id}


def grant_row(deal: Deal, offer: Offer, at: datetime) -> dict[str, Any]:
    return {
        "deal_id": deal.subject.deal_id,
        "right_id": deal.subject.right_id,
        "licensee_organisation_id": deal.subject.licensee_id,
        "form": offer.terms.meaning.value,
        "territories": list(offer.terms.territories),
        "field_of_use": offer.terms.field_of_use,
        "starts_at": offer.terms.starts_at or at,
        "ends_at": offer.terms.ends_at,
        "running": deal.state not in {DealState.TERM_SHEET, DealState.SIGNING},
    }


def to_grant(row: GrantRow, licensee_name: str | None) -> Grant:
    return Grant(
        holder=licensee_name or "",
        form=DealForm(row.form),
        scope=Scope(frozenset(row.territories), row.field_of_use, row.starts_at, row.ends_at),
        running=row.running,
        deal_id=row.deal_id,
        licensee_id=row.licensee_organisation_id,
    )


def to_right(row: RightRow) -> RightFacts:
    return RightFacts(
        right_id=row.right_id,
        organisation_id=row.organisation_id,
        kind=RightKind(row.kind),
        number=row.number,
        title=row.title,
        owner_name=row.owner_name,
        status=RightStatus(row.status),
        expires_at=row.expires_at,
        encumbrances=tuple(_to_encumbrance(each) for each in row.encumbrances),
    )


def _to_encumbrance(data: dict[str, Any]) -> Encumbrance:
    starts_at, ends_at = (
        datetime.fromisoformat(data[name]) if data[name] else None for name in ("starts_at", "ends_at")
    )
    return Encumbrance(
        kind=EncumbranceKind(data["kind"]),
        holder=data["holder"],
        holder_consents=data["holder_consents"],
        licence_form=DealForm(data["licence_form"]),
        scope=Scope(frozenset(data["territories"]), data["field_of_use"], starts_at, ends_at),
        deal_id=UUID(data["deal_id"]) if data["deal_id"] else None,
    )


def to_entry(row: HistoryRow) -> Entry:
    return Entry(row.deal_id, row.sequence, row.at, row.event, row.actor, row.data, row.previous_hash, row.hash)
