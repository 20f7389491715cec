"""What members and operators do past the signing: pay, dispute and settle, record, say where they are paid."""

import re
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.pages import at_the_api, press
from tests.support.halls import HallProcess
from tests.support.markets import TERMS, Market, file_recordal, pay_by_card, sign_deal


def test_a_free_transfer_is_filed_by_one_side_and_confirmed_by_the_other(
    visit: Visit, hall: HallProcess, market: Market, both: tuple[Any, Any]
) -> None:
    with httpx.Client(base_url=f"{hall.url}/api/v1", timeout=30) as http:
        parties = (market.university, market.company)
        deal_id = sign_deal(http, parties, market.listings[8]["listing_id"], {"form": "assignment"})
    with visit(language="zh", width=390, state=both[1]) as officer:
        officer.expected = {422}
        page = officer.page
        officer.open(f"/zh/deals/{deal_id}")
        expect(page.locator("#recordal")).to_be_visible()
        page.locator("#now summary", has_text="申请登记备案").click()
        press(page, "file_recordal")
        expect(page.locator("#error-filed_on")).to_be_visible()
        page.locator("[name=filing_number]").fill("2026350000123")
        page.locator("[name=filed_on]").fill(page.evaluate("new Date().toISOString().slice(0, 10)"))
        press(page, "file_recordal")
        page.wait_for_url(re.compile("done=recordal_filed"))
        expect(page.locator("#recordal")).to_contain_text("2026350000123")
    with visit(language="en", state=both[0]) as engineer:
        page = engineer.page
        engineer.open(f"/en/deals/{deal_id}")
        page.locator("[name=receipt_number]").fill("X2026980012345")
        page.locator("[name=recorded_on]").fill(page.evaluate("new Date().toISOString().slice(0, 10)"))
        press(page, "record")
        page.wait_for_url(re.compile("done=recordal_recorded"))
        expect(page.locator(".course-now")).to_contain_text("Running")
        assert engineer.violations() == []


def test_a_page_to_pay_on_appears_once_it_is_asked_for(visit: Visit, market: Market, company_state: Any) -> None:
    with visit(language="en", width=390, state=company_state) as engineer:
        page = engineer.page
        engineer.open(f"/en/deals/{market.deals[1]['deal_id']}")
        press(page, "checkout")
        page.wait_for_url(re.compile("done=checkout"))
        link = page.locator("#money .actions a.button")
        expect(link).to_be_visible(timeout=30_000)
        assert re.match("https?://", str(link.get_attribute("href")))
        assert engineer.violations() == []


def test_a_dispute_stops_the_money_until_an_operator_settles_it(
    visit: Visit, hall: HallProcess, market: Market, company_state: Any, operator_state: Any
) -> None:
    with httpx.Client(base_url=f"{hall.url}/api/v1", timeout=30) as http:
        deal_id = sign_deal(http, (market.university, market.company), market.listings[7]["listing_id"], TERMS)
        pay_by_card(http, market.company, deal_id)
    with visit(language="en", width=390, state=company_state) as engineer:
        page = engineer.page
        engineer.open(f"/en/deals/{deal_id}")
        page.locator("summary", has_text="Something is wrong").click()
        page.locator("[name=how][value=dispute]").check()
        page.locator("form:has([name=how]) [name=reason]").fill("No drawings came.")
        press(page, "trouble")
        page.wait_for_url(re.compile("done=deal_dispute"))
    with visit(language="zh", width=390, state=operator_state) as operator:
        operator.expected = {422}
        page = operator.page
        operator.open("/zh/operator/money")
        dispute = page.locator("article", has_text="No drawings came.")
        expect(dispute).to_contain_text("¥800,000")
        dispute.locator("summary", has_text="交易继续").click()
        assert operator.violations() == []
        assert not operator.overflows()
        dispute.locator("[name^=part]").fill("900000")  # more than is held
        press(page, "resume")
        expect(dispute.locator("[id^='error-part']")).to_be_visible()
        dispute.locator("[name^=part]").fill("2,000")
        press(page, "resume")
        page.wait_for_url(re.compile("done=dispute_settled"))
        expect(page.locator("article", has_text="No drawings came.")).to_have_count(0)
    invoice = at_the_api(hall, market.company, f"/deals/{deal_id}")["invoice_id"]
    assert at_the_api(hall, market.company, f"/invoices/{invoice}")["held"]["minor_units"] == 79_800_000


def test_money_of_a_refused_recordal_goes_back(
    visit: Visit, hall: HallProcess, market: Market, operator_state: Any
) -> None:
    with httpx.Client(base_url=f"{hall.url}/api/v1", timeout=30) as http:
        deal_id = sign_deal(http, (market.university, market.company), market.listings[9]["listing_id"], TERMS)
        pay_by_card(http, market.company, deal_id)
        file_recordal(http, market.university, deal_id, "2026350000999")
    with visit(language="en", width=390, state=operator_state) as operator:
        page = operator.page
        operator.open("/en/operator/money")
        deal = page.locator("article", has_text="2026350000999")
        deal.locator("summary", has_text="Note a refusal").click()
        deal.locator("[name^=reason]").fill("The seal is missing.")
        deal.locator("details[open] button[type=submit]").click()
        page.wait_for_url(re.compile("done=recordal_refusal"))
        expect(deal).to_contain_text("The seal is missing.")
        deal.locator("summary", has_text="Give everything back").click()
        assert operator.violations() == []
        assert not operator.overflows()
        deal.locator("details[open] button[type=submit]").click()
        page.wait_for_url(re.compile("done=dispute_refunded"))
        expect(deal).to_have_count(0)
    told = at_the_api(hall, market.company, f"/deals/{deal_id}")
    assert told["state"] == "refunded"
    assert at_the_api(hall, market.company, f"/invoices/{told['invoice_id']}")["held"]["minor_units"] == 0


def test_where_an_organisation_is_paid_is_named(visit: Visit, university_state: Any) -> None:
    with visit(language="en", width=390, state=university_state) as officer:
        officer.expected = {422}
        page = officer.page
        officer.open("/en/payments")
        page.locator("[name=holder]").fill("泉州试验大学")
        page.locator("[name=number]").fill("?")
        page.locator("[name=bank]").fill("中国银行泉州分行")
        page.locator("form:has([name=holder]) button[type=submit]").click()
        expect(page.locator("#error-number")).to_be_visible()
        page.locator("[name=number]").fill("6222 0000 0000 0000")
        page.locator("form:has([name=holder]) button[type=submit]").click()
        page.wait_for_url(re.compile("done=bank_account"))
        expect(page.locator("[name=number]")).to_have_value("6222 0000 0000 0000")
