"""What the front door refuses, by name. Texts are in messages.toml under the slug."""

from services.kit.problems import Kind, Problem


class OrganisationNotFound(Problem):
    slug = "organisation-not-found"
    kind = Kind.NOT_FOUND


class MemberNotFound(Problem):
    slug = "member-not-found"
    kind = Kind.NOT_FOUND


class ApiKeyNotFound(Problem):
    slug = "api-key-not-found"
    kind = Kind.NOT_FOUND


class EmailTaken(Problem):
    slug = "email-taken"
    kind = Kind.CONFLICT


class RegistrationCodeTaken(Problem):
    slug = "registration-code-taken"
    kind = Kind.CONFLICT


class InvalidRegistrationCode(Problem):
    slug = "invalid-registration-code"
    kind = Kind.INVALID


class WeakPassword(Problem):
    slug = "weak-password"
    kind = Kind.INVALID


class WrongPassword(Problem):
    """Of a member who changes their own password; `WrongCredentials` is for signing in."""

    slug = "wrong-password"
    kind = Kind.FORBIDDEN


class OperatorsOnly(Problem):
    slug = "operators-only"
    kind = Kind.FORBIDDEN


class AdministratorsOnly(Problem):
    slug = "administrators-only"
    kind = Kind.FORBIDDEN


class LastAdministrator(Problem):
    slug = "last-administrator"
    kind = Kind.CONFLICT


class WrongCredentials(Problem):
    """The same answer for an unknown e-mail and for a wrong password."""

    slug = "wrong-credentials"
    kind = Kind.UNAUTHENTICATED


class TooManySignIns(Problem):
    slug = "too-many-sign-ins"
    kind = Kind.TOO_MANY


class SessionEnded(Problem):
    slug = "session-ended"
    kind = Kind.UNAUTHENTICATED


class RefreshTokenReused(Problem):
    """Somebody holds a copy of the token, so the whole session is over for both."""

    slug = "refresh-token-reused"
    kind = Kind.UNAUTHENTICATED


class InvalidApiKey(Problem):
    slug = "invalid-api-key"
    kind = Kind.UNAUTHENTICATED


class ExternalAccounts(Problem):
    """Accounts are kept by an OpenID Connect provider (OIDC_ISSUER), not here."""

    slug = "external-accounts"
    kind = Kind.CONFLICT


class ServicesNotReady(Problem):
    slug = "services-not-ready"
    kind = Kind.UNAVAILABLE
