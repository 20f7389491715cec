import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Channel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANNEL_UNSPECIFIED: _ClassVar[Channel]
    CHANNEL_EMAIL: _ClassVar[Channel]
    CHANNEL_WEBHOOK: _ClassVar[Channel]

class DisabledReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISABLED_REASON_UNSPECIFIED: _ClassVar[DisabledReason]
    DISABLED_REASON_GONE: _ClassVar[DisabledReason]
    DISABLED_REASON_FAILING: _ClassVar[DisabledReason]
CHANNEL_UNSPECIFIED: Channel
CHANNEL_EMAIL: Channel
CHANNEL_WEBHOOK: Channel
DISABLED_REASON_UNSPECIFIED: DisabledReason
DISABLED_REASON_GONE: DisabledReason
DISABLED_REASON_FAILING: DisabledReason

class Delivery(_message.Message):
    __slots__ = ("delivery_id", "organisation_id", "channel", "user_id", "endpoint_id", "kind", "attempts")
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    delivery_id: str
    organisation_id: str
    channel: Channel
    user_id: str
    endpoint_id: str
    kind: str
    attempts: int
    def __init__(self, delivery_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., channel: _Optional[_Union[Channel, str]] = ..., user_id: _Optional[str] = ..., endpoint_id: _Optional[str] = ..., kind: _Optional[str] = ..., attempts: _Optional[int] = ...) -> None: ...

class DeliveryFailed(_message.Message):
    __slots__ = ("delivery", "reason")
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    delivery: Delivery
    reason: str
    def __init__(self, delivery: _Optional[_Union[Delivery, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class Endpoint(_message.Message):
    __slots__ = ("endpoint_id", "organisation_id", "host")
    ENDPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    endpoint_id: str
    organisation_id: str
    host: str
    def __init__(self, endpoint_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., host: _Optional[str] = ...) -> None: ...

class WebhookEndpointDisabled(_message.Message):
    __slots__ = ("endpoint", "reason")
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    endpoint: Endpoint
    reason: DisabledReason
    def __init__(self, endpoint: _Optional[_Union[Endpoint, _Mapping]] = ..., reason: _Optional[_Union[DisabledReason, str]] = ...) -> None: ...

class Telling(_message.Message):
    __slots__ = ("user_id", "notification_id", "title", "text")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATION_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    notification_id: str
    title: str
    text: str
    def __init__(self, user_id: _Optional[str] = ..., notification_id: _Optional[str] = ..., title: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class NotificationAdded(_message.Message):
    __slots__ = ("notice_id", "organisation_id", "kind", "link", "count", "at", "tellings")
    NOTICE_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    TELLINGS_FIELD_NUMBER: _ClassVar[int]
    notice_id: str
    organisation_id: str
    kind: str
    link: str
    count: int
    at: _timestamp_pb2.Timestamp
    tellings: _containers.RepeatedCompositeFieldContainer[Telling]
    def __init__(self, notice_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., kind: _Optional[str] = ..., link: _Optional[str] = ..., count: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tellings: _Optional[_Iterable[_Union[Telling, _Mapping]]] = ...) -> None: ...
