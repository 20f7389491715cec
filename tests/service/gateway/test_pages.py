"""The pages' own care on a real gateway: languages, sessions, forms, files, headers, and what stands in for a page."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.bootstrap import Gateway, build
from gateway.pages.visitor import LANGUAGE_COOKIE
from gateway.settings import GatewaySettings
from tests.support.people import PASSWORD, Hall, new_email

DEAD: dict[str, Any] = {"topic": "contract.deals.v1", "reason": "KeyError", "count": 1}
DLQ = "zayton dlq list"
HTML = {"accept": "text/html"}
ORIGIN = {"origin": "http://hall"}


class Browser:
    """A browser as far as these tests need one: cookies, links, forms."""

    def __init__(self, gateway: Gateway, address: str = "127.0.0.1") -> None:
        transport = httpx.ASGITransport(app=gateway.asgi, client=(address, 1))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://hall", headers=HTML)

    async def open(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=headers)

    async def token(self, path: str) -> str:
        """The token of the first form on a page."""
        found = re.search(r'name="form_token" value="([^"]+)"', (await self.open(path)).text)
        assert found, path
        return found[1]

    async def send(self, path: str, /, *, page: str | None = None, **fields: str) -> httpx.Response:
        """Fill in the form of a page and send it to its path."""
        data = {"form_token": await self.token(page or path), **fields}
        return await self.http.post(path, data=data, headers=ORIGIN)

    async def sign_in(self, email: str, path: str = "/en/sign-in") -> httpx.Response:
        return await self.send(path, email=email, password=PASSWORD)


@pytest.fixture
async def browser(gateway: Gateway) -> AsyncIterator[Browser]:
    browser = Browser(gateway)
    yield browser
    await browser.http.aclose()


async def test_front_door_leads_to_the_readers_language(browser: Browser) -> None:
    for accepted, remembered, chosen in (
        ("en-GB,en", None, "en"),
        ("zh-CN", None, "zh"),
        ("fr", None, "zh"),
        ("en", "zh", "zh"),
        ("en", "fr", "en"),
    ):
        browser.http.cookies.clear()
        if remembered:
            browser.http.cookies.set(LANGUAGE_COOKIE, remembered)
        answer = await browser.open("/", **{"accept-language": accepted})
        assert (answer.status_code, answer.headers["location"]) == (302, f"/{chosen}/")
        assert "accept-language" in answer.headers["vary"]


async def test_language_last_read_is_remembered(browser: Browser) -> None:
    await browser.open("/en/about")
    assert (await browser.open("/", **{"accept-language": "zh"})).headers["location"] == "/en/"
    assert 'href="/zh/about?a=1"' in (await browser.open("/en/about?a=1")).text


async def test_browser_holds_no_token_and_the_cookie_is_out_of_reach_of_scripts(browser: Browser, hall: Hall) -> None:
    person = await hall.administrator()
    answer = await browser.sign_in(person.email)
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/desk")
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("zayton=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie  # local mode speaks plain HTTP
    page = await browser.open("/en/about")
    held = " ".join(browser.http.cookies.values())
    for secret in (person.token, person.refresh_token):
        assert secret not in held + page.text
    assert not re.search(r"eyJ[\w-]+\.|zr_", held + page.text + str(answer.headers))
    assert person.member["name"] in page.text


async def test_outside_local_mode_the_cookie_is_secure_and_bound_to_the_host(
    settings: GatewaySettings, hall: Hall
) -> None:
    person = await hall.administrator()
    secure = build(settings.model_copy(update={"public_url": "https://hall"}), {})
    browser = Browser(secure)
    browser.http.base_url = httpx.URL("https://hall")
    answer = await browser.sign_in(person.email)
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if "zayton=" in line]
    assert cookie.startswith("__Host-zayton=")
    assert "Secure" in cookie.split("; ")
    assert answer.headers["strict-transport-security"]
    await browser.http.aclose()
    await secure.close()


async def test_many_tabs_at_once_stay_signed_in(browser: Browser, hall: Hall) -> None:
    """Refresh tokens that are good once would make them race; here is nothing to race for."""
    person = await hall.administrator()
    await browser.sign_in(person.email)
    for _ in range(3):
        pages = await asyncio.gather(*(browser.open("/en/about") for _ in range(8)))
        assert all(person.member["name"] in page.text for page in pages)
    assert (await hall.sign_in(person.email)).token  # nor is the account's own session touched


async def test_sign_out_ends_the_session_for_every_copy_of_the_cookie(
    browser: Browser, gateway: Gateway, hall: Hall
) -> None:
    person = await hall.administrator()
    await browser.sign_in(person.email)
    copy = Browser(gateway)
    copy.http.cookies = httpx.Cookies(browser.http.cookies)
    assert person.member["name"] in (await copy.open("/en/about")).text
    answer = await browser.send("/en/sign-out", page="/en/about")
    assert answer.headers["location"] == "/en/?done=signed_out"
    assert person.member["name"] not in (await copy.open("/en/about")).text
    await copy.http.aclose()


async def test_session_ended_elsewhere_is_over_here(
    browser: Browser, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.identity.page_sessions.PageSessions.REUSE_S", 0.0)
    person = await hall.administrator()
    await browser.sign_in(person.email)
    change = {"password": "another long pass phrase", "current_password": PASSWORD}
    headers = {"if-match": "*"}
    answer = await person.http.patch(f"{person.path}/members/{person.user_id}", json=change, headers=headers)
    assert answer.is_success, answer.text
    page = await browser.open("/en/about")
    assert person.member["name"] not in page.text
    # The dead cookie is taken away, and the next form works.
    assert (
        await browser.send("/en/sign-in", email=person.email, password="another long pass phrase")
    ).status_code == 303


async def test_cookie_of_nobody_is_a_strangers(browser: Browser) -> None:
    browser.http.cookies.set("zayton", "m." + "x" * 43)
    page = await browser.open("/en/about")
    assert page.status_code == 200
    assert "Sign in" in page.text


async def test_signing_in_changes_the_cookie(browser: Browser, hall: Hall) -> None:
    """A cookie that somebody planted before does not become the member's."""
    person = await hall.administrator()
    await browser.open("/en/sign-in")
    planted = browser.http.cookies["zayton"]
    await browser.sign_in(person.email)
    assert browser.http.cookies["zayton"] != planted


async def test_sign_in_goes_on_within_the_hall_only(browser: Browser, hall: Hall) -> None:
    person = await hall.administrator()
    for wanted, led_to in (
        ("https://evil.example/", "/en/desk"),
        ("//evil.example", "/en/desk"),
        ("/\\evil.example", "/en/desk"),
        ("javascript:alert(1)", "/en/desk"),
        ("/zh/about?a=1", "/zh/about?a=1"),
    ):
        browser.http.cookies.clear()
        path = f"/en/sign-in?next={quote(wanted, safe='')}"
        assert (await browser.sign_in(person.email, path)).headers["location"] == led_to


async def test_wrong_password_is_told_and_nothing_typed_is_lost(browser: Browser, hall: Hall) -> None:
    person = await hall.administrator()
    answer = await browser.send("/en/sign-in", email=person.email, password="not the pass phrase")
    assert answer.status_code == 401
    assert "The e-mail address or the password is wrong." in answer.text
    assert f'value="{person.email}"' in answer.text
    assert "not the pass phrase" not in answer.text


async def test_guessing_is_throttled_by_the_visitors_address(gateway: Gateway, settings: GatewaySettings) -> None:
    """The pages call the API in process, yet as the address of their visitor."""
    browser = Browser(gateway, "203.0.113.7")
    guesses = range(settings.sign_in_failures_per_account + 1)
    answers = [await browser.send("/en/sign-in", email="who@hall.test", password="guess") for _ in guesses]
    statuses = [answer.status_code for answer in answers]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    await browser.http.aclose()


async def test_registration_makes_an_organisation_and_signs_its_administrator_in(browser: Browser) -> None:
    email = new_email()
    fields = {"name": "Harbour <b>Works</b>", "kind": "company", "admin.name": "Mei", "admin.email": email}
    answer = await browser.send("/en/register", **fields, **{"admin.password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/desk?done=registered")
    page = await browser.open("/en/about")
    assert "Mei" in page.text
    assert "Harbour &lt;b&gt;Works&lt;/b&gt;" in page.text
    assert "<b>Works" not in page.text


async def test_each_fault_of_a_registration_is_at_its_field(browser: Browser) -> None:
    fields = {"name": "Works", "kind": "company", "admin.name": "", "admin.email": "nobody"}
    code = {"unified_social_credit_code": "913505001561009999"}
    answer = await browser.send("/en/register", **fields, **code, **{"admin.password": PASSWORD})
    assert answer.status_code == 422
    for field in ("admin.name", "admin.email"):
        assert f'id="error-{field}"' in answer.text
        assert f'href="#field-{field}"' in answer.text
        assert re.search(rf'id="field-{field}"[^>]*aria-invalid="true"', answer.text)
    assert 'value="Works"' in answer.text
    assert PASSWORD not in answer.text


async def test_form_sent_twice_has_one_effect(browser: Browser) -> None:
    email = new_email()
    fields = {"name": "Once", "kind": "company", "admin.name": "Mei", "admin.email": email, "admin.password": PASSWORD}
    data = {**fields, "form_token": await browser.token("/en/register"), "once": "0f9d3c2e-one"}
    held = httpx.Cookies(browser.http.cookies)
    for _ in range(2):
        browser.http.cookies = httpx.Cookies(held)  # two clicks, both before an answer
        answer = await browser.http.post("/en/register", data=data, headers=ORIGIN)
        assert (answer.status_code, answer.headers["location"]) == (303, "/en/desk?done=registered")


async def test_forged_form_changes_nothing(browser: Browser, hall: Hall) -> None:
    person = await hall.administrator()
    await browser.sign_in(person.email)
    token = await browser.token("/en/about")
    for origin, sent in (("https://evil.example", token), ("null", token), ("http://hall", "forged")):
        answer = await browser.http.post("/en/sign-out", data={"form_token": sent}, headers={"origin": origin})
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text
    assert person.member["name"] in (await browser.open("/en/about")).text


async def test_every_form_of_the_hall_refuses_what_it_did_not_give_out(browser: Browser) -> None:
    from gateway.pages.views import PAGES

    taken = [page.path for page in PAGES if page.take]
    assert taken
    for path in taken:
        filled = re.sub(r"\{\w+\}", "00000000-0000-7000-8000-000000000000", path)
        answer = await browser.http.post(f"/en{filled}", data={"form_token": "x"}, headers=ORIGIN)
        assert answer.status_code == 403, path


async def test_page_for_members_asks_to_sign_in_and_leads_back(browser: Browser, hall: Hall) -> None:
    person = await hall.administrator()
    answer = await browser.open("/en/demands/new")
    assert answer.headers["location"] == "/en/sign-in?next=%2Fen%2Fdemands%2Fnew"
    assert (await browser.sign_in(person.email, answer.headers["location"])).headers["location"] == "/en/demands/new"


async def test_operators_desk_is_for_operators_alone(browser: Browser, hall: Hall) -> None:
    from gateway.pages.views import operator, operator_money

    person = await hall.administrator("company")
    pages = [page for module in (operator, operator_money) for page in module.area.pages]
    paths = {re.sub(r"\{\w+\}", "00000000-0000-7000-8000-000000000000", page.path) for page in pages}
    assert {"/operator", "/operator/money"} < paths
    for path in paths:
        assert (await browser.open(f"/en{path}")).status_code == 303, path
    await browser.sign_in(person.email)
    assert "/en/operator" not in (await browser.open("/en/about")).text
    token = await browser.token("/en/about")
    for page in pages:
        path = "/en" + re.sub(r"\{\w+\}", "00000000-0000-7000-8000-000000000000", page.path)
        answer = await browser.http.request(page.method, path, data={"form_token": token}, headers=ORIGIN)
        assert answer.status_code == 403, path
        assert "not for you to see" in answer.text


async def test_operator_sees_health_and_who_has_come(settings: GatewaySettings, hall: Hall) -> None:
    waiting = {"outbox_backlog": 7, "dead_letters": {"waiting": 1, "groups": [DEAD]}}

    async def listing(scope: Scope, receive: Receive, send: Send) -> None:
        found = waiting if scope["path"] == "/pending" else {"items": [], "next": None}
        await JSONResponse(found)(scope, receive, send)

    with_listing = build(settings, {"listing": listing})
    browser = Browser(with_listing)
    await hall.administrator("company", name="Harbour <i>Works</i>")
    operator = await hall.operator()
    await browser.sign_in(operator.email)
    page = await browser.open("/en/operator")
    assert page.status_code == 200
    assert re.search(r'data-head="Events to be sent">7<', page.text)
    assert all(text in page.text for text in (DEAD["topic"], DEAD["reason"], "1 event could not be handled", DLQ))
    assert "Harbour &lt;i&gt;Works&lt;/i&gt;" in page.text
    assert "/en/operator/money" in page.text
    assert "Operations" in (await browser.open("/en/about")).text
    assert "Harbour" in (await browser.open("/zh/operator/organisations")).text
    await browser.http.aclose()
    await with_listing.close()


async def test_address_that_leads_nowhere_has_a_page(browser: Browser) -> None:
    for path, words in (("/en/x", "There is nothing here"), ("/zh/x", "这里没有内容"), ("/x", "There is nothing here")):
        browser.http.cookies.clear()
        answer = await browser.open(path, **{"accept-language": "en"})
        assert answer.status_code == 404
        assert words in answer.text


async def test_program_at_a_wrong_address_gets_a_problem(hall: Hall) -> None:
    answer = await hall.anonymous.get("/nowhere")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await hall.anonymous.get("/api/v1/nowhere", headers=HTML)).headers["content-type"].endswith("problem+json")


async def test_part_that_does_not_answer_is_said_on_the_page(browser: Browser) -> None:
    """This gateway has no services behind it: the front page comes, the others say why not."""
    assert "Part of the hall does not answer" in (await browser.open("/en/")).text
    assert (await browser.open("/en/listings")).status_code == 404


async def test_database_that_is_away_gives_a_page_that_says_so(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("gateway.identity.page_sessions.PageSessions.signed_in", away)
    browser.http.cookies.set("zayton", "m." + "x" * 43)
    answer = await browser.open("/en/about")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "does not answer" in answer.text


async def test_fault_of_ours_has_a_page_with_its_number(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.identity.page_sessions.PageSessions.signed_in", broken)
    browser.http.cookies.set("zayton", "m." + "x" * 43)
    answer = await browser.open("/en/about")
    assert answer.status_code == 500
    assert re.search(r"Request [0-9a-f-]{36}", answer.text)


async def test_form_that_is_too_large_is_refused_before_it_is_read(browser: Browser) -> None:
    token = await browser.token("/en/register")
    data = {"form_token": token, "name": "x" * 1_100_000}
    answer = await browser.http.post("/en/register", data=data, headers=ORIGIN)
    assert answer.status_code == 413
    assert "Nothing was changed" in answer.text


async def test_files_are_kept_for_ever_under_their_hash_and_not_under_another(browser: Browser) -> None:
    page = (await browser.open("/en/about")).text
    (style,) = re.findall(r'href="(/static/[0-9a-f]{12}/base\.css)"', page)
    current = await browser.open(style)
    assert current.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert current.headers["content-encoding"] == "gzip"
    older = await browser.open(style.replace(style.split("/")[2], "0123456789ab"))
    assert (older.text, older.headers["cache-control"]) == (current.text, "no-cache")
    for wrong in ("nothing.css", "../app.py", "%2e%2e/app.py"):
        assert (await browser.open(f"{style.rpartition('/')[0]}/{wrong}")).status_code == 404


async def test_nothing_inline_and_nothing_from_elsewhere_may_run(browser: Browser) -> None:
    for path in ("/en/about", "/en/nowhere", "/", "/static/0/base.css"):
        headers = (await browser.open(path)).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        ours = {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src", "form-action")}
        assert ours == {"'self'"}
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


async def test_pages_hold_no_inline_style_script_or_foreign_address(browser: Browser) -> None:
    for path in ("/en/", "/en/about", "/en/sign-in", "/en/register", "/en/nowhere"):
        text = (await browser.open(path)).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", text)
        assert not re.search(r"""(?:src|href|action)="(?:https?:)?//""", text)


async def test_external_accounts_are_said_plainly(settings: GatewaySettings) -> None:
    outside = build(settings.model_copy(update={"oidc_issuer": "https://id.example"}), {})
    browser = Browser(outside)
    page = (await browser.open("/en/sign-in")).text
    assert "https://id.example" in page
    assert "<form method" not in page
    await browser.http.aclose()
    await outside.close()


async def test_stream_of_a_visitor_is_the_public_one(browser: Browser) -> None:
    """Of the wrong kind of event, so that it ends at once: what is asked reaches the API, and its answer comes back."""
    answer = await browser.open("/en/live?types=nothing")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "?types"


async def test_unread_count_is_for_members(browser: Browser) -> None:
    assert (await browser.open("/en/live/unread")).status_code == 303
