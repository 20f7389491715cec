"""Money to decide, before a contract service that notes what it is asked."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.bootstrap import build
from gateway.settings import GatewaySettings
from tests.service.gateway.test_pages import Browser
from tests.support.people import Hall

ORDER, FAILED, DEAL, INVOICE, REFUSED, INVOICE_OF_REFUSED = (
    f"00000000-0000-7000-8000-00000000000{number}" for number in range(1, 7)
)
MONEY = "/en/operator/money"


class Contract:
    """Two transfers, one of them failed, a recordal and a dispute; `refuses` is what it says to every change."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.refuses: dict[str, Any] | None = None
        self.lists: dict[str, list[dict[str, Any]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "GET":
            found = self.lists.get(f"{scope['path']} {request.query_params.get('state', '')}", [])
            await JSONResponse({"items": found, "next": None})(scope, receive, send)
            return
        self.asked.append((scope["path"], orjson.loads(await request.body())))
        status, media = (200, None) if self.refuses is None else (422, "application/problem+json")
        await JSONResponse(self.refuses or {"state": "waiting"}, status, media_type=media)(scope, receive, send)


@pytest.fixture
async def contract(hall: Hall) -> Contract:
    party = (await hall.administrator(name="Harbour Works")).organisation_id
    order = {
        "order_id": ORDER,
        "kind": "pay_out",
        "provider": "bank",
        "party_organisation_id": party,
        "amount": {"minor_units": 7_200_000, "currency": "CNY"},
        "reference": "RF07ZT2MFBS4E7UR",
        "state": "waiting",
        "last_error": None,
        "proposed_by": None,
        "pay_to": {"holder": "Harbour Works Ltd", "number": "6222 0000 1111", "bank": "Bank of the Harbour"},
    }
    filed = {
        "deal_id": DEAL,
        "number": "ZT-7",
        "title": "Glaze",
        "licensor_organisation_id": party,
        "licensee_organisation_id": party,
        "filing_number": "2026350000123",
        "filed_on": "2026-05-04",
        "state": "recordal_filed",
        "refusal": "",
        "invoice_id": None,
    }
    refused = {
        **filed,
        "deal_id": REFUSED,
        "state": "recordal_refused",
        "refusal": "the seal is missing",
        "invoice_id": INVOICE_OF_REFUSED,
    }
    contract = Contract()
    disputed = {
        "invoice": {
            "invoice_id": INVOICE,
            "held": {"minor_units": 8_000_000, "currency": "CNY"},
            "hold_expires_at": "2026-07-01T00:00:00Z",
        },
        "number": "ZT-8",
        "title": "Kiln",
        "licensor_organisation_id": party,
        "licensee_organisation_id": party,
        "reason": "no documents came",
        "disputed_by_organisation_id": party,
        "disputed_at": "2026-06-02T00:00:00Z",
    }
    contract.lists = {
        "/api/v1/payments waiting": [order],
        "/api/v1/payments failed": [{**order, "order_id": FAILED, "state": "failed", "last_error": "no such account"}],
        "/api/v1/recordals ": [filed],
        "/api/v1/recordals recordal_refused": [refused],
        "/api/v1/disputes ": [disputed],
    }
    return contract


@pytest.fixture
async def browser(settings: GatewaySettings, hall: Hall, contract: Contract) -> AsyncIterator[Browser]:
    gateway = build(settings, {"contract": contract})
    browser = Browser(gateway)
    await browser.sign_in((await hall.operator()).email)
    yield browser
    await browser.http.aclose()
    await gateway.close()


async def test_what_waits_is_shown_with_whom_it_is_for(browser: Browser) -> None:
    page = await browser.open(MONEY)
    assert page.status_code == 200
    for text in ("Harbour Works", "CN¥72,000", "RF07ZT2MFBS4E7UR", "no such account", "2026350000123", "4 May 2026"):
        assert text in page.text
    for text in ("6222 0000 1111", "Kiln", "CN¥80,000", "no documents came"):
        assert text in page.text
    assert "the seal is missing" in page.text


async def test_each_act_asks_the_api_for_what_it_says(browser: Browser, contract: Contract) -> None:
    receipt = {"receipt_number": "X2026", "recorded_on": "2026-06-01"}
    for act, about, fields, path, done in (
        ("execute", ORDER, {}, f"payments/{ORDER}/executions", "order_proposed"),
        ("retry", FAILED, {}, f"payments/{FAILED}/retry", "order_retried"),
        ("receipt", DEAL, receipt, f"recordals/{DEAL}/receipt", "recordal_receipt"),
        ("refusal", DEAL, {"reason": "late"}, f"recordals/{DEAL}/refusal", "recordal_refusal"),
        ("refund", INVOICE, {}, f"invoices/{INVOICE}/refund", "dispute_refunded"),
        ("refund", INVOICE_OF_REFUSED, {}, f"invoices/{INVOICE_OF_REFUSED}/refund", "dispute_refunded"),
    ):
        sent = {f"{name}.{about}": value for name, value in fields.items()}
        answer = await browser.send(MONEY, act=act, about=about, **sent)
        assert answer.headers["location"] == f"{MONEY}?done={done}"
        assert contract.asked[-1] == (f"/api/v1/{path}", fields)


@pytest.mark.parametrize(("typed", "units"), [("", 0), ("2,000.50", 200_050)])
async def test_a_dispute_is_settled_with_what_goes_back(
    browser: Browser, contract: Contract, typed: str, units: int
) -> None:
    answer = await browser.send(MONEY, act="resume", about=INVOICE, currency="CNY", **{f"part.{INVOICE}": typed})
    assert answer.headers["location"] == f"{MONEY}?done=dispute_settled"
    assert contract.asked == [(f"/api/v1/invoices/{INVOICE}/resume", {"refund_minor_units": units})]


async def test_what_is_no_amount_or_too_much_settles_no_dispute(browser: Browser, contract: Contract) -> None:
    part = f"part.{INVOICE}"
    answer = await browser.send(MONEY, act="resume", about=INVOICE, **{part: "much"})
    assert (answer.status_code, contract.asked) == (422, [])
    assert f'id="error-{part}"' in answer.text
    fault = {"pointer": "/refund_minor_units", "detail": "More than is held"}
    contract.refuses = {"type": "x", "title": "Invalid", "errors": [fault]}
    answer = await browser.send(MONEY, act="resume", about=INVOICE, **{part: "90000"})
    assert answer.status_code == 422
    assert f'id="error-{part}"' in answer.text
    assert 'value="90000"' in answer.text


async def test_fault_of_a_receipt_is_at_its_field_and_nothing_typed_is_lost(
    browser: Browser, contract: Contract
) -> None:
    contract.refuses = {"type": "x", "title": "Invalid", "errors": [{"pointer": "/recorded_on", "detail": "no day"}]}
    sent = {f"receipt_number.{DEAL}": "X2026", f"recorded_on.{DEAL}": "soon"}
    answer = await browser.send(MONEY, act="receipt", about=DEAL, **sent)
    assert answer.status_code == 422
    assert f'id="error-recorded_on.{DEAL}"' in answer.text
    assert 'value="X2026"' in answer.text


async def test_file_that_is_missing_or_of_no_known_format_asks_nothing(browser: Browser, contract: Contract) -> None:
    answer = await browser.send(MONEY, act="statement")
    assert (answer.status_code, "Choose a file." in answer.text) == (422, True)
    data = {"form_token": await browser.token(MONEY), "act": "statement"}
    files = {"statement": ("statement.bin", b"x")}
    answer = await browser.http.post(MONEY, data=data, files=files, headers={"origin": "http://hall"})
    assert (answer.status_code, "does not tell its format" in answer.text) == (422, True)
    assert contract.asked == []
