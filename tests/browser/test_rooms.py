"""What members do with each other: judge what fits, negotiate, sign, and are told."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.pages import at_the_api, press
from tests.support.browsers import Person
from tests.support.halls import HallProcess
from tests.support.markets import CO_OWNER, Market, bearer

WORDS: dict[str, dict[str, Any]] = {
    "zh": {"law": "《专利法》第 14 条", "changed": "1 项条款有改动", "signed": "已签署", "amount": "¥500,000"},
    "en": {"law": "Patent Law, art. 14", "changed": "1 term changed", "signed": "Signed", "amount": "CN¥500,000"},
}


@pytest.mark.parametrize(("language", "width"), [("zh", 390), ("en", 1280)])
def test_an_engineer_and_an_officer_negotiate_to_signature(
    language: str, width: int, visit: Visit, market: Market, both: tuple[Any, Any]
) -> None:
    here: dict[str, Any] = {"language": language, "width": width}
    match = market.co_owned[0 if language == "zh" else 1]
    with visit(state=both[0], **here) as engineer, visit(state=both[1], **here) as officer:
        engineer.expected = officer.expected = {409, 422}
        room = ask(engineer, language, match["id"])
        offer(officer, language, room)
        counter(engineer.page, language)
        talk(engineer.page, officer.page)
        sign_in_order(engineer, officer, room)
        page = engineer.page
        expect(page.locator("#room-head .badge")).to_have_text(WORDS[language]["signed"])
        expect(page.locator("#contract .signatures li")).to_have_count(2)
        expect(page.locator("#contract .fits")).to_be_visible()
        expect(page.locator("#record .fits")).to_be_visible()
        assert page.locator(".course-done").count() == 4
        expect(page.locator("#money")).to_contain_text(WORDS[language]["amount"])
        expect(page.locator("#money code, #money dd").filter(has_text="RF")).to_have_count(1)
        assert engineer.violations() == []
        assert not engineer.overflows()


def ask(engineer: Person, language: str, match_id: str) -> str:
    """From a match to a deal; returns the address of its room."""
    page = engineer.page
    engineer.open(f"/{language}/matches/{match_id}")
    page.locator("#field-message").fill("能否先寄样品？ May we have a sample?")
    press(page, "ask")
    page.wait_for_url(re.compile(r"/deals/[0-9a-f-]{36}\?done=asked"))
    expect(page.locator("#now form:has([value=accept])")).to_have_count(0)
    return re.sub(r"\?.*", "", page.url.removeprefix(engineer.url))


def offer(officer: Person, language: str, room: str) -> None:
    """Found on the desk; at first with what is no amount, then what the law refuses, then a sound one."""
    page = officer.page
    officer.open(f"/{language}/desk")
    page.locator(f"#waiting a[href='{room}']").click()
    expect(page.locator("#lines")).to_contain_text("May we have a sample?")
    page.locator("[name='terms.form']").select_option("exclusive_licence")
    page.locator("[name='terms.fixed_fee']").fill("a lot")
    press(page, "offer")
    expect(page.locator("#error-terms\\.fixed_fee")).to_be_visible()
    page.locator("[name='terms.fixed_fee']").fill("800,000")
    page.locator("[name='terms.territories']").fill({"zh": "中国、日本", "en": "China, Japan"}[language])
    page.locator("[name='terms.ends_at']").fill("2028-12-31")
    press(page, "offer")
    refusal = page.locator(".notice.bad[role=alert]")
    expect(refusal).to_contain_text("G4")
    expect(refusal).to_contain_text(WORDS[language]["law"])
    expect(refusal).to_contain_text(CO_OWNER)
    expect(page.locator("[name='terms.fixed_fee']")).to_have_value("800,000")
    page.locator("[name='terms.form']").select_option("ordinary_licence")
    press(page, "offer")
    page.wait_for_url(re.compile("done=offered"))


def counter(page: Page, language: str) -> None:
    """The open page has heard of the offer; the counter changes one term, and is shown as that."""
    expect(page.locator("#now form:has([value=accept]) button")).to_be_visible()
    expect(page.locator("#offers .round")).to_have_count(1)
    page.locator("#now details.room-act summary").first.click()
    page.locator("[name='terms.fixed_fee']").fill("500,000")
    press(page, "offer")
    page.wait_for_url(re.compile("done=offered"))
    latest = page.locator("#offers .round").first
    expect(latest).to_contain_text(WORDS[language]["changed"])
    expect(latest.locator("ins")).to_have_text(WORDS[language]["amount"])
    expect(latest.locator("del")).to_have_count(1)


def talk(one: Page, other: Page) -> None:
    """Words arrive without a reload."""
    one.locator("#field-text").fill("第一年产量还小。")
    press(one, "message")
    expect(other.locator("#lines")).to_contain_text("第一年产量还小。")


def sign_in_order(engineer: Person, officer: Person, room: str) -> None:
    """Accepted, then signed by the licensor, at first without having ticked, and by the licensee."""
    page = officer.page
    press(page, "accept")
    page.wait_for_url(re.compile("done=accepted"))
    press(page, "sign")
    expect(page.locator("#error-read")).to_be_visible()
    for who in (officer, engineer):
        who.open(room)
        who.page.locator("[name=read]").check()
        press(who.page, "sign")
        who.page.wait_for_url(re.compile("done=signed"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_match_is_dismissed_with_its_reason(
    scripts: bool, visit: Visit, hall: HallProcess, market: Market, company_state: Any
) -> None:
    with visit(language="en", state=company_state, scripts=scripts) as engineer:
        engineer.expected = {422}
        page = engineer.page
        demand = at_the_api(hall, market.company, "/matches?judged=false")["items"][-1]["demand"]["id"]
        engineer.open(f"/en/matches?demand_id={demand}")
        before = page.locator(".match").count()
        page.locator(".dismiss summary").last.click()
        page.locator(".dismiss[open] select").evaluate("field => field.removeAttribute('required')")
        page.locator(".dismiss[open] form button").click()
        expect(page.locator(".notice.bad[role=alert]")).to_contain_text("Choose a reason")
        engineer.open(f"/en/matches?demand_id={demand}")
        dismissed = page.locator(".match-other a").last.inner_text()
        page.locator(".dismiss summary").last.click()
        page.locator(".dismiss[open] select").select_option("too_early")
        page.locator(".dismiss[open] form button").click()
        page.wait_for_url(re.compile(f"demand_id={demand}.*done=match_dismissed"))
        expect(page.locator(".match")).to_have_count(before - 1)
        page.locator(".tabs a[href*='show=dismissed']").click()
        mine = page.locator(".match", has_text=dismissed)
        expect(mine.locator(".badge")).to_have_text("You dismissed it: Too early")
        expect(mine.locator("form")).to_have_count(0)


def test_a_match_is_accepted_and_the_other_side_sees_it(
    visit: Visit, hall: HallProcess, market: Market, company_state: Any, university_state: Any
) -> None:
    match_id = at_the_api(hall, market.company, "/matches?judged=false")["items"][0]["id"]
    with visit(state=company_state) as engineer:
        engineer.open(f"/zh/matches/{match_id}")
        press(engineer.page, "accept")
        engineer.page.wait_for_url(re.compile("/matches.*done=match_accepted"))
    with visit(state=university_state) as officer:
        officer.open(f"/zh/matches/{match_id}")
        expect(officer.page.locator(".match-page .badge.good")).to_have_text("对方已认可")
        expect(officer.page.locator("#ask")).to_have_count(0)


def test_leaving_a_deal_needs_a_reason_and_is_told(
    visit: Visit, hall: HallProcess, market: Market, company_state: Any
) -> None:
    body = {"listing_id": market.listings[5]["listing_id"], "message": "Still to be had?"}
    deal = httpx.post(f"{hall.url}/api/v1/deals", json=body, headers=bearer(market.company), timeout=30).json()
    with visit(language="en", width=390, state=company_state) as engineer:
        engineer.expected = {422}
        page = engineer.page
        engineer.open(f"/en/deals/{deal['deal_id']}")
        page.locator("#now summary", has_text="Withdraw").click()
        press(page, "leave")
        expect(page.locator("#error-reason_code")).to_be_visible()
        page.locator("[name=reason_code]").select_option("other")
        press(page, "leave")
        expect(page.locator("#error-note")).to_be_visible()
        page.locator("[name=note]").fill("The line was sold.")
        press(page, "leave")
        page.wait_for_url(re.compile("done=deal_withdraw"))
        expect(page.locator("#now")).to_contain_text("The line was sold.")
        expect(page.locator(".course-ended")).to_contain_text("Withdrawn")


def test_a_strangers_deal_and_match_are_not_there(visit: Visit, hall: HallProcess, market: Market) -> None:
    admin = {"name": "S", "email": "s@stranger.test", "password": market.company.password, "language": "en"}
    organisation = {"name": "Strangers Ltd", "kind": "company", "admin": admin}
    assert httpx.post(f"{hall.url}/api/v1/organisations", json=organisation, timeout=30).is_success
    with visit(language="en") as stranger:
        stranger.expected = {404}
        page = stranger.page
        stranger.open("/en/sign-in")
        page.locator("[name=email]").fill("s@stranger.test")
        page.locator("[name=password]").fill(market.company.password)
        page.locator("main button[type=submit]").click()
        page.wait_for_url(re.compile("/en/desk"))
        expect(page.locator("h1")).to_have_text("My desk")
        for path in (
            f"deals/{market.deals[0]['deal_id']}",
            f"deals/{market.deals[1]['deal_id']}/document",
            f"matches/{market.matches[0]['id']}",
        ):
            assert stranger.open(f"/en/{path}").status == 404


def test_notifications_are_counted_live_opened_and_read(
    visit: Visit, hall: HallProcess, market: Market, university_state: Any
) -> None:
    with visit(language="en", state=university_state) as officer:
        page = officer.page
        officer.open("/en/notifications")
        if page.locator("[value=read_all]").count():
            page.locator("[value=read_all]").click()
            page.wait_for_url(re.compile("done=all_read"))
        expect(page.locator(".own > summary .count")).to_be_hidden()
        officer.open("/en/about")
        path = f"/deals/{market.deals[1]['deal_id']}/messages"
        sent = httpx.post(
            f"{hall.url}/api/v1{path}", json={"text": "Hello"}, headers=bearer(market.company), timeout=30
        )
        assert sent.is_success
        expect(page.locator(".own > summary .count-number")).to_have_text("1")
        officer.open("/en/notifications")
        expect(page.locator(".told-unread")).to_have_count(1)
        page.locator(".told-unread [value=open]").click()
        page.wait_for_url(re.compile(f"/en/deals/{market.deals[1]['deal_id']}"))
        expect(page.locator(".own > summary .count")).to_be_hidden()


def test_how_one_is_told_is_chosen_and_kept(visit: Visit, company_state: Any) -> None:
    with visit(language="en", width=390, state=company_state) as engineer:
        engineer.expected = {422}
        page = engineer.page
        engineer.open("/en/preferences")
        page.locator("[name=quiet_start]").fill("22:00")
        page.locator("[name=act][value=save]").click()
        expect(page.locator("#error-quiet_end")).to_be_visible()
        page.locator("[name=quiet_end]").fill("07:00")
        page.locator("[name='email.offer_made']").select_option("weekly")
        page.locator("[name='in_app.party_signed']").uncheck()
        page.locator("[name=act][value=save]").click()
        page.wait_for_url(re.compile("done=preferences"))
        expect(page.locator("[name=quiet_end]")).to_have_value("07:00")
        expect(page.locator("[name='email.offer_made']")).to_have_value("weekly")
        expect(page.locator("[name='in_app.party_signed']")).not_to_be_checked()
        page.locator("[value='make.calendar']").click()
        calendar = page.locator("code.secret").inner_text()
        assert httpx.get(calendar, timeout=30).text.startswith("BEGIN:VCALENDAR")
        page.locator("[value='revoke.calendar']").click()
        page.wait_for_url(re.compile("done=calendar_revoked"))
        assert httpx.get(calendar, timeout=30).status_code == 404


def test_a_webhook_is_added_tested_and_removed(visit: Visit, company_state: Any) -> None:
    with visit(language="zh", state=company_state) as admin:
        admin.expected = {422}
        page = admin.page
        admin.open("/zh/webhooks")
        page.locator("[name=url]").fill("http://127.0.0.1:9/hook")
        page.locator("main form button").click()
        expect(page.locator("#error-url")).to_be_visible()
        page.locator("[name=url]").fill("https://hooks.example.org/crm")
        page.locator("main form button").click()
        expect(page.locator("code.secret")).to_contain_text("whsec_")
        admin.open("/zh/webhooks")
        page.locator(".row a").click()
        expect(page.locator("code.secret")).to_have_count(0)
        page.locator("[value=test]").click()
        page.wait_for_url(re.compile("done=webhook_test"))
        expect(page.locator("#log tbody tr")).to_have_count(1)
        page.locator("[value=off]").click()
        page.wait_for_url(re.compile("done=webhook_off"))
        page.locator("[value=remove]").click()
        page.wait_for_url(re.compile("done=webhook_remove"))


def test_anybody_checks_the_contract_that_a_member_keeps(
    visit: Visit, hall: HallProcess, market: Market, company_state: Any
) -> None:
    signed = market.deals[1]["deal_id"]
    with visit(language="en", state=company_state) as engineer:
        engineer.open(f"/en/deals/{signed}")
        expect(engineer.page.locator("#paper a[href$='/evidence']")).to_be_visible(timeout=60_000)
        pdf = engineer.page.request.get(f"{hall.url}/en/deals/{signed}/document").body()
        archive = engineer.page.request.get(f"{hall.url}/en/deals/{signed}/evidence").body()
    assert pdf.startswith(b"%PDF")
    with visit(language="en") as anybody:
        anybody.expected = {400, 415, 422}
        page = anybody.page
        for name, content in (("contract.pdf", pdf), ("evidence.zip", archive)):
            verdict(page, anybody.url, name, content)
            expect(page.locator("#verdict .notice.good")).to_be_visible(timeout=60_000)
        assert anybody.violations() == []
        place = pdf.index(b"/Title")
        verdict(page, anybody.url, "contract.pdf", pdf[: place + 2] + b"X" + pdf[place + 3 :])
        expect(page.locator("#verdict .notice.bad, .notice.bad[role=alert]").first).to_be_visible(timeout=60_000)
        verdict(page, anybody.url, "malware.pdf", b"MZ\x90\x00 no document at all")
        expect(page.locator(".notice.bad[role=alert]")).to_be_visible()


def verdict(page: Page, url: str, name: str, content: bytes) -> None:
    page.goto(f"{url}/en/verify")
    page.locator("[name=file]").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": content})
    page.locator("main form button").click()
