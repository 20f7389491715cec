"""Bank statements: three formats, located faults, over- and under-payment, doubles, four eyes."""

from typing import Any

import pytest

from services.contract.domain.money.references import new_reference
from tests.service.contract.hall import good, refused
from tests.service.contract.till import FEE, Till, csv_of


def camt_of(*lines: tuple[int, str], reference: str = "S1") -> str:
    entries = "".join(
        f"<Ntry><Amt Ccy='CNY'>{abs(amount) / 100:.2f}</Amt><CdtDbtInd>{'CRDT' if amount > 0 else 'DBIT'}</CdtDbtInd>"
        f"<BookgDt><Dt>2026-11-25</Dt></BookgDt><AcctSvcrRef>{reference}-{number}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<RltdPties><Dbtr><Pty><Nm>晋江电池</Nm></Pty></Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>{said}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for number, (amount, said) in enumerate(lines)
    )
    namespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    return f"<Document xmlns='{namespace}'><BkToCstmrStmt><Stmt><Id>1</Id>{entries}</Stmt></BkToCstmrStmt></Document>"


def mt940_of(*lines: tuple[int, str], closing: int | None = None) -> str:
    def money(amount: int) -> str:
        return f"{abs(amount) // 100},{abs(amount) % 100:02d}"

    entries = "".join(
        f":61:2611251125{'C' if amount > 0 else 'D'}{money(amount)}NTRFNONREF//B{number}\n:86:{said}\n"
        for number, (amount, said) in enumerate(lines)
    )
    end = 5_000_000 + sum(amount for amount, _ in lines) if closing is None else closing
    return (
        f":20:START\n:25:6222000000000001\n:28C:1/1\n:60F:C261124CNY50000,00\n{entries}:62F:C261125CNY{money(end)}\n-\n"
    )


FORMATS: dict[str, Any] = {"csv": csv_of, "camt053": camt_of, "mt940": mt940_of}


@pytest.mark.parametrize("form", FORMATS)
async def test_each_format_pays_an_invoice_once(money: Till, form: str) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    spaced = f"{invoice['reference'][:4].lower()} {invoice['reference'][4:10]} {invoice['reference'][10:]}"
    body = FORMATS[form]((FEE, f"fee {spaced} 许可费"), (-1_200, "charges"))
    first = good(await money.send_statement(body, form), 201)
    assert (first["lines"], first["new_lines"], first["matched"], first["unmatched"]) == (2, 2, 1, 1)
    assert await hall.state(deal_id) == "funded"
    again = good(await money.send_statement(body, form), 201)
    assert (again["statement_id"], again["items"]) == (first["statement_id"], [])
    # The same lines on another statement: that of the next day, which begins with them.
    overlapping = {"csv": body + "\n", "camt053": body.replace("<Id>1</Id>", "<Id>2</Id>"), "mt940": body + "\n"}[form]
    third = good(await money.send_statement(overlapping, form), 201)
    assert (third["lines"], third["new_lines"]) == (2, 0)
    assert await money.balance("bank") == FEE - 1_200
    assert await money.balance("refundable", hall.company) == 0
    await money.check()


async def test_two_equal_payments_of_a_day_are_two(money: Till) -> None:
    _deal_id, invoice = await money.signed()
    line = f"2026-11-25,5000.00,CNY,{invoice['reference']},,\n"
    await money.send_statement(f"date,amount,currency,text,counterparty,bank_reference\n{line}{line}")
    assert await money.balance("held", money.hall.company) == -1_000_000
    await money.check()


async def test_paid_too_little_then_too_much(money: Till) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await money.statement((FEE - 1, invoice["reference"]))
    part = await money.invoice(deal_id)
    assert (await hall.state(deal_id), part["state"], part["outstanding"]["minor_units"]) == ("signed", "open", 1)
    await money.check()
    await money.statement((500, invoice["reference"]))
    assert await hall.state(deal_id) == "funded"
    assert await money.balance("refundable", hall.company) == -499
    refund = good(await money.get(hall.company, "/payments?kind=refund"))["items"][0]
    # The transfer back is found on the next statement, by its own reference, without anybody's help.
    await money.statement((-499, f"refund {refund['reference']}"))
    assert await money.balance("refundable", hall.company) == await money.balance("transit") == 0
    assert good(await money.get(hall.company, f"/payments/{refund['order_id']}"))["state"] == "done"
    await money.check()


async def test_what_matches_nothing_waits_for_two_operators(money: Till) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    other = new_reference()
    cut, missing = invoice["reference"][:-1], invoice["reference"][-1]
    statement = good(
        await money.send_statement(
            csv_of((FEE, "licence fee, no reference"), (100, other), (200, cut))
            # The bank's own number happens to begin with the character that is missing.
            + f"2026-11-25,3.00,CNY,{cut},Jinjiang Cells,{missing}77\n"
        ),
        201,
    )
    assert (statement["matched"], statement["unmatched"]) == (0, 4)
    assert await money.balance("unallocated") == -FEE - 600
    line_id = statement["items"][0]["line_id"]
    path, body = f"/payments/bank/lines/{line_id}/matches", {"invoice_id": invoice["invoice_id"]}
    proposed = good(await money.post(money.operator, path, body))
    assert proposed["state"] == "proposed"
    assert await hall.state(deal_id) == "signed", "one pair of eyes moves nothing"
    refused(await money.post(money.operator, path, body), 409, "second-person-needed")
    assert good(await money.post(money.colleague, path, body))["state"] == "matched"
    assert await hall.state(deal_id) == "funded"
    refused(await money.post(money.colleague, path, body), 409, "line-not-open")
    await money.check()


async def test_a_transfer_marked_by_hand_is_found_on_the_statement_and_not_done_again(money: Till) -> None:
    hall = money.hall
    deal_id, invoice = await money.signed()
    await money.statement((FEE, invoice["reference"]))
    await money.recorded(deal_id)
    orders = good(await money.get(money.operator, "/payments?kind=pay_out"))["items"]
    path = f"/payments/{orders[0]['order_id']}/executions"
    good(await money.post(money.operator, path))
    refused(await money.post(money.operator, path), 409, "second-person-needed")
    good(await money.post(money.colleague, path))
    refused(await money.post(money.colleague, path), 409, "order-not-open")
    await money.statement(*[(-each["amount"]["minor_units"], each["reference"]) for each in orders])
    assert await hall.state(deal_id) == "active"
    assert await money.balance("transit") == await money.balance("bank") == 0
    # The same transfer sent twice by a bank: the second one stands unmatched, for people to see.
    twice = await money.statement((-orders[0]["amount"]["minor_units"], orders[0]["reference"]))
    assert twice["items"][0]["reason"] == "done_before"
    await money.check()


async def test_a_line_of_another_amount_currency_or_direction_does_not_fit(money: Till) -> None:
    deal_id, invoice = await money.signed()
    dollars = f"date,amount,currency,text\n2026-11-25,10000.03,USD,{invoice['reference']}\n"
    for body in (dollars, csv_of((-FEE, invoice["reference"]))):
        line = good(await money.send_statement(body), 201)["items"][0]
        assert line["reason"] in {"currency", "direction"}
    assert await money.hall.state(deal_id) == "signed"
    await money.check()


ALL_WRONG = [(f"/lines/1/{name}", f"statement-{name}") for name in ("date", "currency", "amount")]
CSV_HEAD = "date,amount,currency,text\n"


@pytest.mark.parametrize(
    ("form", "body", "faults"),
    [
        ("csv", "", [("/header", "statement-columns")]),
        ("csv", "date,amount\n2026-11-25,1\n", [("/header", "statement-columns")]),
        ("csv", CSV_HEAD, [("", "statement-empty")]),
        ("csv", CSV_HEAD + "2026-11-25,1.00,CNY,ok\n25.11.2026,1.00,CNY,x\n", [("/lines/2/date", "statement-date")]),
        ("csv", CSV_HEAD + "2026-11-25,1.001,CNY,x\n", [("/lines/1/amount", "statement-amount")]),
        ("csv", CSV_HEAD + "2026-11-25,NaN,CNY,x\n", [("/lines/1/amount", "statement-amount")]),
        ("csv", CSV_HEAD + "2026-11-25,0,CNY,x\n", [("/lines/1/amount", "statement-amount")]),
        ("csv", CSV_HEAD + "2026-11-25,1.5,JPY,x\n", [("/lines/1/amount", "statement-amount")]),
        (
            "csv",
            CSV_HEAD + "x,x,yuan,x\n",
            ALL_WRONG,
        ),
        ("csv", CSV_HEAD + '2026-11-25,1,CNY,"open\n', [("", "statement-not-csv")]),
        ("camt053", "no xml", [("", "statement-not-xml")]),
        ("camt053", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", [("", "statement-not-xml")]),
        ("camt053", "<Document/>", [("", "statement-not-camt053")]),
        ("camt053", camt_of((100, "x")).replace("2026-11-25", "today"), [("/lines/1/date", "statement-date")]),
        ("camt053", camt_of((100, "x")).replace("CRDT", "?"), [("/lines/1/amount", "statement-amount")]),
        ("mt940", "garbage", [("", "statement-empty")]),
        ("mt940", mt940_of((100, "x"), closing=1), [("/closing_balance", "statement-does-not-add-up")]),
        ("mt940", mt940_of((100, "x")).replace(":61:26", ":61:xx"), [("", "statement-not-mt940")]),
    ],
)
async def test_a_bad_statement_is_refused_whole_with_the_place_of_each_fault(
    money: Till, form: str, body: str, faults: list[tuple[str, str]]
) -> None:
    problem = refused(await money.send_statement(body, form), 422, "invalid-input")
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == faults
    assert all(each["detail"] for each in problem["errors"])
    for table in ("bank_statements", "bank_lines", "ledger_entries"):
        assert await money.hall.value(f"SELECT count(*) FROM {table}") == 0
