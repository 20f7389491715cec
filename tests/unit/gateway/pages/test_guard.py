"""Forged forms and open redirects."""

from collections.abc import Mapping

import pytest
from starlette.requests import Request

from gateway.pages.guard import Forged, check_form, form_token, own_path

PUBLIC = "https://hall.example"


def request(**headers: str) -> Request:
    given: Mapping[str, str] = {"host": "127.0.0.1:8700", **{name.replace("_", "-"): v for name, v in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw, "query_string": b""})


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8700", "https://127.0.0.1:8700", PUBLIC])
def test_form_of_our_own_page_passes(origin: str) -> None:
    check_form(request(origin=origin), "cookie", form_token("cookie"), PUBLIC)


def test_form_without_origin_passes_only_where_the_browser_says_it_is_ours() -> None:
    check_form(request(sec_fetch_site="same-origin"), "cookie", form_token("cookie"), PUBLIC)
    with pytest.raises(Forged, match="origin"):
        check_form(request(sec_fetch_site="cross-site"), "cookie", form_token("cookie"), PUBLIC)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "", "http://127.0.0.1:8701", "https://hall.example.evil.example", "https://hall"],
)
def test_form_from_elsewhere_is_forged_whatever_its_token(origin: str) -> None:
    with pytest.raises(Forged, match="origin"):
        check_form(request(origin=origin), "cookie", form_token("cookie"), PUBLIC)


@pytest.mark.parametrize(
    "token",
    ["", "x", "é", form_token("another"), form_token("cookie")[:-4], "A" * 86],
    ids=["none", "short", "no-ascii", "another's", "cut", "long"],
)
def test_token_of_nobody_or_another_is_forged(token: str) -> None:
    with pytest.raises(Forged, match="token"):
        check_form(request(origin=PUBLIC), "cookie", token, PUBLIC)


def test_without_a_cookie_no_token_is_good() -> None:
    with pytest.raises(Forged, match="token"):
        check_form(request(origin=PUBLIC), "", form_token(""), PUBLIC)


def test_token_looks_different_each_time() -> None:
    assert form_token("cookie") != form_token("cookie")


@pytest.mark.parametrize("path", ["/zh/listings", "/en/demands/new?a=b&next=//x", "/"])
def test_path_of_the_hall_is_gone_on_to(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil",
        "/zh\\..\\x",
    ],
)
def test_what_could_lead_elsewhere_is_no_path(target: str | None) -> None:
    assert own_path(target) is None
