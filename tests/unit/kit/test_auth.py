import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from services.kit.auth import OrganisationKind, Principal, Role, Verifier, keys_of_provider, require
from services.kit.ids import new_id
from services.kit.problems import Forbidden, Unauthenticated, Unavailable

KEY = OKPKey.generate_key("Ed25519", {"kid": "one"})
PRINCIPAL = Principal(new_id(), new_id(), OrganisationKind.COMPANY, "某公司", Role.AGENT, "李", "zh")


class Issuer:
    def __init__(self, *keys: OKPKey) -> None:
        self.keys = list(keys)
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        return KeySet(self.keys).as_dict(private=False)


def token(key: OKPKey = KEY, **changes: Any) -> str:
    claims = PRINCIPAL.claims() | {"iss": "zayton", "aud": "zayton", "exp": int(time.time()) + 60} | changes
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=["Ed25519"])


def verifier(issuer: Any) -> Verifier:
    return Verifier(issuer, issuer="zayton", audience="zayton")


async def test_a_good_token_gives_its_principal() -> None:
    assert await verifier(Issuer(KEY)).principal(token()) == PRINCIPAL


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"iss": "elsewhere"}, "invalid"),
        ({"aud": "elsewhere"}, "invalid"),
        ({"role": "emperor"}, "invalid"),
        ({"org": "not-a-uuid"}, "invalid"),
    ],
)
async def test_a_wrong_claim_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await verifier(Issuer(KEY)).principal(token(**changes))
    assert refused.value.params["reason"] == reason


async def test_another_key_with_a_known_id_is_refused() -> None:
    forged = OKPKey.generate_key("Ed25519", {"kid": "one"})
    with pytest.raises(Unauthenticated):
        await verifier(Issuer(KEY)).principal(token(forged))


@pytest.mark.parametrize("nonsense", ["", "a.b.c", "x" * 5000, token()[:-4], "eyJhbGciOiJub25lIn0.e30."])
async def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier(Issuer(KEY)).principal(nonsense)


async def test_a_rotated_key_is_fetched_when_first_met(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer(KEY)
    checks = verifier(issuer)
    await checks.principal(token())
    second = OKPKey.generate_key("Ed25519", {"kid": "two"})
    issuer.keys.append(second)
    monkeypatch.setattr(checks, "_fetched_at", float("-inf"))
    assert await checks.principal(token(second)) == PRINCIPAL


async def test_unknown_keys_do_not_make_us_ask_at_every_request() -> None:
    issuer = Issuer(KEY)
    checks = verifier(issuer)
    stranger = token(OKPKey.generate_key("Ed25519", {"kid": "stranger"}))
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await checks.principal(stranger)
    assert issuer.asked == 1


async def test_keys_that_cannot_be_had_are_no_fault_of_the_caller() -> None:
    async def gone() -> dict[str, Any]:
        raise ConnectionRefusedError

    with pytest.raises(Unavailable):
        await verifier(gone).principal(token())


def test_roles_and_kinds() -> None:
    require(PRINCIPAL)
    require(PRINCIPAL, kinds={OrganisationKind.COMPANY})
    with pytest.raises(Forbidden):
        require(PRINCIPAL, roles={Role.ADMIN})
    with pytest.raises(Forbidden):
        require(PRINCIPAL, kinds={OrganisationKind.OPERATOR})


async def test_the_keys_of_an_external_provider_are_found_by_discovery() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        documents: dict[str, Any] = {
            "/realm/.well-known/openid-configuration": {"jwks_uri": "https://id.example/realm/keys"},
            "/realm/keys": KeySet([KEY]).as_dict(private=False),
        }
        return httpx.Response(200, json=documents[request.url.path])

    fetch = keys_of_provider("https://id.example/realm/", httpx.MockTransport(answer))
    checks = Verifier(fetch, issuer="https://id.example/realm/", audience="zayton")
    assert await checks.principal(token(iss="https://id.example/realm/")) == PRINCIPAL
