import pytest

from gateway.domain.errors import WeakPassword
from gateway.domain.passwords import MAXIMUM, check_password
from gateway.identity.passwords import Passwords

EMAIL = "wang.xiaoming@hqu.test"


@pytest.mark.parametrize("good", ["correct horse", "泉州刺桐港知识产权大厅", "0123456789", "a" * 3 + "bcd" * 60])
def test_long_ones_are_taken_whatever_they_are_made_of(good: str) -> None:
    check_password(good, email=EMAIL)


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ("short", "password-short"),
        ("", "password-short"),
        ("ab" * MAXIMUM, "password-long"),
        ("ababababab", "password-uniform"),
        ("Wang.Xiaoming", "password-is-email"),
        ("wang.xiaoming@HQU.test", "password-is-email"),
    ],
)
def test_others_are_refused_with_the_reason(bad: str, fault: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_password(bad, email=EMAIL, pointer="/admin/password")
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/admin/password", fault)]


async def test_hashes_are_argon2id_salted_and_checked() -> None:
    passwords = Passwords()
    one, other = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert one.startswith("$argon2id$")
    assert one != other
    assert await passwords.matches("correct horse", one)
    assert not await passwords.matches("wrong horse", one)
    assert not passwords.outdated(one)


async def test_nobody_has_a_password() -> None:
    passwords = Passwords()
    assert not await passwords.matches("the password of nobody", None)
    assert not await passwords.matches("", "not a hash")
