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

class DemandStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEMAND_STATUS_UNSPECIFIED: _ClassVar[DemandStatus]
    DEMAND_STATUS_OPEN: _ClassVar[DemandStatus]
    DEMAND_STATUS_CLOSED: _ClassVar[DemandStatus]
    DEMAND_STATUS_EXPIRED: _ClassVar[DemandStatus]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_ACCEPTED: _ClassVar[Verdict]
    VERDICT_DISMISSED: _ClassVar[Verdict]
DEMAND_STATUS_UNSPECIFIED: DemandStatus
DEMAND_STATUS_OPEN: DemandStatus
DEMAND_STATUS_CLOSED: DemandStatus
DEMAND_STATUS_EXPIRED: DemandStatus
VERDICT_UNSPECIFIED: Verdict
VERDICT_ACCEPTED: Verdict
VERDICT_DISMISSED: Verdict

class Demand(_message.Message):
    __slots__ = ("demand_id", "organisation_id", "organisation_name", "title", "problem", "industry", "ipc", "deal_forms", "territories", "budget", "status", "expires_at", "language")
    DEMAND_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    INDUSTRY_FIELD_NUMBER: _ClassVar[int]
    IPC_FIELD_NUMBER: _ClassVar[int]
    DEAL_FORMS_FIELD_NUMBER: _ClassVar[int]
    TERRITORIES_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    demand_id: str
    organisation_id: str
    organisation_name: str
    title: str
    problem: str
    industry: str
    ipc: _containers.RepeatedScalarFieldContainer[str]
    deal_forms: _containers.RepeatedScalarFieldContainer[_types_pb2.DealForm]
    territories: _containers.RepeatedScalarFieldContainer[str]
    budget: _types_pb2.Money
    status: DemandStatus
    expires_at: _timestamp_pb2.Timestamp
    language: str
    def __init__(self, demand_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., organisation_name: _Optional[str] = ..., title: _Optional[str] = ..., problem: _Optional[str] = ..., industry: _Optional[str] = ..., ipc: _Optional[_Iterable[str]] = ..., deal_forms: _Optional[_Iterable[_Union[_types_pb2.DealForm, str]]] = ..., territories: _Optional[_Iterable[str]] = ..., budget: _Optional[_Union[_types_pb2.Money, _Mapping]] = ..., status: _Optional[_Union[DemandStatus, str]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., language: _Optional[str] = ...) -> None: ...

class DemandPosted(_message.Message):
    __slots__ = ("demand",)
    DEMAND_FIELD_NUMBER: _ClassVar[int]
    demand: Demand
    def __init__(self, demand: _Optional[_Union[Demand, _Mapping]] = ...) -> None: ...

class DemandClosed(_message.Message):
    __slots__ = ("demand", "reason")
    DEMAND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    demand: Demand
    reason: str
    def __init__(self, demand: _Optional[_Union[Demand, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("code", "parameters", "contribution")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    code: str
    parameters: _containers.ScalarMap[str, str]
    contribution: float
    def __init__(self, code: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ..., contribution: _Optional[float] = ...) -> None: ...

class Match(_message.Message):
    __slots__ = ("match_id", "demand_id", "demand_organisation_id", "demand_title", "listing_id", "listing_organisation_id", "listing_title", "score", "reasons")
    MATCH_ID_FIELD_NUMBER: _ClassVar[int]
    DEMAND_ID_FIELD_NUMBER: _ClassVar[int]
    DEMAND_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    DEMAND_TITLE_FIELD_NUMBER: _ClassVar[int]
    LISTING_ID_FIELD_NUMBER: _ClassVar[int]
    LISTING_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    LISTING_TITLE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    match_id: str
    demand_id: str
    demand_organisation_id: str
    demand_title: str
    listing_id: str
    listing_organisation_id: str
    listing_title: str
    score: float
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    def __init__(self, match_id: _Optional[str] = ..., demand_id: _Optional[str] = ..., demand_organisation_id: _Optional[str] = ..., demand_title: _Optional[str] = ..., listing_id: _Optional[str] = ..., listing_organisation_id: _Optional[str] = ..., listing_title: _Optional[str] = ..., score: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ...) -> None: ...

class MatchFound(_message.Message):
    __slots__ = ("match",)
    MATCH_FIELD_NUMBER: _ClassVar[int]
    match: Match
    def __init__(self, match: _Optional[_Union[Match, _Mapping]] = ...) -> None: ...

class MatchJudged(_message.Message):
    __slots__ = ("match", "verdict", "reason", "judged_by_organisation_id")
    MATCH_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    JUDGED_BY_ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    match: Match
    verdict: Verdict
    reason: str
    judged_by_organisation_id: str
    def __init__(self, match: _Optional[_Union[Match, _Mapping]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., reason: _Optional[str] = ..., judged_by_organisation_id: _Optional[str] = ...) -> None: ...
