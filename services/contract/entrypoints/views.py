"""A deal as its reader may see it, in the reader's language."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from services.contract.adapters.tables import DealRow, OrganisationRow
from services.contract.domain.deal import Deal, Standing
from services.contract.domain.evidence import Entry, sha256, utc_text
from services.contract.domain.facts import RightKind
from services.contract.domain.findings import Finding
from services.contract.domain.happenings import Closing, Offer
from services.contract.domain.options import Option, options
from services.contract.domain.recordal import rule_for
from services.contract.domain.states import OFFER_OPEN, By
from services.contract.entrypoints.schemas import (
    ActionView,
    ClosingView,
    DealSummary,
    DealView,
    Document,
    HistoryEntry,
    Note,
    OfferView,
    Party,
    Pdf,
    RecordalView,
    SignatureView,
    TermsBody,
)
from services.kit.auth import ACTING, OrganisationKind, Principal
from services.kit.clock import utcnow
from services.kit.messages import Catalogue, preferred_language
from services.kit.problems import Forbidden, Problem
from services.kit.web import Caller
from services.kit.web.errors import body_of
from services.kit.web.route import ProblemBody

Names = dict[UUID, OrganisationRow]


@dataclass(frozen=True)
class Reader:
    """Who reads, and the words to tell it in."""

    caller: Principal
    catalogue: Catalogue
    language: str
    request_id: str
    path: str

    @classmethod
    def of(cls, request: Request, caller: Caller) -> "Reader":
        language = preferred_language(request.headers.get("accept-language"), caller.language)
        state = request.app.state
        return cls(caller, state.catalogue, language, getattr(request.state, "request_id", ""), request.url.path)

    def problem(self, problem: Problem) -> ProblemBody:
        body = body_of(problem, self.catalogue, self.language, instance=self.path, request_id=self.request_id)
        return ProblemBody.model_validate(body)

    def note(self, finding: Finding) -> Note:
        text = self.catalogue.text(finding.code, self.language, **finding.params)
        return Note(code=finding.code, rule=finding.rule, article=finding.article, text=text)

    def actions(self, deal: Deal, standing: Standing, at: datetime) -> list[ActionView]:
        """What can happen to the deal now, and what would stop this reader."""
        return [self._action(each) for each in options(deal, self.caller.organisation_id, standing, at)]

    def _action(self, option: Option) -> ActionView:
        stopped = option.blocked_by
        if self.caller.role not in ACTING:
            stopped = Forbidden(role=self.caller.role, kind=self.caller.organisation_kind)
        return ActionView(
            action=option.action,
            by=option.by,
            allowed=stopped is None,
            blocked_by=self.problem(stopped) if stopped else None,
            notes=[self.note(each) for each in option.notes],
        )


ReaderOf = Annotated[Reader, Depends(Reader.of)]


def organisations_in(rows: Collection[DealRow]) -> set[UUID]:
    return {
        each
        for row in rows
        for each in (row.licensor_organisation_id, row.licensee_organisation_id, row.broker_organisation_id)
        if each
    }


def summary(row: DealRow, names: Names, awaits: By | None) -> DealSummary:
    broker = row.broker_organisation_id
    return DealSummary.model_validate(
        {
            **{name: getattr(row, name) for name in DealSummary.model_fields if hasattr(row, name)},
            "licensor": _party(row.licensor_organisation_id, names),
            "licensee": _party(row.licensee_organisation_id, names),
            "broker": _party(broker, names) if broker else None,
            "awaits": awaits,
        }
    )


def deal_view(
    row: DealRow, deal: Deal, names: Names, reader: Reader, standing: Standing, *, pdf: Pdf | None
) -> DealView:
    actions, kind = reader.actions(deal, standing, utcnow()), standing.right.kind
    latest = deal.latest
    return DealView(
        **dict(summary(row, names, deal.awaits)),
        demand_id=deal.subject.demand_id,
        message=deal.message,
        my_side=deal.side_of(reader.caller.organisation_id) or "",
        open_offer_id=latest.offer_id if latest and deal.state in OFFER_OPEN else None,
        offers=[_offer(each) for each in deal.offers],
        document=_document(deal, pdf),
        signatures=[SignatureView.model_validate(vars(each)) for each in deal.signatures],
        closing=_closing(deal.closing),
        invoice_id=deal.purse.invoice.invoice_id if deal.purse else None,
        recordal=_recordal(deal, kind),
        actions=actions,
    )


def history_entry(entry: Entry) -> HistoryEntry:
    return HistoryEntry.model_validate({**vars(entry), "at": utc_text(entry.at)})


def _party(organisation_id: UUID, names: Names) -> Party:
    row = names.get(organisation_id)
    kind = OrganisationKind(row.kind) if row else None
    return Party(organisation_id=organisation_id, name=row.name if row else None, kind=kind)


def _offer(offer: Offer) -> OfferView:
    return OfferView(
        offer_id=offer.offer_id,
        round=offer.round,
        from_organisation_id=offer.from_organisation_id,
        made_at=offer.made_at,
        expires_at=offer.expires_at,
        terms=TermsBody.of(offer.terms),
        form_in_law=offer.terms.meaning,
    )


def _document(deal: Deal, pdf: Pdf | None) -> Document | None:
    if deal.agreed is None:
        return None
    content = deal.document()
    return Document(sha256=sha256(content), content=content, pdf=pdf)


def _recordal(deal: Deal, kind: RightKind) -> RecordalView | None:
    if deal.recordal is None or deal.agreed is None:
        return None
    rule = rule_for(kind, deal.agreed.terms, deal.signatures[-1].signed_at)
    filed = {name: value for name, value in vars(deal.recordal).items() if name in RecordalView.model_fields}
    law = {"rule": rule.id if rule else None, "article": rule.article if rule else None}
    return RecordalView.model_validate({**filed, **law, "filed_late": deal.recordal.late})


def _closing(closing: Closing | None) -> ClosingView | None:
    if closing is None:
        return None
    return ClosingView(
        reason_code=closing.reason_code,
        note=closing.note,
        closed_by_organisation_id=closing.closed_by,
        closed_at=closing.closed_at,
    )
