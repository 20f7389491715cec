"""What people do at the hall, as they do it: look, search, register, post, ask, come and go."""

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.pages import sign_in
from tests.support.browsers import WIDTHS
from tests.support.halls import HallProcess
from tests.support.markets import PASSWORD, Account, Market, bearer

LANGUAGES = ("zh", "en")


@pytest.mark.parametrize(("language", "width"), [("zh", 390), ("en", 1280)])
def test_engineer_registers_and_posts_a_demand_in_one_paragraph(language: str, width: int, visit: Visit) -> None:
    paragraph = {
        "zh": "喷釉线每班要停机两次清洗喷嘴。希望找到不易堵塞的喷嘴，寿命翻倍，单价不超过 300 元。",
        "en": "Our glaze line stops twice a shift to clean nozzles. We need some that last. Price matters.",
    }[language]
    heading = {"zh": "喷釉线每班要停机两次清洗喷嘴", "en": "Our glaze line stops twice a shift to clean nozzles"}
    with visit(language=language, width=width) as engineer:
        page = engineer.page
        engineer.open(f"/{language}/")
        page.locator(".call a").click()
        page.locator("main .aside a").click()  # not registered yet
        page.locator("[name=name]").fill(f"Kiln & Co {language}")
        page.locator("[name=kind][value=company]").check()
        page.locator("[name='admin.name']").fill("Mei")
        page.locator("[name='admin.email']").fill(f"mei-{language}@kiln.test")
        page.locator("[name='admin.password']").fill(PASSWORD)
        page.locator("main form button").click()
        expect(page.locator(".notice.good")).to_be_visible()
        page.locator("main a[href$='/demands/new']").click()
        page.locator("[name=problem]").fill(paragraph)
        page.locator("[name=visibility][value=public]").check()
        page.locator("details.more summary").click()
        page.locator("[name=budget]").fill("120,000")
        page.locator("main form button").click()
        page.wait_for_url(re.compile(r"/demands/[0-9a-f-]{36}\?done=posted"))
        expect(page.locator("h1")).to_have_text(heading[language])
        expect(page.locator("main")).to_contain_text({"zh": "¥120,000", "en": "CN¥120,000"}[language])
        engineer.open(f"/{language}/demands")
        expect(page.locator("main")).to_contain_text(heading[language])
        engineer.open(f"/{language}/demands/mine")
        page.locator("main table a").click()
        page.locator("details.more summary").click()
        page.locator("[name=reason]").fill("ok")
        page.locator("details.more button").click()
        expect(page.locator(".notice.good")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_visitor_searches_filters_and_looks_at_a_listing(scripts: bool, visit: Visit) -> None:
    for width in WIDTHS:
        with visit(language="zh", width=width, scripts=scripts) as visitor:
            page = visitor.page
            visitor.open("/zh/")
            page.locator("#q").fill("装置")
            page.locator("#q").press("Enter")
            expect(page.locator("mark").first).to_have_text("装置")
            everything = count(page)
            if width < 600:
                page.locator("details.facets summary").first.click()
            page.locator("[name=kind][value=invention]").check()
            page.locator(".facets-body > .actions button").click()
            assert 0 < count(page) < everything
            expect(page.locator("#q")).to_have_value("装置")
            page.locator(".chip").click()
            assert count(page) == everything
            page.locator(".card h2 a").first.click()
            expect(page.locator(".trust")).to_contain_text("校验位正确")
            page.locator(".language").click()
            expect(page.locator(".trust")).to_contain_text("check digit correct")


def test_results_are_sorted_and_read_on(visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.page
        visitor.open("/en/listings")
        page.locator("#sort").select_option("price_asc")
        with page.expect_navigation():
            page.locator(".sort-line button").click()
        first = page.locator(".card-price").all_inner_texts()
        with page.expect_navigation():
            page.locator("a[rel=next]").click()
        second = page.locator(".card-price").all_inner_texts()
        amounts = [float(re.sub(r"[^\d.]", "", text)) * (1_000 if "K" in text else 1) for text in [first[0], second[0]]]
        assert amounts == sorted(amounts)
        assert len(first) == 20


def test_keyboard_takes_a_suggestion(visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.page
        visitor.open("/en/listings")
        page.locator("#q").press_sequentially("per", delay=30)
        expect(page.get_by_role("option").first).to_be_visible()
        page.locator("#q").press("ArrowDown")
        chosen = page.locator("[role=option][aria-selected=true]")
        expect(chosen).to_have_count(1)
        assert page.locator("#q").get_attribute("aria-activedescendant") == chosen.get_attribute("id")
        assert visitor.violations() == []
        title = chosen.inner_text()
        page.locator("#q").press("Enter")
        expect(page.locator("#q")).to_have_value(title)
        expect(page.locator(".card h2").first).to_have_text(title)


def test_engineer_asks_about_a_listing(visit: Visit, market: Market, hall: HallProcess) -> None:
    listing = market.listings[3]
    with visit(language="zh", width=390) as engineer:
        page = engineer.page
        engineer.open(f"/zh/listings/{listing['listing_id']}")
        page.locator(".offer .button").click()
        page.locator("[name=email]").fill(market.company.email)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main form button").click()
        page.wait_for_url(f"**/zh/listings/{listing['listing_id']}")  # back to where the engineer was
        engineer.expected = {422}
        page.locator("#ask button").click()
        expect(page.locator(".notice.bad a")).to_have_attribute("href", "#field-message")
        assert engineer.violations() == []
        page.locator("[name=message]").fill("能否用于 5 毫米薄板？")
        page.locator("#ask button").click()
        expect(page.locator(".notice.good")).to_be_visible()
    deals = httpx.get(f"{hall.url}/api/v1/deals", headers=bearer(market.company)).json()["items"]
    assert [deal["listing_id"] for deal in deals].count(listing["listing_id"]) == 1


def test_what_holders_wrote_is_text_and_never_markup(visit: Visit, market: Market, hall: HallProcess) -> None:
    evil = '<img src=x onerror="document.title=1">'
    body = {"title": f"Seal {evil}", "problem": f"<script>document.title=1</script>{evil}", "visibility": "public"}
    made = httpx.post(f"{hall.url}/api/v1/demands", json=body, headers=bearer(market.company)).json()
    with visit(language="en") as visitor:
        visitor.open(f"/en/demands/{made['id']}")
        expect(visitor.page.locator("h1")).to_have_text(f"Seal {evil}")
        assert visitor.page.locator("main img, main script").count() == 0
        visitor.open("/en/demands?q=seal")
        assert visitor.page.locator("main img, main script").count() == 0


@pytest.mark.parametrize(
    "q",
    [
        "   ",
        "😀🚢",
        "مرحبا بالعالم",
        "'; DROP TABLE listings; --",
        '<script>alert("1")</script>',
        "a AND OR NOT ( * :",
        "x" * 10_000,
    ],
    ids=["spaces", "emoji", "right to left", "sql", "html", "operators", "10,000 characters"],
)
def test_strange_questions_get_a_page(q: str, visit: Visit) -> None:
    with visit(language="en") as visitor:
        visitor.expected = {422}
        answer = visitor.open(f"/en/listings?{httpx.QueryParams(q=q)}")
        assert answer.status in {200, 422}
        assert visitor.page.locator("h1").count() == 1
        if answer.status == 422:
            expect(visitor.page.locator(".notice.bad")).to_be_visible()
        else:
            expect(visitor.page.locator("#q")).to_have_value(q.strip())


def test_deep_and_broken_pages_are_answered(visit: Visit) -> None:
    with visit(language="zh") as visitor:
        visitor.expected = {422}
        for cursor in ("OTk5OTk5", "broken"):
            answer = visitor.open(f"/zh/listings?cursor={cursor}")
            assert answer.status in {200, 422}
            assert visitor.page.locator("h1").count() == 1


def test_new_listing_and_new_notice_arrive_on_an_open_page(
    visit: Visit, market: Market, hall: HallProcess, university_state: Any
) -> None:
    with visit(language="en") as visitor, visit(language="zh", state=university_state) as officer:
        visitor.open("/en/listings")
        officer.open("/zh/about")
        for someone in (visitor, officer):
            # The stream is there once its first bytes have come.
            someone.page.wait_for_function("performance.getEntriesByType('resource').length > 0")
        time.sleep(2)
        listing = market.listings[5]
        with httpx.Client(base_url=f"{hall.url}/api/v1") as http:
            http.post(
                "/deals",
                json={"listing_id": listing["listing_id"], "message": "?"},
                headers=bearer(market.company),
            ).raise_for_status()
            withdrawn = f"/listings/{market.listings[6]['listing_id']}"
            http.post(
                f"{withdrawn}/withdraw", json={"reason": "x"}, headers=bearer(market.university)
            ).raise_for_status()
            http.post(f"{withdrawn}/publish", headers=bearer(market.university)).raise_for_status()
        expect(visitor.page.locator(".live-notice")).to_contain_text("New on offer", timeout=30_000)
        expect(officer.page.locator(".live-notice")).to_contain_text("交易有新进展", timeout=30_000)
        expect(officer.page.locator("[data-unread]").first).to_be_visible(timeout=30_000)
        assert visitor.violations() == []


def test_member_signs_out(visit: Visit, market: Market) -> None:
    with visit(language="en", width=390) as member:
        sign_in(member, market.company, "en")
        member.page.locator(".own summary").click()
        assert member.violations() == []
        member.page.locator(".own-panel button").click()
        expect(member.page.locator(".notice.good")).to_have_text("You are signed out.")
        expect(member.page.locator(".own")).to_have_count(0)


def test_keyboard_skips_to_the_content(visit: Visit) -> None:
    with visit(language="en") as visitor:
        visitor.open("/en/listings")
        visitor.page.keyboard.press("Tab")
        expect(visitor.page.locator(".skip")).to_be_focused()
        visitor.page.keyboard.press("Enter")
        expect(visitor.page.locator("main")).to_be_focused()


def count(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator(".results-count").inner_text()))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_operator_withdraws_a_listing_with_a_reason(
    scripts: bool, visit: Visit, market: Market, operator_state: Any, hall: HallProcess
) -> None:
    listing = market.listings[-1 if scripts else -2]
    path = f"operator/listings/{listing['listing_id']}"
    with visit(language="en", width=390, scripts=scripts, state=operator_state) as operator:
        page = operator.page
        operator.open("/en/operator")
        expect(page.locator("main")).to_contain_text("Harbour Footwear Ltd")
        page.locator("main a[href='/en/operator/listings']").click()
        expect(page.locator("main table a").first).to_be_visible()
        operator.open(f"/en/{path}")
        operator.expected = {422}
        page.locator("main form button").click()
        expect(page.locator("[id='error-reason']")).to_be_visible()
        page.locator("[name=reason]").fill("The summary promises what the patent does not claim.")
        page.locator("main form button").click()
        expect(page.locator(".notice.good")).to_be_visible()
        operator.expected = {404}
        operator.open(f"/en/{path}")
    mine = httpx.get(f"{hall.url}/api/v1/listings/{listing['listing_id']}", headers=bearer(market.university))
    assert mine.json()["status"] == "withdrawn"
    assert mine.json()["withdrawal_reason"] == "The summary promises what the patent does not claim."


def test_operator_is_told_where_a_statement_is_wrong(visit: Visit, operator_state: Any, tmp_path: Path) -> None:
    heads = "date,amount,currency,text,counterparty,bank_reference"
    wrong, right = tmp_path / "wrong.csv", tmp_path / "right.csv"
    wrong.write_text(f"{heads}\n2026-05-04,100.00,CNY,fee,Somebody,B1\n2026-05-04,ten,CNY,fee,Somebody,B2\n")
    right.write_text(f"{heads}\n2026-05-04,100.00,CNY,fee,Somebody,B1\n")
    with visit(language="en", state=operator_state) as operator:
        page = operator.page
        operator.expected = {422}
        operator.open("/en/operator/money")
        page.locator("[name=statement]").set_input_files(wrong)
        page.locator("main form button").first.click()
        expect(page.locator(".notice.bad")).to_contain_text("Line 2, amount")
        expect(page.locator("main")).not_to_contain_text("Somebody")
        page.locator("[name=statement]").set_input_files(right)
        page.locator("main form button").first.click()
        expect(page.locator(".notice.good")).to_be_visible()
        expect(page.locator("article", has_text="Somebody")).to_contain_text("It carries no reference")
        assert operator.violations() == []


def test_line_of_a_statement_is_booked_when_a_second_operator_confirms(
    visit: Visit, operator: Account, operator_state: Any, hall: HallProcess, tmp_path: Path
) -> None:
    member = {"name": "Chen", "email": "chen@hall.test", "password": PASSWORD, "role": "agent", "language": "en"}
    members = f"{hall.url}/api/v1/organisations/{operator.organisation_id}/members"
    assert httpx.post(members, json=member, headers=bearer(operator)).status_code == 201
    statement = tmp_path / "statement.csv"
    heads = "date,amount,currency,text,counterparty,bank_reference"
    statement.write_text(f"{heads}\n2026-05-06,1234.00,CNY,for the shoes,Four Eyes Ltd,B9\n")
    with visit(language="en", width=390, scripts=False, state=operator_state) as first:
        page = first.page
        first.open("/en/operator/money")
        page.locator("[name=statement]").set_input_files(statement)
        page.locator("main form button").first.click()
        line = page.locator("article", has_text="Four Eyes Ltd")
        line.locator("select").select_option(index=1)
        line.get_by_role("button").click()
        expect(page.locator(".notice.good")).to_contain_text("when another operator confirms")
        expect(line).to_contain_text("A second operator must confirm")
        expect(line.get_by_role("button")).to_have_count(0)
    with visit(language="zh", width=1280) as second:
        page = second.page
        sign_in(second, Account("", "", "chen@hall.test", ""))
        second.open("/zh/operator/money")
        line = page.locator("article", has_text="Four Eyes Ltd")
        assert second.violations() == []
        line.get_by_role("button").click()
        expect(page.locator(".notice.good")).to_be_visible()
        expect(line).to_have_count(0)
    invoices = httpx.get(f"{hall.url}/api/v1/invoices", headers=bearer(operator)).json()["items"]
    assert 123_400 in [invoice["received"]["minor_units"] for invoice in invoices]
