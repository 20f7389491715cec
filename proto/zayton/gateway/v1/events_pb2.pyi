from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OrganisationKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORGANISATION_KIND_UNSPECIFIED: _ClassVar[OrganisationKind]
    ORGANISATION_KIND_UNIVERSITY: _ClassVar[OrganisationKind]
    ORGANISATION_KIND_COMPANY: _ClassVar[OrganisationKind]
    ORGANISATION_KIND_BROKER: _ClassVar[OrganisationKind]
    ORGANISATION_KIND_OPERATOR: _ClassVar[OrganisationKind]

class MemberRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEMBER_ROLE_UNSPECIFIED: _ClassVar[MemberRole]
    MEMBER_ROLE_ADMIN: _ClassVar[MemberRole]
    MEMBER_ROLE_AGENT: _ClassVar[MemberRole]
    MEMBER_ROLE_VIEWER: _ClassVar[MemberRole]
ORGANISATION_KIND_UNSPECIFIED: OrganisationKind
ORGANISATION_KIND_UNIVERSITY: OrganisationKind
ORGANISATION_KIND_COMPANY: OrganisationKind
ORGANISATION_KIND_BROKER: OrganisationKind
ORGANISATION_KIND_OPERATOR: OrganisationKind
MEMBER_ROLE_UNSPECIFIED: MemberRole
MEMBER_ROLE_ADMIN: MemberRole
MEMBER_ROLE_AGENT: MemberRole
MEMBER_ROLE_VIEWER: MemberRole

class Organisation(_message.Message):
    __slots__ = ("organisation_id", "name", "kind", "unified_social_credit_code")
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    UNIFIED_SOCIAL_CREDIT_CODE_FIELD_NUMBER: _ClassVar[int]
    organisation_id: str
    name: str
    kind: OrganisationKind
    unified_social_credit_code: str
    def __init__(self, organisation_id: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[_Union[OrganisationKind, str]] = ..., unified_social_credit_code: _Optional[str] = ...) -> None: ...

class Member(_message.Message):
    __slots__ = ("user_id", "organisation_id", "name", "email", "role", "language")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    organisation_id: str
    name: str
    email: str
    role: MemberRole
    language: str
    def __init__(self, user_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., name: _Optional[str] = ..., email: _Optional[str] = ..., role: _Optional[_Union[MemberRole, str]] = ..., language: _Optional[str] = ...) -> None: ...

class OrganisationRegistered(_message.Message):
    __slots__ = ("organisation",)
    ORGANISATION_FIELD_NUMBER: _ClassVar[int]
    organisation: Organisation
    def __init__(self, organisation: _Optional[_Union[Organisation, _Mapping]] = ...) -> None: ...

class MemberJoined(_message.Message):
    __slots__ = ("member",)
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    member: Member
    def __init__(self, member: _Optional[_Union[Member, _Mapping]] = ...) -> None: ...

class MemberChanged(_message.Message):
    __slots__ = ("member",)
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    member: Member
    def __init__(self, member: _Optional[_Union[Member, _Mapping]] = ...) -> None: ...

class MemberLeft(_message.Message):
    __slots__ = ("member",)
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    member: Member
    def __init__(self, member: _Optional[_Union[Member, _Mapping]] = ...) -> None: ...
