"""Every endpoint of money × organisation × role: what is others' does not exist, and viewers change nothing."""

from dataclasses import replace

import pytest

from services.kit.auth import Role
from services.kit.ids import new_id
from tests.service.contract.hall import Json, good, refused
from tests.service.contract.till import FEE, Till
from tests.support.tokens import principal

TODAY = "2026-11-25"
FILING: Json = {"filing_number": "F", "filed_on": TODAY}
RECEIPT: Json = {"receipt_number": "R", "recorded_on": TODAY}
REASON: Json = {"reason": "x"}
ACCOUNT: Json = {"holder": "U", "number": "6222 0001", "bank": "B"}


def of_parties(deal_id: str) -> dict[str, Json]:
    deal = f"/deals/{deal_id}"
    return {
        f"{deal}/recordal": FILING,
        f"{deal}/recordal/receipt": RECEIPT,
        f"{deal}/recordal/refusal": REASON,
        f"{deal}/release": {},
        f"{deal}/dispute": REASON,
        f"{deal}/terminate": REASON,
    }


def of_operators(deal_id: str, invoice_id: str, order_id: str) -> dict[str, Json]:
    return {
        f"/recordals/{deal_id}/receipt": RECEIPT,
        f"/recordals/{deal_id}/refusal": REASON,
        f"/invoices/{invoice_id}/refund": {},
        f"/invoices/{invoice_id}/resume": {"refund_minor_units": 1},
        f"/payments/{order_id}/executions": {},
        f"/payments/{order_id}/retry": {},
        f"/payments/bank/lines/{new_id()}/matches": {"invoice_id": invoice_id},
        "/payments/bank/statements?format=csv": {},
    }


OPERATOR_READS = ["/recordals", "/disputes", "/payments/bank/statements", f"/payments/bank/statements/{new_id()}/lines"]
OPERATOR_READS += ["/payments/bank/lines", "/ledger/trial-balance"]


async def test_without_a_token_there_is_nothing(money: Till) -> None:
    deal_id, invoice = await money.signed()
    invoice_id = invoice["invoice_id"]
    reads = ["/invoices", f"/invoices/{invoice_id}", "/payments", f"/payments/{new_id()}", "/payments/accounts"]
    for path in [*reads, *OPERATOR_READS, "/statements"]:
        refused(await money.get(None, path), 401, "unauthenticated")
    writes = of_parties(deal_id) | of_operators(deal_id, invoice_id, str(new_id()))
    for path, body in {**writes, f"/invoices/{invoice_id}/checkout": {}, "/payments/accounts/stripe": {}}.items():
        refused(await money.post(None, path, body), 401, "unauthenticated")


@pytest.mark.parametrize("kind", ["university", "company", "broker"])
async def test_what_is_others_does_not_exist(money: Till, kind: str) -> None:
    deal_id, invoice = await money.signed()
    await money.statement((FEE + 5, invoice["reference"]))
    order = good(await money.get(money.hall.company, "/payments"))["items"][0]
    foreigner = principal(kind)
    for path in ("/invoices", "/payments"):
        assert good(await money.get(foreigner, path))["items"] == []
    assert {each["state"] for each in good(await money.get(foreigner, "/payments/accounts"))["items"]} == {"none"}
    assert good(await money.get(foreigner, "/statements"))["items"] == []
    invoice_path = f"/invoices/{invoice['invoice_id']}"
    refused(await money.get(foreigner, invoice_path), 404, "invoice-not-found")
    refused(await money.post(foreigner, f"{invoice_path}/checkout"), 404, "invoice-not-found")
    refused(await money.get(foreigner, f"/payments/{order['order_id']}"), 404, "payment-not-found")
    # The licensor is a party, and yet not told what goes back to the licensee.
    refused(await money.get(money.hall.university, f"/payments/{order['order_id']}"), 404, "payment-not-found")
    for path, body in of_parties(deal_id).items():
        refused(await money.post(foreigner, path, body), 404, "deal-not-found")
    for path, body in of_operators(deal_id, invoice["invoice_id"], order["order_id"]).items():
        refused(await money.post(foreigner, path, body), 403, "forbidden")
    for path in OPERATOR_READS:
        refused(await money.get(foreigner, path), 403, "forbidden")
    assert await money.hall.state(deal_id) == "funded"


@pytest.mark.parametrize("side", ["university", "company", "broker"])
async def test_a_viewer_reads_and_changes_nothing(money: Till, side: str) -> None:
    deal_id, invoice = await money.signed()
    viewer = replace(getattr(money.hall, side), role=Role.VIEWER)
    for path in ("/invoices", f"/invoices/{invoice['invoice_id']}", "/payments", "/payments/accounts", "/statements"):
        good(await money.get(viewer, path))
    own = {f"/invoices/{invoice['invoice_id']}/checkout": {}, "/payments/accounts/stripe": {}}
    for path, body in (of_parties(deal_id) | own).items():
        refused(await money.post(viewer, path, body), 403, "forbidden")
    answer = await money.hall.client.put(
        "/api/v1/payments/accounts/bank", json=ACCOUNT, headers=money.hall.headers(viewer)
    )
    refused(answer, 403, "forbidden")
    assert await money.hall.state(deal_id) == "signed"


async def test_an_operator_who_only_views_changes_nothing(money: Till) -> None:
    deal_id, invoice = await money.signed()
    viewer = replace(money.operator, role=Role.VIEWER)
    for path, body in of_operators(deal_id, invoice["invoice_id"], str(new_id())).items():
        refused(await money.post(viewer, path, body), 403, "forbidden")
    for path in ("/recordals", "/disputes", "/payments/bank/lines", "/ledger/trial-balance", "/invoices", "/payments"):
        good(await money.get(viewer, path))


async def test_an_operator_sees_the_money_and_not_the_terms(money: Till) -> None:
    deal_id, invoice = await money.signed()
    assert [each["deal_id"] for each in good(await money.get(money.operator, "/invoices"))["items"]] == [deal_id]
    refused(await money.hall.get(money.operator, f"/{deal_id}"), 404, "deal-not-found")
    await money.statement((FEE, invoice["reference"]))
    filing = {"filing_number": "F1", "filed_on": money_day()}
    good(await money.hall.post(money.hall.university, f"/{deal_id}/recordal", filing), 201)
    (filed,) = good(await money.get(money.operator, "/recordals"))["items"]
    assert (filed["deal_id"], filed["filing_number"], "terms" in filed) == (deal_id, "F1", False)
    path = f"/recordals/{deal_id}"
    refused_deal = good(await money.post(money.operator, f"{path}/refusal", {"reason": "not the owner"}))
    assert (refused_deal["refusal"], refused_deal["invoice_id"]) == ("not the owner", invoice["invoice_id"])
    assert good(await money.get(money.operator, "/recordals?state=recordal_refused"))["items"] == [refused_deal]
    good(await money.hall.post(money.hall.university, f"/{deal_id}/recordal", filing), 201)
    (filed,) = good(await money.get(money.operator, "/recordals"))["items"]
    assert filed["refusal"] == ""
    receipt = {"receipt_number": "R1", "recorded_on": money_day()}
    # The licensor gains by it, and so does not say it.
    refused(await money.hall.post(money.hall.university, f"/{deal_id}/recordal/receipt", receipt), 409, "not-your-turn")
    assert good(await money.post(money.operator, f"/recordals/{deal_id}/receipt", receipt))["state"] == "released"


async def test_only_the_licensee_is_sent_to_pay(money: Till) -> None:
    deal_id, invoice = await money.signed()
    path = f"/invoices/{invoice['invoice_id']}"
    refused(await money.post(money.hall.university, f"{path}/checkout"), 403, "not-a-party")
    await money.checkout(invoice)
    for who in (money.hall.university, money.hall.broker, money.operator):
        assert good(await money.get(who, path))["checkout_url"] is None
    assert good(await money.get(money.hall.company, path))["checkout_url"]
    assert await money.hall.state(deal_id) == "signed"


async def test_a_bank_account_is_its_organisations_own(money: Till) -> None:
    hall = money.hall
    answer = await hall.client.put(
        "/api/v1/payments/accounts/bank", json=ACCOUNT, headers=hall.headers(hall.university)
    )
    assert good(answer)["bank_account"] == ACCOUNT
    for who, number in ((hall.university, "6222 0001"), (hall.company, None)):
        accounts = {each["provider"]: each for each in good(await money.get(who, "/payments/accounts"))["items"]}
        assert (accounts["bank"]["bank_account"] or {}).get("number") == number


async def test_operators_alone_are_told_where_a_transfer_goes(money: Till) -> None:
    hall = money.hall
    _, invoice = await money.signed()
    await money.statement((FEE + 5, invoice["reference"]))  # 5 go back
    path = f"/payments/{good(await money.get(hall.company, '/payments'))['items'][0]['order_id']}"
    assert good(await money.get(money.operator, path))["pay_to"] is None
    good(await hall.client.put("/api/v1/payments/accounts/bank", json=ACCOUNT, headers=hall.headers(hall.company)))
    assert good(await money.get(money.operator, path))["pay_to"] == ACCOUNT
    assert good(await money.get(hall.company, path))["pay_to"] is None


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"filing_number": "F", "filed_on": "2999-01-01"}, "/filed_on", "not-past"),
        ({"filing_number": "F", "filed_on": "2020-01-01"}, "/filed_on", "too-early"),
        ({"filing_number": "", "filed_on": TODAY}, "/filing_number", "too-short"),
        ({"filed_on": TODAY}, "/filing_number", "missing"),
    ],
)
async def test_a_filing_is_checked(money: Till, body: Json, pointer: str, code: str) -> None:
    deal_id, invoice = await money.signed()
    early = await money.hall.post(money.hall.university, f"/{deal_id}/recordal", FILING)
    assert refused(early, 409, "payment-outstanding")["detail"]
    await money.statement((FEE, invoice["reference"]))
    (error,) = refused(
        await money.hall.post(money.hall.university, f"/{deal_id}/recordal", body), 422, "invalid-input"
    )["errors"]
    assert error["pointer"] == pointer
    assert error["code"] == code
    assert await money.hall.state(deal_id) == "funded"


def money_day() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).date().isoformat()
