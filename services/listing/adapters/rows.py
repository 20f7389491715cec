"""Between domain objects and rows of tables. Once for one row and for thousands."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.listing.adapters.tables import (
    EncumbranceRecord,
    ImportRecord,
    ListingRecord,
    RightRecord,
    StatusEventRecord,
)
from services.listing.domain.encumbrances import Encumbrance
from services.listing.domain.imports.progress import Import, ImportState
from services.listing.domain.listings import Listing, ListingTerms
from services.listing.domain.numbers import Form, PatentNumber
from services.listing.domain.prices import AskingPrice, Money
from services.listing.domain.register import Category, StatusEvent
from services.listing.domain.rights import Right
from services.listing.domain.vocabulary import (
    DealForm,
    EncumbranceKind,
    Language,
    ListingStatus,
    Maturity,
    PriceForm,
    RightKind,
    RightStatus,
)

Values = dict[str, Any]


def right_row(right: Right) -> Values:
    number = right.number
    return {
        "right_id": right.right_id,
        "organisation_id": right.organisation_id,
        "office": number.office,
        "number": number.canonical,
        "number_as_given": number.raw,
        "number_form": number.form,
        "number_kind": number.kind,
        "number_year": number.year,
        "claims_grant": number.claims_grant,
        "kind": right.kind,
        "title": right.title,
        "abstract": right.abstract,
        "owner_name": right.owner_name,
        "ipc": list(right.ipc),
        "status": right.status,
        "status_as_given": right.status_as_given,
        "filed_at": right.filed_at,
        "granted_at": right.granted_at,
        "ends_by": right.ends_by,
        "language": right.language,
        "assignment_deal_id": right.assignment_deal_id,
        "created_at": right.created_at,
        "version": right.version,
    }


def right_of(record: RightRecord, encumbrances: Sequence[Encumbrance]) -> Right:
    number = PatentNumber(
        raw=record.number_as_given,
        canonical=record.number,
        office=record.office,
        form=Form(record.number_form),
        kind=RightKind(record.number_kind) if record.number_kind else None,
        year=record.number_year,
        claims_grant=record.claims_grant,
    )
    return Right(
        right_id=record.right_id,
        organisation_id=record.organisation_id,
        number=number,
        kind=RightKind(record.kind),
        title=record.title,
        abstract=record.abstract,
        owner_name=record.owner_name,
        ipc=tuple(record.ipc),
        status=RightStatus(record.status),
        status_as_given=record.status_as_given,
        filed_at=record.filed_at,
        granted_at=record.granted_at,
        language=Language(record.language),
        created_at=record.created_at,
        encumbrances=tuple(encumbrances),
        assignment_deal_id=record.assignment_deal_id,
        version=record.version,
    )


def event_row(right_id: UUID, event: StatusEvent) -> Values:
    return {
        "status_event_id": event.status_event_id,
        "right_id": right_id,
        "category": event.category,
        "status": event.status,
        "as_given": event.as_given,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "recorded_by": event.recorded_by,
    }


def event_of(record: StatusEventRecord) -> StatusEvent:
    return StatusEvent(
        category=Category(record.category),
        status=RightStatus(record.status) if record.status else None,
        as_given=record.as_given,
        occurred_at=record.occurred_at,
        recorded_at=record.recorded_at,
        recorded_by=record.recorded_by,
        status_event_id=record.status_event_id,
    )


def encumbrance_row(right_id: UUID, burden: Encumbrance) -> Values:
    return {
        "encumbrance_id": burden.encumbrance_id,
        "right_id": right_id,
        "kind": burden.kind,
        "holder": burden.holder,
        "holder_consents": burden.holder_consents,
        "licence_form": burden.licence_form,
        "territories": list(burden.territories),
        "field_of_use": burden.field_of_use,
        "starts_at": burden.starts_at,
        "ends_at": burden.ends_at,
        "deal_id": burden.deal_id,
    }


def encumbrance_of(record: EncumbranceRecord) -> Encumbrance:
    return Encumbrance(
        kind=EncumbranceKind(record.kind),
        holder=record.holder,
        holder_consents=record.holder_consents,
        licence_form=DealForm(record.licence_form) if record.licence_form else None,
        territories=tuple(record.territories),
        field_of_use=record.field_of_use,
        starts_at=record.starts_at,
        ends_at=record.ends_at,
        deal_id=record.deal_id,
        encumbrance_id=record.encumbrance_id,
    )


def listing_row(listing: Listing) -> Values:
    terms, price = listing.terms, listing.terms.price
    return {
        "listing_id": listing.listing_id,
        "right_id": listing.right_id,
        "organisation_id": listing.organisation_id,
        "organisation_name": listing.organisation_name,
        "status": listing.status,
        "summary": terms.summary,
        "prospects": terms.prospects,
        "deal_forms": list(terms.deal_forms),
        "price_form": price.form,
        "price_minimum": price.minimum.minor_units if price.minimum else None,
        "price_maximum": price.maximum.minor_units if price.maximum else None,
        "price_currency": price.minimum.currency if price.minimum else None,
        "royalty_basis_points": price.royalty_basis_points,
        "maturity": terms.maturity,
        "industries": list(terms.industries),
        "territories": list(terms.territories),
        "region": terms.region,
        "private_details": terms.private_details,
        "published_at": listing.published_at,
        "withdrawal_reason": listing.withdrawal_reason,
        "deal_id": listing.deal_id,
        "created_at": listing.created_at,
        "version": listing.version,
    }


def listing_of(record: ListingRecord) -> Listing:
    price = AskingPrice(
        form=PriceForm(record.price_form),
        minimum=_money(record.price_minimum, record.price_currency),
        maximum=_money(record.price_maximum, record.price_currency),
        royalty_basis_points=record.royalty_basis_points,
    )
    terms = ListingTerms(
        summary=record.summary,
        deal_forms=tuple(DealForm(form) for form in record.deal_forms),
        price=price,
        prospects=record.prospects,
        maturity=Maturity(record.maturity) if record.maturity else None,
        industries=tuple(record.industries),
        territories=tuple(record.territories),
        region=record.region,
        private_details=record.private_details,
    )
    return Listing(
        listing_id=record.listing_id,
        right_id=record.right_id,
        organisation_id=record.organisation_id,
        organisation_name=record.organisation_name,
        status=ListingStatus(record.status),
        terms=terms,
        created_at=record.created_at,
        published_at=record.published_at,
        withdrawal_reason=record.withdrawal_reason,
        deal_id=record.deal_id,
        version=record.version,
    )


def _money(minor_units: int | None, currency: str | None) -> Money | None:
    return None if minor_units is None or currency is None else Money(minor_units, currency)


def import_row(this: Import) -> Values:
    return {
        "import_id": this.import_id,
        "organisation_id": this.organisation_id,
        "organisation_name": this.organisation_name,
        "requested_by": this.requested_by,
        "publish": this.publish,
        "state": this.state,
        "rows": this.rows,
        "done": this.done,
        "accepted": this.accepted,
        "rejected": this.rejected,
        "published": this.published,
        "created_at": this.created_at,
        "finished_at": this.finished_at,
        "version": this.version,
    }


def import_of(record: ImportRecord) -> Import:
    return Import(
        import_id=record.import_id,
        organisation_id=record.organisation_id,
        organisation_name=record.organisation_name,
        requested_by=record.requested_by,
        publish=record.publish,
        rows=record.rows,
        created_at=record.created_at,
        state=ImportState(record.state),
        done=record.done,
        accepted=record.accepted,
        rejected=record.rejected,
        published=record.published,
        finished_at=record.finished_at,
        version=record.version,
    )
