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

class ListingStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LISTING_STATUS_UNSPECIFIED: _ClassVar[ListingStatus]
    LISTING_STATUS_DRAFT: _ClassVar[ListingStatus]
    LISTING_STATUS_PUBLISHED: _ClassVar[ListingStatus]
    LISTING_STATUS_UNDER_OFFER: _ClassVar[ListingStatus]
    LISTING_STATUS_CLOSED: _ClassVar[ListingStatus]
    LISTING_STATUS_WITHDRAWN: _ClassVar[ListingStatus]
LISTING_STATUS_UNSPECIFIED: ListingStatus
LISTING_STATUS_DRAFT: ListingStatus
LISTING_STATUS_PUBLISHED: ListingStatus
LISTING_STATUS_UNDER_OFFER: ListingStatus
LISTING_STATUS_CLOSED: ListingStatus
LISTING_STATUS_WITHDRAWN: ListingStatus

class Right(_message.Message):
    __slots__ = ("right_id", "organisation_id", "kind", "office", "number", "number_as_given", "title", "abstract", "owner_name", "ipc", "status", "status_as_given", "filed_at", "expires_at", "encumbrances", "language")
    RIGHT_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_AS_GIVEN_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ABSTRACT_FIELD_NUMBER: _ClassVar[int]
    OWNER_NAME_FIELD_NUMBER: _ClassVar[int]
    IPC_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATUS_AS_GIVEN_FIELD_NUMBER: _ClassVar[int]
    FILED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ENCUMBRANCES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    right_id: str
    organisation_id: str
    kind: _types_pb2.RightKind
    office: str
    number: str
    number_as_given: str
    title: str
    abstract: str
    owner_name: str
    ipc: _containers.RepeatedScalarFieldContainer[str]
    status: _types_pb2.RightStatus
    status_as_given: str
    filed_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    encumbrances: _containers.RepeatedCompositeFieldContainer[_types_pb2.Encumbrance]
    language: str
    def __init__(self, right_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., kind: _Optional[_Union[_types_pb2.RightKind, str]] = ..., office: _Optional[str] = ..., number: _Optional[str] = ..., number_as_given: _Optional[str] = ..., title: _Optional[str] = ..., abstract: _Optional[str] = ..., owner_name: _Optional[str] = ..., ipc: _Optional[_Iterable[str]] = ..., status: _Optional[_Union[_types_pb2.RightStatus, str]] = ..., status_as_given: _Optional[str] = ..., filed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., encumbrances: _Optional[_Iterable[_Union[_types_pb2.Encumbrance, _Mapping]]] = ..., language: _Optional[str] = ...) -> None: ...

class RightRegistered(_message.Message):
    __slots__ = ("right",)
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    right: Right
    def __init__(self, right: _Optional[_Union[Right, _Mapping]] = ...) -> None: ...

class RightStatusChanged(_message.Message):
    __slots__ = ("right",)
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    right: Right
    def __init__(self, right: _Optional[_Union[Right, _Mapping]] = ...) -> None: ...

class RightEncumbrancesChanged(_message.Message):
    __slots__ = ("right",)
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    right: Right
    def __init__(self, right: _Optional[_Union[Right, _Mapping]] = ...) -> None: ...

class Listing(_message.Message):
    __slots__ = ("listing_id", "organisation_id", "organisation_name", "right", "status", "summary", "prospects", "deal_forms", "price", "maturity", "industries", "territories", "region", "published_at")
    LISTING_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_NAME_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    PROSPECTS_FIELD_NUMBER: _ClassVar[int]
    DEAL_FORMS_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    MATURITY_FIELD_NUMBER: _ClassVar[int]
    INDUSTRIES_FIELD_NUMBER: _ClassVar[int]
    TERRITORIES_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_FIELD_NUMBER: _ClassVar[int]
    listing_id: str
    organisation_id: str
    organisation_name: str
    right: Right
    status: ListingStatus
    summary: str
    prospects: str
    deal_forms: _containers.RepeatedScalarFieldContainer[_types_pb2.DealForm]
    price: _types_pb2.AskingPrice
    maturity: _types_pb2.Maturity
    industries: _containers.RepeatedScalarFieldContainer[str]
    territories: _containers.RepeatedScalarFieldContainer[str]
    region: str
    published_at: _timestamp_pb2.Timestamp
    def __init__(self, listing_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., organisation_name: _Optional[str] = ..., right: _Optional[_Union[Right, _Mapping]] = ..., status: _Optional[_Union[ListingStatus, str]] = ..., summary: _Optional[str] = ..., prospects: _Optional[str] = ..., deal_forms: _Optional[_Iterable[_Union[_types_pb2.DealForm, str]]] = ..., price: _Optional[_Union[_types_pb2.AskingPrice, _Mapping]] = ..., maturity: _Optional[_Union[_types_pb2.Maturity, str]] = ..., industries: _Optional[_Iterable[str]] = ..., territories: _Optional[_Iterable[str]] = ..., region: _Optional[str] = ..., published_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListingPublished(_message.Message):
    __slots__ = ("listing",)
    LISTING_FIELD_NUMBER: _ClassVar[int]
    listing: Listing
    def __init__(self, listing: _Optional[_Union[Listing, _Mapping]] = ...) -> None: ...

class ListingChanged(_message.Message):
    __slots__ = ("listing",)
    LISTING_FIELD_NUMBER: _ClassVar[int]
    listing: Listing
    def __init__(self, listing: _Optional[_Union[Listing, _Mapping]] = ...) -> None: ...

class ListingWithdrawn(_message.Message):
    __slots__ = ("listing", "reason")
    LISTING_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    listing: Listing
    reason: str
    def __init__(self, listing: _Optional[_Union[Listing, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ImportFinished(_message.Message):
    __slots__ = ("import_id", "organisation_id", "requested_by", "rows", "accepted", "rejected")
    IMPORT_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    import_id: str
    organisation_id: str
    requested_by: str
    rows: int
    accepted: int
    rejected: int
    def __init__(self, import_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., requested_by: _Optional[str] = ..., rows: _Optional[int] = ..., accepted: _Optional[int] = ..., rejected: _Optional[int] = ...) -> None: ...
