"""What the gateway's own API takes and gives."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

from gateway.identity.members import MemberChange, NewMember
from gateway.identity.organisations import NewOrganisation
from gateway.tables import ApiKey, Member, Organisation
from services.kit.auth import OrganisationKind, Role

# The library's own switch: a hall inside one organisation's network has addresses that end in .local or .internal.
SPECIAL_USE_DOMAIN_NAMES.clear()


def _email(value: str) -> str:
    try:
        checked = validate_email(value, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return checked.normalized.lower()


# No control characters: PostgreSQL cannot keep NUL, and names are printed on one line.
_LINE = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_LINE)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_LINE)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=_LINE), AfterValidator(_email)]
Secret = Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00]*$")]
Language = Literal["zh", "en"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Administrator(Body):
    name: Name
    email: Email
    password: Secret
    language: Language = "zh"

    def as_member(self) -> NewMember:
        return NewMember(self.name, self.email, self.password, Role.ADMIN, self.language)


class RegisterOrganisation(Body):
    name: Name
    kind: OrganisationKind
    unified_social_credit_code: Code | None = None
    admin: Administrator

    def as_organisation(self) -> NewOrganisation:
        return NewOrganisation(self.name, self.kind, self.unified_social_credit_code, self.admin.as_member())


class AddMember(Body):
    name: Name
    email: Email
    password: Secret
    role: Role
    language: Language = "zh"

    def as_member(self) -> NewMember:
        return NewMember(self.name, self.email, self.password, self.role, self.language)


class ChangeMember(Body):
    """What is left out stays. Who changes their own password sends the current one too."""

    name: Name | None = None
    role: Role | None = None
    language: Language | None = None
    password: Secret | None = None
    current_password: Secret | None = None

    def as_change(self) -> MemberChange:
        return MemberChange(self.name, self.role, self.language, self.password, self.current_password)


class SignIn(Body):
    # No checks but the length: what a wrong e-mail looks like is nobody's business here.
    email: Secret
    password: Secret


class Refresh(Body):
    refresh_token: Secret


class CreateApiKey(Body):
    name: Name
    role: Role
    expires_at: AwareDatetime | None = None


class OrganisationView(BaseModel):
    organisation_id: UUID
    name: str
    kind: OrganisationKind
    unified_social_credit_code: str | None
    created_at: datetime
    version: int

    @classmethod
    def of(cls, row: Organisation) -> "OrganisationView":
        return cls.model_validate(row, from_attributes=True)


class MemberView(BaseModel):
    user_id: UUID
    organisation_id: UUID
    name: str
    email: str
    role: Role
    language: str
    created_at: datetime
    version: int

    @classmethod
    def of(cls, row: Member) -> "MemberView":
        return cls.model_validate(row, from_attributes=True)


class Registered(BaseModel):
    organisation: OrganisationView
    member: MemberView


class SessionView(BaseModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # a word of RFC 6750
    expires_in: int
    refresh_token: str
    member: MemberView
    organisation: OrganisationView


class Me(BaseModel):
    """Who the token speaks for. `member` is null for an API key."""

    organisation: OrganisationView
    role: Role
    member: MemberView | None


class ApiKeyView(BaseModel):
    api_key_id: UUID
    organisation_id: UUID
    name: str
    role: Role
    hint: str
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: ApiKey) -> "ApiKeyView":
        return cls.model_validate(row, from_attributes=True)


class NewApiKeyView(ApiKeyView):
    """`key` is shown here and never again."""

    key: str
