"""Each happening as the line of history and as the published fact it becomes. Past the signing: fulfilment_facts.py."""

from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from zayton.common.v1.types_pb2 import DealForm
from zayton.contract.v1 import events_pb2 as pb

from services.contract.domain.conversation import Message as Words
from services.contract.domain.deal import Deal
from services.contract.domain.evidence import utc_text
from services.contract.domain.happenings import (
    Accepted,
    Closed,
    DocumentSealed,
    Happening,
    Offer,
    Offered,
    Opened,
    PartySigned,
    Seal,
    SignatureApplied,
    Signed,
)
from services.contract.domain.states import TRANSITIONS, By
from services.contract.domain.terms import Money, Terms
from services.kit import protos


def message_of(deal: Deal, happening: Happening) -> Message | None:  # noqa: PLR0911  # a table: one for each
    """The event that tells other services; None where the history alone keeps it."""
    subject = deal_message(deal)
    match happening:
        case Opened():
            return pb.DealOpened(deal=subject, message=happening.message)
        case Offered():
            return pb.OfferMade(deal=subject, offer=_offer(happening.offer))
        case Accepted():
            by = _organisation(happening)
            return pb.OfferAccepted(deal=subject, offer=_offer(happening.offer), accepted_by_organisation_id=by)
        case PartySigned():
            signature = happening.signature
            return pb.ContractPartySigned(
                deal=subject, organisation_id=str(signature.organisation_id), signatory=str(signature.user_id)
            )
        case Signed():
            terms = _terms(happening.offer.terms)
            return pb.ContractSigned(deal=subject, terms=terms, signed_at=protos.timestamp(happening.at))
        case SignatureApplied():
            return None  # the file is of use to others once it is final
        case DocumentSealed():
            return pb.DocumentSealed(
                deal=subject,
                pdf_sha256=happening.seal.pdf_sha256,
                terms_sha256=happening.document_sha256,
                sealed_at=protos.timestamp(happening.at),
            )
        case Closed():
            closed_by = _organisation(happening)
            return pb.DealClosed(
                deal=subject, reason=happening.closing.reason_code, closed_by_organisation_id=closed_by
            )
        case _:
            raise TypeError(f"no event tells of {type(happening).__name__}")


def message_sent(deal: Deal, words: Words) -> pb.DealMessageSent:
    return pb.DealMessageSent(
        deal=deal_message(deal),
        message_id=str(words.message_id),
        from_organisation_id=str(words.organisation_id),
        author=str(words.user_id),
        text=words.text,
        sent_at=protos.timestamp(words.sent_at),
    )


def actor_of(happening: Happening) -> dict[str, Any]:
    """Who did it, for the history. Ids only: an append-only record is no place for names."""
    if isinstance(happening, SignatureApplied | DocumentSealed):
        return {"hall": "sealing"}
    if happening.actor is None:
        found = next(each for each in TRANSITIONS if each.action is happening.action)
        # No person's act: a clock ran out, or what the hall waited for has come.
        return {"timer": found.timer} if found.by is By.TIMER else {"hall": happening.event}
    return {"user_id": str(happening.actor.user_id), "organisation_id": str(happening.actor.organisation_id)}


def record_of(deal: Deal, happening: Happening) -> dict[str, Any]:  # noqa: PLR0911  # a table: one for each
    """What the history keeps of it: enough to prove what was said, agreed and checked."""
    match happening:
        case Opened():
            return {"subject": _subject(deal), "message": happening.message}
        case Offered():
            offer = happening.offer
            return {
                "action": happening.action.value,
                "offer_id": str(offer.offer_id),
                "round": offer.round,
                "terms": offer.terms.as_data(),
                "expires_at": utc_text(offer.expires_at),
                "guards_passed": list(happening.guards),
            }
        case Accepted():
            return {
                "offer_id": str(happening.offer.offer_id),
                "document_sha256": happening.document_sha256,
                "guards_passed": list(happening.guards),
            }
        case PartySigned():
            return {
                "document_sha256": happening.signature.document_sha256,
                "pdf_sha256": happening.paper.sha256,
                "pdf_size": happening.paper.size,
                "template": happening.paper.template,
                "guards_passed": list(happening.guards),
            }
        case Signed():
            return {"state": deal.state.value, "document_sha256": happening.document_sha256}
        case SignatureApplied():
            return _sealed(happening.seal)
        case DocumentSealed():
            seal = happening.seal
            return {
                "document_sha256": happening.document_sha256,
                "pdf_sha256": seal.pdf_sha256,
                "pdf_size": seal.pdf_size,
            }
        case Closed():
            closing = happening.closing
            return {
                "action": happening.action.value,
                "state": happening.state.value,
                "reason_code": closing.reason_code,
                "note": closing.note,
            }
        case _:
            raise TypeError(f"no line of history tells of {type(happening).__name__}")


def _sealed(seal: Seal) -> dict[str, Any]:
    """No name: the certificate's fingerprint says who, and the file has the certificate."""
    return {
        "organisation_id": str(seal.organisation_id),
        "pdf_sha256": seal.pdf_sha256,
        "pdf_size": seal.pdf_size,
        "certificate_sha256": seal.certificate_sha256,
        "stamped_at": utc_text(seal.stamped_at),
    }


def _organisation(happening: Happening) -> str:
    return str(happening.actor.organisation_id) if happening.actor else ""


def _subject(deal: Deal) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in vars(deal.subject).items()}


def deal_message(deal: Deal) -> pb.Deal:
    subject = deal.subject
    return pb.Deal(
        deal_id=str(subject.deal_id),
        listing_id=str(subject.listing_id),
        right_id=str(subject.right_id),
        title=subject.title,
        licensor_organisation_id=str(subject.licensor_id),
        licensee_organisation_id=str(subject.licensee_id),
        broker_organisation_id=str(subject.broker_id or ""),
        state=protos.text_to_enum(pb.DealState, deal.state.value),
        demand_id=str(subject.demand_id or ""),
    )


def _offer(offer: Offer) -> pb.Offer:
    return pb.Offer(
        offer_id=str(offer.offer_id),
        round=offer.round,
        from_organisation_id=str(offer.from_organisation_id),
        terms=_terms(offer.terms),
        expires_at=protos.timestamp(offer.expires_at),
    )


def _terms(terms: Terms) -> pb.Terms:
    return pb.Terms(
        form=protos.text_to_enum(DealForm, terms.meaning.value),
        territories=terms.territories,
        field_of_use=terms.field_of_use,
        starts_at=protos.timestamp(terms.starts_at),
        ends_at=protos.timestamp(terms.ends_at),
        sublicensing_allowed=terms.sublicensing_allowed,
        fixed_fee=_money(terms.fixed_fee),
        royalty_basis_points=terms.royalty_basis_points,
        minimum_annual_royalty=_money(terms.minimum_annual_royalty),
        other_terms=terms.other_terms,
    )


def _money(money: Money | None) -> Any:
    return protos.money(money.minor_units, money.currency) if money else None
