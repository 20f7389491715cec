"""Access tokens of an issuer that exists in tests only, signed and checked as the gateway's are."""

import time
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from services.kit.auth import ALGORITHM, OrganisationKind, Principal, Role, Verifier
from services.kit.ids import new_id


def principal(
    kind: str = "university",
    role: str = "agent",
    *,
    organisation_id: UUID | None = None,
    organisation_name: str = "泉州试验大学",
    name: str = "Lin",
    language: str = "en",
) -> Principal:
    """A member of an organisation; a new organisation unless its id is given."""
    return Principal(
        user_id=new_id(),
        organisation_id=organisation_id or new_id(),
        organisation_kind=OrganisationKind(kind),
        organisation_name=organisation_name,
        role=Role(role),
        name=name,
        language=language,
    )


class Issuer:
    """Signs tokens, and answers for its public keys as `fetch_keys` of a Verifier."""

    name = audience = "zayton"

    def __init__(self) -> None:
        self._key = OKPKey.generate_key("Ed25519", {"kid": "tests"})

    async def fetch_keys(self) -> dict[str, Any]:
        return dict(KeySet([self._key]).as_dict(private=False))

    def verifier(self) -> Verifier:
        return Verifier(self.fetch_keys, issuer=self.name, audience=self.audience)

    def token(self, who: Principal, *, lifetime_s: int = 300) -> str:
        claims = who.claims() | {"iss": self.name, "aud": self.audience, "exp": int(time.time()) + lifetime_s}
        return jwt.encode({"alg": ALGORITHM, "kid": "tests"}, claims, self._key, algorithms=[ALGORITHM])

    def headers(self, who: Principal) -> dict[str, str]:
        """Request headers that say who is asking."""
        return {"Authorization": f"Bearer {self.token(who)}"}
