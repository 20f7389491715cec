"""Who is asking: access tokens are verified by every service itself, against the published keys of their issuer."""

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from services.kit.problems import Forbidden, Unauthenticated, Unavailable
from services.kit.settings import Settings

ALGORITHM = "Ed25519"  # EdDSA, by its fully specified name (RFC 9864)

_PROVIDER_ALGORITHMS = (ALGORITHM, "EdDSA", "ES256", "RS256", "PS256")


class OrganisationKind(StrEnum):
    UNIVERSITY = "university"
    COMPANY = "company"
    BROKER = "broker"
    OPERATOR = "operator"


class Role(StrEnum):
    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"


ACTING = frozenset({Role.ADMIN, Role.AGENT})
EVERYONE = frozenset(Role)


@dataclass(frozen=True)
class Principal:
    """A member of an organisation, as its access token says."""

    user_id: UUID
    organisation_id: UUID
    organisation_kind: OrganisationKind
    organisation_name: str
    role: Role
    name: str
    language: str

    @property
    def is_operator(self) -> bool:
        return self.organisation_kind is OrganisationKind.OPERATOR

    def claims(self) -> dict[str, str]:
        """The claims of this principal in an access token; `from_claims` reads them back."""
        return {
            "sub": str(self.user_id),
            "org": str(self.organisation_id),
            "org_kind": self.organisation_kind,
            "org_name": self.organisation_name,
            "role": self.role,
            "name": self.name,
            "lang": self.language,
        }

    @classmethod
    def from_claims(cls, claims: dict[str, Any]) -> "Principal":
        """Raises KeyError or ValueError where a claim is missing or wrong."""
        return cls(
            user_id=UUID(claims["sub"]),
            organisation_id=UUID(claims["org"]),
            organisation_kind=OrganisationKind(claims["org_kind"]),
            organisation_name=claims["org_name"],
            role=Role(claims["role"]),
            name=claims["name"],
            language=claims["lang"],
        )


def require(
    principal: Principal, *, roles: Collection[Role] = ACTING, kinds: Collection[OrganisationKind] = ()
) -> None:
    """Raises Forbidden unless there is one of the roles, in an organisation of one of the kinds (() is any)."""
    if principal.role not in roles or (kinds and principal.organisation_kind not in kinds):
        raise Forbidden(role=principal.role, kind=principal.organisation_kind)


FetchKeys = Callable[[], Awaitable[dict[str, Any]]]


def keys_from(url: str) -> FetchKeys:
    """Fetch a JWKS (RFC 7517) over HTTP. The URL is a setting, never a user's."""

    async def fetch() -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=5) as client:
            return await _json(client, url)

    return fetch


def keys_of_provider(issuer: str, transport: httpx.AsyncBaseTransport | None = None) -> FetchKeys:
    """Fetch the JWKS that an OpenID provider names in its discovery document (OpenID Connect Discovery 1.0 §4)."""

    async def fetch() -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=5, transport=transport) as client:
            document = await _json(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            return await _json(client, str(document["jwks_uri"]))

    return fetch


async def _json(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    response = await client.get(url)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


class Verifier:
    """Checks access tokens. Keys are fetched when first needed, and again when a token names one not known."""

    _REFETCH_S = 10.0  # an unknown key id may not make us ask more often than this

    def __init__(
        self, fetch_keys: FetchKeys, *, issuer: str, audience: str, algorithms: Sequence[str] = (ALGORITHM,)
    ) -> None:
        self._fetch_keys = fetch_keys
        self._algorithms = list(algorithms)
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            leeway=5,
        )

    @classmethod
    def of(cls, settings: Settings, fetch_keys: FetchKeys | None = None) -> "Verifier":
        """For the hall's own tokens, whose keys `fetch_keys` gives; or for an external provider's, where one is set.

        A provider must be configured to put the claims of `Principal.claims` into its access tokens.
        """
        if settings.oidc_issuer is None:
            keys = fetch_keys or keys_from(settings.keys_url)
            return cls(keys, issuer=settings.token_issuer, audience=settings.token_audience)
        keys = keys_from(settings.jwks_url) if settings.jwks_url else keys_of_provider(settings.oidc_issuer)
        return cls(keys, issuer=settings.oidc_issuer, audience=settings.token_audience, algorithms=_PROVIDER_ALGORITHMS)

    async def principal(self, token: str) -> Principal:
        """Whose token this is. Raises Unauthenticated, or Unavailable where the keys cannot be had."""
        try:
            claims = await self._verified(token)
            self._claims.validate(claims)
            return Principal.from_claims(claims)
        except ExpiredTokenError as error:
            raise Unauthenticated(reason="expired") from error
        except (JoseError, KeyError, ValueError) as error:
            raise Unauthenticated(reason="invalid") from error

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, await self._known_keys(), algorithms=self._algorithms).claims
        except (JoseError, ValueError):
            if not await self._refetch():
                raise
            return jwt.decode(token, await self._known_keys(), algorithms=self._algorithms).claims

    async def _known_keys(self) -> KeySet:
        if self._keys is None:
            await self._refetch()
        if self._keys is None:
            raise Unavailable(retry_after_s=1)
        return self._keys

    async def _refetch(self) -> bool:
        if self._keys is not None and time.monotonic() - self._fetched_at < self._REFETCH_S:
            return False
        try:
            self._keys = KeySet.import_key_set(await self._fetch_keys())  # type: ignore[arg-type]  # a JWKS from JSON
        except (httpx.HTTPError, OSError) as error:
            raise Unavailable(retry_after_s=1) from error
        self._fetched_at = time.monotonic()
        return True
