"""Which addresses we send to, by themselves and by what they carry inside."""

from ipaddress import ip_address, ip_network

import pytest

from services.kit.outgoing import Policy, Refused

PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111"]
NOT_PUBLIC = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",  # shared by carriers
    "127.0.0.1",
    "127.255.0.1",
    "169.254.169.254",  # where clouds keep credentials
    "172.16.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fdff::1",
    "ff02::1",
    "ff0e::1",  # multicast that is "global"
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a00:1",  # NAT64 of 10.0.0.1
    "2002:a00:1::1",  # 6to4 of 10.0.0.1
    "2001:0:a00:1::",  # Teredo
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert Policy().reaches(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_others_are_not(address: str) -> None:
    assert not Policy().reaches(ip_address(address))


def test_what_is_allowed_is_reached_and_its_neighbours_are_not() -> None:
    policy = Policy(allowed=[ip_network("127.0.0.1/32"), ip_network("fd00::/64")])
    assert policy.reaches(ip_address("127.0.0.1"))
    assert policy.reaches(ip_address("fd00::7"))
    assert not policy.reaches(ip_address("127.0.0.2"))
    assert not policy.reaches(ip_address("fd00:0:0:1::7"))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.org/", "url-scheme"),
        ("https://", "url-form"),
        ("https://exämple.org/", "url-form"),
        ("https://[::1/", "url-form"),
        ("https://u@example.org/", "url-credentials"),
        ("https://192.168.0.1:8443/", "private-address"),
        ("javascript:alert(1)", "url-form"),
    ],
)
def test_the_form_alone_may_refuse(url: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        Policy().check(url)
    assert refused.value.code == code


def test_plain_http_is_for_local_mode() -> None:
    assert Policy(plain_http=True).check("http://example.org/x").path == "/x"
