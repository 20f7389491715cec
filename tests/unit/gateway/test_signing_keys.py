"""Which key signs and which are published, around a rotation."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.identity.signing_keys import USED_AFTER, _new_key, private_key, published, signer
from gateway.settings import GatewaySettings
from gateway.tables import SigningKey
from services.kit.secret import begin_local_change, end_local_change, secrets_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIFE = timedelta(minutes=10)


def key(kid: str, signs_from: datetime) -> SigningKey:
    return SigningKey(kid=kid, public_jwk={}, private_pem="", signs_from=signs_from)


OLD, NEW = key("old", NOON - timedelta(days=90)), key("new", NOON)


@pytest.mark.parametrize(
    ("now", "signs", "public"),
    [
        (NOON - timedelta(seconds=20), "old", ["old", "new"]),
        (NOON, "new", ["old", "new"]),
        (NOON + LIFE, "new", ["old", "new"]),
        (NOON + LIFE + USED_AFTER, "new", ["new"]),
    ],
)
def test_a_new_key_is_public_before_it_signs_and_the_old_one_until_its_last_token_expired(
    now: datetime, signs: str, public: list[str]
) -> None:
    assert signer([OLD, NEW], now).kid == signs
    assert [each.kid for each in published([OLD, NEW], now, LIFE)] == public


def test_the_first_key_signs_even_where_clocks_differ() -> None:
    assert signer([NEW], NOON - timedelta(seconds=3)) is NEW


def test_private_keys_are_encrypted_at_rest() -> None:
    made = _new_key("the secret", signs_from=NOON)
    assert "ENCRYPTED PRIVATE KEY" in made.private_pem
    assert "d" not in made.public_jwk
    assert private_key(made, "the secret").as_dict(private=True)["x"] == made.public_jwk["x"]
    with pytest.raises(ValueError, match="none of 1 secrets"):
        private_key(made, "another secret")
    assert private_key(made, "another secret", "the secret").as_dict(private=True)


def test_locally_the_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = GatewaySettings(home=tmp_path / "home")
    (secret,) = secrets_of(settings)
    assert len(secret) >= 32
    assert secrets_of(settings) == (secret,)
    assert [path.name for path in settings.home.iterdir()] == ["secret_key"]
    assert (settings.home / "secret_key").stat().st_mode & 0o077 == 0


def test_a_set_secret_is_taken(tmp_path: Path) -> None:
    settings = GatewaySettings(home=tmp_path, secret_key="s" * 32)
    assert secrets_of(settings) == ("s" * 32,)
    assert not list(tmp_path.iterdir())


def test_older_secrets_are_read_too(tmp_path: Path) -> None:
    settings = GatewaySettings(home=tmp_path, secret_key="n" * 32, secret_key_old=f"{'o' * 32},{'p' * 32}")
    assert secrets_of(settings) == ("n" * 32, "o" * 32, "p" * 32)


@pytest.mark.parametrize("broken_off", ["not at all", "after the link", "after the new one"])
def test_a_local_change_of_the_secret_never_leaves_it_unreadable(tmp_path: Path, broken_off: str) -> None:
    settings = GatewaySettings(home=tmp_path)
    (first,) = secrets_of(settings)
    if broken_off == "after the link":
        (tmp_path / "secret_key_old").hardlink_to(tmp_path / "secret_key")
    if broken_off == "after the new one":
        begin_local_change(tmp_path)
    begin_local_change(tmp_path)
    new, *older = secrets_of(settings)
    assert older == [first]
    assert new != first
    end_local_change(tmp_path)
    assert secrets_of(settings) == (new,)
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
