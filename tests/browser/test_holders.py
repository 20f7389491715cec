"""What officers and administrators do: list a right, import a sheet, look after members and keys."""

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.pages import sign_in
from tests.support.halls import HallProcess
from tests.support.markets import PASSWORD, SAMPLE, Account, register

NUMBERS = {"zh": "CN202310375785.X", "en": "201710117081.7"}
FILED = {"zh": "2023-04-10", "en": "2017-02-28"}


@pytest.fixture(params=["zh", "en"])
def officer(request: pytest.FixtureRequest, hall: HallProcess) -> tuple[str, Account]:
    language = str(request.param)
    with httpx.Client(base_url=f"{hall.url}/api/v1", timeout=30) as http:
        name = f"{language}-{uuid4().hex[:8]}"
        return language, register(http, f"Holders {name}", "university", f"officer-{name}@holders.test", language)


@pytest.fixture
def width(officer: tuple[str, Account]) -> int:
    return {"zh": 390, "en": 1280}[officer[0]]


def test_officer_lists_a_right_step_by_step(officer: tuple[str, Account], width: int, visit: Visit) -> None:
    language, account = officer
    with visit(language=language, width=width) as someone:
        someone.expected = {409, 422}
        page = someone.page
        sign_in(someone, account, language)
        someone.open(f"/{language}/listings/new")
        page.locator("[name=number]").fill(NUMBERS[language][:-1] + "1")
        page.locator("[name=title]").fill("A kiln that keeps its heat")
        page.locator("[name=abstract]").fill("Bricks of foamed porcelain halve the loss of heat.")
        page.locator("main form.form button[type=submit]").click()
        expect(page.locator("#error-number")).to_be_visible()  # the check digit is wrong
        page.locator("[name=number]").fill(NUMBERS[language])
        page.locator("[name=ipc]").fill("C04B 38/00, F27D 1/00")
        page.locator("[name=filed_at]").fill(FILED[language])
        page.locator("main form.form button[type=submit]").click()
        page.wait_for_url(re.compile(r"/rights/[0-9a-f-]{36}/offer"))
        page.locator("[name=summary]").fill("Half the heat is lost no more.")
        page.locator("[name=deal_forms][value=ordinary_licence]").check()
        page.locator("[name=price_form]").select_option("fixed")
        page.locator("main form.form button[type=submit]").click()
        expect(page.locator("#error-minimum")).to_be_visible()  # a fixed price without an amount
        page.locator("[name=minimum]").fill("380,000")
        page.locator("main form.form button[type=submit]").click()
        page.wait_for_url(re.compile(r"/listings/[0-9a-f-]{36}/manage"))
        page.locator("form:has([value=publish]) button").click()
        expect(page.locator(".notice.good")).to_be_visible()
        page.locator("details:has([value=edit]) summary").click()
        page.locator("[name=region]").fill("Quanzhou")
        page.locator("form:has([value=edit]) button").click()
        expect(page.locator("dl.facts")).to_contain_text("Quanzhou")
        page.locator("details:has([value=withdraw]) summary").click()
        page.locator("[name=reason]").fill("We think again.")
        page.locator("form:has([value=withdraw]) button").click()
        expect(page.locator(".notice.watch")).to_contain_text("We think again.")
        someone.open(f"/{language}/listings/mine?status=withdrawn")
        expect(page.locator("main table")).to_contain_text("A kiln that keeps its heat")


def test_officer_imports_a_sheet_with_a_bad_row(
    officer: tuple[str, Account], width: int, visit: Visit, tmp_path: Path
) -> None:
    language, account = officer
    rows = (SAMPLE / "listings.jsonl").read_text(encoding="utf-8").splitlines()[:3]
    sheet = tmp_path / "sheet.jsonl"
    sheet.write_text("\n".join([*rows, '{"number": "CN202310375785.1", "title": "x", "abstract": "y"}']), "utf-8")
    program = tmp_path / "program.jsonl"
    program.write_bytes(b"MZ\x90\x00\xff\xfe")
    with visit(language=language, width=width) as someone:
        someone.expected = {422}
        page = someone.page
        sign_in(someone, account, language)
        someone.open(f"/{language}/imports")
        page.locator("[name=sheet]").set_input_files(program)
        page.locator("form.form[enctype] button").click()
        expect(page.locator("#error-sheet")).to_be_visible()
        page.locator("[name=sheet]").set_input_files(sheet)
        page.locator("form.form[enctype] button").click()
        page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}"))
        expect(page.locator("#progress progress")).to_have_attribute("value", "100", timeout=30_000)
        page.reload()
        cells = page.locator("main table tbody tr").first
        expect(cells).to_contain_text("4")
        expect(cells).to_contain_text("/number")


def test_administrator_looks_after_members_and_keys(
    officer: tuple[str, Account], width: int, visit: Visit, hall: HallProcess
) -> None:
    language, account = officer
    with visit(language=language, width=width) as someone:
        someone.expected = {409}
        page = someone.page
        sign_in(someone, account, language)
        someone.open(f"/{language}/organisation")
        add = page.locator("form:has([name=email])")
        add.locator("[name=name]").fill("Chen")
        add.locator("[name=email]").fill(f"chen-{language}@holders.test")
        add.locator("[name=password]").fill(PASSWORD)
        add.locator("[name=role]").select_option("agent")
        add.locator("button").click()
        expect(page.locator("main table").first).to_contain_text("Chen")
        keys = page.locator("form:has(#key-name)")
        keys.locator("[name=name]").fill("Importer")
        keys.locator("button").click()
        key = page.locator("code.secret").inner_text()
        answer = httpx.get(f"{hall.url}/api/v1/me", headers={"X-API-Key": key}, timeout=30)
        assert answer.json()["organisation"]["organisation_id"] == account.organisation_id
        page.locator("form[action*='/organisation/keys/'] button").click()
        expect(page.locator(".notice.good")).to_be_visible()
        row = page.locator("tr", has_text=account.email)
        row.locator("summary").click()
        row.locator("form:has([value=remove]) button").click()
        expect(page.locator(".notice.bad")).to_be_visible()  # the last administrator stays
