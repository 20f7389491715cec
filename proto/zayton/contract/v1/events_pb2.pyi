import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from zayton.common.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DealState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEAL_STATE_UNSPECIFIED: _ClassVar[DealState]
    DEAL_STATE_INQUIRY: _ClassVar[DealState]
    DEAL_STATE_NDA: _ClassVar[DealState]
    DEAL_STATE_OFFER: _ClassVar[DealState]
    DEAL_STATE_COUNTER: _ClassVar[DealState]
    DEAL_STATE_TERM_SHEET: _ClassVar[DealState]
    DEAL_STATE_DUE_DILIGENCE: _ClassVar[DealState]
    DEAL_STATE_CONTRACT_DRAFT: _ClassVar[DealState]
    DEAL_STATE_APPROVAL: _ClassVar[DealState]
    DEAL_STATE_SIGNING: _ClassVar[DealState]
    DEAL_STATE_SIGNED: _ClassVar[DealState]
    DEAL_STATE_FUNDED: _ClassVar[DealState]
    DEAL_STATE_RECORDAL_FILED: _ClassVar[DealState]
    DEAL_STATE_RECORDED: _ClassVar[DealState]
    DEAL_STATE_RELEASED: _ClassVar[DealState]
    DEAL_STATE_ACTIVE: _ClassVar[DealState]
    DEAL_STATE_EXPIRED: _ClassVar[DealState]
    DEAL_STATE_TERMINATED: _ClassVar[DealState]
    DEAL_STATE_REJECTED: _ClassVar[DealState]
    DEAL_STATE_WITHDRAWN: _ClassVar[DealState]
    DEAL_STATE_OFFER_EXPIRED: _ClassVar[DealState]
    DEAL_STATE_DUE_DILIGENCE_FAILED: _ClassVar[DealState]
    DEAL_STATE_RECORDAL_REFUSED: _ClassVar[DealState]
    DEAL_STATE_DISPUTED: _ClassVar[DealState]
    DEAL_STATE_REFUNDED: _ClassVar[DealState]
DEAL_STATE_UNSPECIFIED: DealState
DEAL_STATE_INQUIRY: DealState
DEAL_STATE_NDA: DealState
DEAL_STATE_OFFER: DealState
DEAL_STATE_COUNTER: DealState
DEAL_STATE_TERM_SHEET: DealState
DEAL_STATE_DUE_DILIGENCE: DealState
DEAL_STATE_CONTRACT_DRAFT: DealState
DEAL_STATE_APPROVAL: DealState
DEAL_STATE_SIGNING: DealState
DEAL_STATE_SIGNED: DealState
DEAL_STATE_FUNDED: DealState
DEAL_STATE_RECORDAL_FILED: DealState
DEAL_STATE_RECORDED: DealState
DEAL_STATE_RELEASED: DealState
DEAL_STATE_ACTIVE: DealState
DEAL_STATE_EXPIRED: DealState
DEAL_STATE_TERMINATED: DealState
DEAL_STATE_REJECTED: DealState
DEAL_STATE_WITHDRAWN: DealState
DEAL_STATE_OFFER_EXPIRED: DealState
DEAL_STATE_DUE_DILIGENCE_FAILED: DealState
DEAL_STATE_RECORDAL_REFUSED: DealState
DEAL_STATE_DISPUTED: DealState
DEAL_STATE_REFUNDED: DealState

class Deal(_message.Message):
    __slots__ = ("deal_id", "listing_id", "right_id", "title", "licensor_organisation_id", "licensee_organisation_id", "broker_organisation_id", "state", "demand_id")
    DEAL_ID_FIELD_NUMBER: _ClassVar[int]
    LISTING_ID_FIELD_NUMBER: _ClassVar[int]
    RIGHT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    LICENSOR_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    LICENSEE_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    BROKER_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DEMAND_ID_FIELD_NUMBER: _ClassVar[int]
    deal_id: str
    listing_id: str
    right_id: str
    title: str
    licensor_organisation_id: str
    licensee_organisation_id: str
    broker_organisation_id: str
    state: DealState
    demand_id: str
    def __init__(self, deal_id: _Optional[str] = ..., listing_id: _Optional[str] = ..., right_id: _Optional[str] = ..., title: _Optional[str] = ..., licensor_organisation_id: _Optional[str] = ..., licensee_organisation_id: _Optional[str] = ..., broker_organisation_id: _Optional[str] = ..., state: _Optional[_Union[DealState, str]] = ..., demand_id: _Optional[str] = ...) -> None: ...

class Terms(_message.Message):
    __slots__ = ("form", "territories", "field_of_use", "starts_at", "ends_at", "sublicensing_allowed", "fixed_fee", "royalty_basis_points", "minimum_annual_royalty", "other_terms")
    FORM_FIELD_NUMBER: _ClassVar[int]
    TERRITORIES_FIELD_NUMBER: _ClassVar[int]
    FIELD_OF_USE_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    SUBLICENSING_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    FIXED_FEE_FIELD_NUMBER: _ClassVar[int]
    ROYALTY_BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_ANNUAL_ROYALTY_FIELD_NUMBER: _ClassVar[int]
    OTHER_TERMS_FIELD_NUMBER: _ClassVar[int]
    form: _types_pb2.DealForm
    territories: _containers.RepeatedScalarFieldContainer[str]
    field_of_use: str
    starts_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    sublicensing_allowed: bool
    fixed_fee: _types_pb2.Money
    royalty_basis_points: int
    minimum_annual_royalty: _types_pb2.Money
    other_terms: str
    def __init__(self, form: _Optional[_Union[_types_pb2.DealForm, str]] = ..., territories: _Optional[_Iterable[str]] = ..., field_of_use: _Optional[str] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sublicensing_allowed: _Optional[bool] = ..., fixed_fee: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., royalty_basis_points: _Optional[int] = ..., minimum_annual_royalty: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., other_terms: _Optional[str] = ...) -> None: ...

class Offer(_message.Message):
    __slots__ = ("offer_id", "round", "from_organisation_id", "terms", "expires_at")
    OFFER_ID_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    FROM_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    offer_id: str
    round: int
    from_organisation_id: str
    terms: Terms
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, offer_id: _Optional[str] = ..., round: _Optional[int] = ..., from_organisation_id: _Optional[str] = ..., terms: _Optional[_Union[Terms, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DealOpened(_message.Message):
    __slots__ = ("deal", "message")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    message: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., message: _Optional[str] = ...) -> None: ...

class OfferMade(_message.Message):
    __slots__ = ("deal", "offer")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    offer: Offer
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., offer: _Optional[_Union[Offer, _Mapping]] = ...) -> None: ...

class OfferAccepted(_message.Message):
    __slots__ = ("deal", "offer", "accepted_by_organisation_id")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_BY_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    offer: Offer
    accepted_by_organisation_id: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., offer: _Optional[_Union[Offer, _Mapping]] = ..., accepted_by_organisation_id: _Optional[str] = ...) -> None: ...

class ContractPartySigned(_message.Message):
    __slots__ = ("deal", "organisation_id", "signatory")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATORY_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    organisation_id: str
    signatory: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., organisation_id: _Optional[str] = ..., signatory: _Optional[str] = ...) -> None: ...

class ContractSigned(_message.Message):
    __slots__ = ("deal", "terms", "signed_at")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    terms: Terms
    signed_at: _timestamp_pb2.Timestamp
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., terms: _Optional[_Union[Terms, _Mapping]] = ..., signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DocumentSealed(_message.Message):
    __slots__ = ("deal", "pdf_sha256", "terms_sha256", "sealed_at")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    PDF_SHA256_FIELD_NUMBER: _ClassVar[int]
    TERMS_SHA256_FIELD_NUMBER: _ClassVar[int]
    SEALED_AT_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    pdf_sha256: str
    terms_sha256: str
    sealed_at: _timestamp_pb2.Timestamp
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., pdf_sha256: _Optional[str] = ..., terms_sha256: _Optional[str] = ..., sealed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DealClosed(_message.Message):
    __slots__ = ("deal", "reason", "closed_by_organisation_id")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CLOSED_BY_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    reason: str
    closed_by_organisation_id: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., reason: _Optional[str] = ..., closed_by_organisation_id: _Optional[str] = ...) -> None: ...

class Invoice(_message.Message):
    __slots__ = ("invoice_id", "reference", "amount", "due_at", "received", "held", "hold_expires_at")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    HOLD_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    reference: str
    amount: _types_pb2.Money
    due_at: _timestamp_pb2.Timestamp
    received: _types_pb2.Money
    held: _types_pb2.Money
    hold_expires_at: _timestamp_pb2.Timestamp
    def __init__(self, invoice_id: _Optional[str] = ..., reference: _Optional[str] = ..., amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., held: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., hold_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Recordal(_message.Message):
    __slots__ = ("filing_number", "filed_on", "receipt_number", "recorded_on", "due_at")
    FILING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    FILED_ON_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RECORDED_ON_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    filing_number: str
    filed_on: str
    receipt_number: str
    recorded_on: str
    due_at: _timestamp_pb2.Timestamp
    def __init__(self, filing_number: _Optional[str] = ..., filed_on: _Optional[str] = ..., receipt_number: _Optional[str] = ..., recorded_on: _Optional[str] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class InvoiceIssued(_message.Message):
    __slots__ = ("deal", "invoice")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    invoice: Invoice
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., invoice: _Optional[_Union[Invoice, _Mapping]] = ...) -> None: ...

class PaymentReceived(_message.Message):
    __slots__ = ("deal", "invoice", "amount", "excess")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    EXCESS_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    invoice: Invoice
    amount: _types_pb2.Money
    excess: _types_pb2.Money
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., invoice: _Optional[_Union[Invoice, _Mapping]] = ..., amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., excess: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class PaymentHeld(_message.Message):
    __slots__ = ("deal", "invoice")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    invoice: Invoice
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., invoice: _Optional[_Union[Invoice, _Mapping]] = ...) -> None: ...

class RecordalDue(_message.Message):
    __slots__ = ("deal", "due_at", "rule", "article")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    due_at: _timestamp_pb2.Timestamp
    rule: str
    article: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rule: _Optional[str] = ..., article: _Optional[str] = ...) -> None: ...

class RecordalFiled(_message.Message):
    __slots__ = ("deal", "recordal", "filed_by_organisation_id")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    RECORDAL_FIELD_NUMBER: _ClassVar[int]
    FILED_BY_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    recordal: Recordal
    filed_by_organisation_id: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., recordal: _Optional[_Union[Recordal, _Mapping]] = ..., filed_by_organisation_id: _Optional[str] = ...) -> None: ...

class RecordalRecorded(_message.Message):
    __slots__ = ("deal", "recordal")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    RECORDAL_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    recordal: Recordal
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., recordal: _Optional[_Union[Recordal, _Mapping]] = ...) -> None: ...

class RecordalRefused(_message.Message):
    __slots__ = ("deal", "reason", "recordal")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RECORDAL_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    reason: str
    recordal: Recordal
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., reason: _Optional[str] = ..., recordal: _Optional[_Union[Recordal, _Mapping]] = ...) -> None: ...

class PaymentReleased(_message.Message):
    __slots__ = ("deal", "invoice", "to_licensor", "commission")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    TO_LICENSOR_FIELD_NUMBER: _ClassVar[int]
    COMMISSION_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    invoice: Invoice
    to_licensor: _types_pb2.Money
    commission: _types_pb2.Money
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., invoice: _Optional[_Union[Invoice, _Mapping]] = ..., to_licensor: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., commission: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class DealActivated(_message.Message):
    __slots__ = ("deal", "ends_at")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    ends_at: _timestamp_pb2.Timestamp
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DealDisputed(_message.Message):
    __slots__ = ("deal", "reason", "disputed_by_organisation_id")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DISPUTED_BY_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    reason: str
    disputed_by_organisation_id: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., reason: _Optional[str] = ..., disputed_by_organisation_id: _Optional[str] = ...) -> None: ...

class DealResumed(_message.Message):
    __slots__ = ("deal", "invoice", "refund")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    INVOICE_FIELD_NUMBER: _ClassVar[int]
    REFUND_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    invoice: Invoice
    refund: _types_pb2.Money
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., invoice: _Optional[_Union[Invoice, _Mapping]] = ..., refund: _Optional[_Union[_types_pb2.Money, _Mapping]] = ...) -> None: ...

class PaymentRefunded(_message.Message):
    __slots__ = ("deal", "amount", "reason")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    amount: _types_pb2.Money
    reason: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., amount: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class DealEnded(_message.Message):
    __slots__ = ("deal", "reason", "ended_by_organisation_id")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ENDED_BY_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    reason: str
    ended_by_organisation_id: str
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., reason: _Optional[str] = ..., ended_by_organisation_id: _Optional[str] = ...) -> None: ...

class DealMessageSent(_message.Message):
    __slots__ = ("deal", "message_id", "from_organisation_id", "author", "text", "sent_at")
    DEAL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_FIELD_NUMBER: _ClassVar[int]
    deal: Deal
    message_id: str
    from_organisation_id: str
    author: str
    text: str
    sent_at: _timestamp_pb2.Timestamp
    def __init__(self, deal: _Optional[_Union[Deal, _Mapping]] = ..., message_id: _Optional[str] = ..., from_organisation_id: _Optional[str] = ..., author: _Optional[str] = ..., text: _Optional[str] = ..., sent_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
