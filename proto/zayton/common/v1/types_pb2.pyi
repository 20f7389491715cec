import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RightKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIGHT_KIND_UNSPECIFIED: _ClassVar[RightKind]
    RIGHT_KIND_INVENTION: _ClassVar[RightKind]
    RIGHT_KIND_UTILITY_MODEL: _ClassVar[RightKind]
    RIGHT_KIND_DESIGN: _ClassVar[RightKind]
    RIGHT_KIND_TRADEMARK: _ClassVar[RightKind]
    RIGHT_KIND_COPYRIGHT: _ClassVar[RightKind]
    RIGHT_KIND_SOFTWARE: _ClassVar[RightKind]
    RIGHT_KIND_IC_LAYOUT: _ClassVar[RightKind]
    RIGHT_KIND_PLANT_VARIETY: _ClassVar[RightKind]

class RightStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RIGHT_STATUS_UNSPECIFIED: _ClassVar[RightStatus]
    RIGHT_STATUS_PENDING: _ClassVar[RightStatus]
    RIGHT_STATUS_GRANTED: _ClassVar[RightStatus]
    RIGHT_STATUS_GRACE: _ClassVar[RightStatus]
    RIGHT_STATUS_RECOVERABLE: _ClassVar[RightStatus]
    RIGHT_STATUS_TERMINATED: _ClassVar[RightStatus]
    RIGHT_STATUS_INVALIDATED: _ClassVar[RightStatus]
    RIGHT_STATUS_WITHDRAWN_OR_REJECTED: _ClassVar[RightStatus]
    RIGHT_STATUS_UNMAPPED: _ClassVar[RightStatus]

class DealForm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEAL_FORM_UNSPECIFIED: _ClassVar[DealForm]
    DEAL_FORM_ORDINARY_LICENCE: _ClassVar[DealForm]
    DEAL_FORM_SOLE_LICENCE: _ClassVar[DealForm]
    DEAL_FORM_EXCLUSIVE_LICENCE: _ClassVar[DealForm]
    DEAL_FORM_ASSIGNMENT: _ClassVar[DealForm]
    DEAL_FORM_OPEN_LICENCE: _ClassVar[DealForm]
    DEAL_FORM_EQUITY: _ClassVar[DealForm]

class Maturity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATURITY_UNSPECIFIED: _ClassVar[Maturity]
    MATURITY_CONCEPT: _ClassVar[Maturity]
    MATURITY_PROTOTYPE: _ClassVar[Maturity]
    MATURITY_PILOT: _ClassVar[Maturity]
    MATURITY_MASS_PRODUCTION: _ClassVar[Maturity]
    MATURITY_SOLD: _ClassVar[Maturity]

class PriceForm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_FORM_UNSPECIFIED: _ClassVar[PriceForm]
    PRICE_FORM_FIXED: _ClassVar[PriceForm]
    PRICE_FORM_NEGOTIABLE: _ClassVar[PriceForm]
    PRICE_FORM_RANGE: _ClassVar[PriceForm]
    PRICE_FORM_ROYALTY: _ClassVar[PriceForm]
    PRICE_FORM_FREE: _ClassVar[PriceForm]

class EncumbranceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENCUMBRANCE_KIND_UNSPECIFIED: _ClassVar[EncumbranceKind]
    ENCUMBRANCE_KIND_PLEDGE: _ClassVar[EncumbranceKind]
    ENCUMBRANCE_KIND_PRESERVATION: _ClassVar[EncumbranceKind]
    ENCUMBRANCE_KIND_LICENCE: _ClassVar[EncumbranceKind]
    ENCUMBRANCE_KIND_CO_OWNERSHIP: _ClassVar[EncumbranceKind]
    ENCUMBRANCE_KIND_OPEN_LICENCE: _ClassVar[EncumbranceKind]
RIGHT_KIND_UNSPECIFIED: RightKind
RIGHT_KIND_INVENTION: RightKind
RIGHT_KIND_UTILITY_MODEL: RightKind
RIGHT_KIND_DESIGN: RightKind
RIGHT_KIND_TRADEMARK: RightKind
RIGHT_KIND_COPYRIGHT: RightKind
RIGHT_KIND_SOFTWARE: RightKind
RIGHT_KIND_IC_LAYOUT: RightKind
RIGHT_KIND_PLANT_VARIETY: RightKind
RIGHT_STATUS_UNSPECIFIED: RightStatus
RIGHT_STATUS_PENDING: RightStatus
RIGHT_STATUS_GRANTED: RightStatus
RIGHT_STATUS_GRACE: RightStatus
RIGHT_STATUS_RECOVERABLE: RightStatus
RIGHT_STATUS_TERMINATED: RightStatus
RIGHT_STATUS_INVALIDATED: RightStatus
RIGHT_STATUS_WITHDRAWN_OR_REJECTED: RightStatus
RIGHT_STATUS_UNMAPPED: RightStatus
DEAL_FORM_UNSPECIFIED: DealForm
DEAL_FORM_ORDINARY_LICENCE: DealForm
DEAL_FORM_SOLE_LICENCE: DealForm
DEAL_FORM_EXCLUSIVE_LICENCE: DealForm
DEAL_FORM_ASSIGNMENT: DealForm
DEAL_FORM_OPEN_LICENCE: DealForm
DEAL_FORM_EQUITY: DealForm
MATURITY_UNSPECIFIED: Maturity
MATURITY_CONCEPT: Maturity
MATURITY_PROTOTYPE: Maturity
MATURITY_PILOT: Maturity
MATURITY_MASS_PRODUCTION: Maturity
MATURITY_SOLD: Maturity
PRICE_FORM_UNSPECIFIED: PriceForm
PRICE_FORM_FIXED: PriceForm
PRICE_FORM_NEGOTIABLE: PriceForm
PRICE_FORM_RANGE: PriceForm
PRICE_FORM_ROYALTY: PriceForm
PRICE_FORM_FREE: PriceForm
ENCUMBRANCE_KIND_UNSPECIFIED: EncumbranceKind
ENCUMBRANCE_KIND_PLEDGE: EncumbranceKind
ENCUMBRANCE_KIND_PRESERVATION: EncumbranceKind
ENCUMBRANCE_KIND_LICENCE: EncumbranceKind
ENCUMBRANCE_KIND_CO_OWNERSHIP: EncumbranceKind
ENCUMBRANCE_KIND_OPEN_LICENCE: EncumbranceKind

class Money(_message.Message):
    __slots__ = ("minor_units", "currency")
    MINOR_UNITS_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    minor_units: int
    currency: str
    def __init__(self, minor_units: _Optional[int] = ..., currency: _Optional[str] = ...) -> None: ...

class AskingPrice(_message.Message):
    __slots__ = ("form", "minimum", "maximum", "royalty_basis_points")
    FORM_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    ROYALTY_BASIS_POINTS_FIELD_NUMBER: _ClassVar[int]
    form: PriceForm
    minimum: Money
    maximum: Money
    royalty_basis_points: int
    def __init__(self, form: _Optional[_Union[PriceForm, str]] = ..., minimum: _Optional[_Union[Money, _Mapping]] = ..., maximum: _Optional[_Union[Money, _Mapping]] = ..., royalty_basis_points: _Optional[int] = ...) -> None: ...

class Encumbrance(_message.Message):
    __slots__ = ("encumbrance_id", "kind", "holder", "holder_consents", "licence_form", "territories", "field_of_use", "starts_at", "ends_at", "deal_id")
    ENCUMBRANCE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    HOLDER_CONSENTS_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FORM_FIELD_NUMBER: _ClassVar[int]
    TERRITORIES_FIELD_NUMBER: _ClassVar[int]
    FIELD_OF_USE_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    DEAL_ID_FIELD_NUMBER: _ClassVar[int]
    encumbrance_id: str
    kind: EncumbranceKind
    holder: str
    holder_consents: bool
    licence_form: DealForm
    territories: _containers.RepeatedScalarFieldContainer[str]
    field_of_use: str
    starts_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    deal_id: str
    def __init__(self, encumbrance_id: _Optional[str] = ..., kind: _Optional[_Union[EncumbranceKind, str]] = ..., holder: _Optional[str] = ..., holder_consents: _Optional[bool] = ..., licence_form: _Optional[_Union[DealForm, str]] = ..., territories: _Optional[_Iterable[str]] = ..., field_of_use: _Optional[str] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deal_id: _Optional[str] = ...) -> None: ...
