"""What is sealed opens with any of the hall's secrets, and only for its purpose."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.kit.secret import Signer, Unreadable, Vault, secrets_of
from services.notify.settings import NotifySettings


def test_a_sealed_text_opens_with_the_old_secret_while_a_new_one_writes() -> None:
    sealed = Vault(["old"], "hooks").seal("whsec_x")
    both = Vault(["new", "old"], "hooks")
    assert both.open(sealed) == "whsec_x"
    anew = both.sealed_anew(sealed)
    assert Vault(["new"], "hooks").open(anew) == "whsec_x"
    with pytest.raises(Unreadable):
        Vault(["new"], "hooks").open(sealed)


def test_purposes_do_not_read_each_other() -> None:
    with pytest.raises(Unreadable):
        Vault(["s"], "other").open(Vault(["s"], "hooks").seal("x"))
    assert Signer(["s"], "other").verified(Signer(["s"], "links").sign("x")) is None


def test_a_signed_text_comes_back_and_a_changed_one_does_not() -> None:
    token = Signer(["old"], "links").sign("林 offer_made")
    assert Signer(["new", "old"], "links").verified(token) == "林 offer_made"
    assert Signer(["new"], "links").verified(token) is None
    body, _, signature = token.partition(".")
    for forged in (f"{body}.", body, f"{body[:-1]}A.{signature}", f".{signature}", "", "é.é"):
        assert Signer(["old"], "links").verified(forged) is None


def test_locally_a_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = NotifySettings(home=tmp_path / "home", secret_key=None)
    (first,) = secrets_of(settings)
    assert secrets_of(settings) == (first,)
    assert (tmp_path / "home" / "secret_key").stat().st_mode & 0o077 == 0
    (tmp_path / "home" / "secret_key_old").write_text("older")
    assert secrets_of(settings) == (first, "older")


def test_a_setting_comes_before_the_file(tmp_path: Path) -> None:
    settings = NotifySettings(home=tmp_path, secret_key=SecretStr("s"), secret_key_old=SecretStr("a,b"))
    assert secrets_of(settings) == ("s", "a", "b")
    assert list(tmp_path.iterdir()) == []
