"""The deal past its signing: paid, held, recorded, released; then what each party's accounts say.

It pays at the local double of Stripe. On a hall with a Stripe of its own, or with none, it ends with the invoice.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from deploy.local.demo.deal import Deal, written
from deploy.local.demo.hall import Hall, Json, Party, Refused
from deploy.local.demo.parties import Cast
from deploy.local.demo.report import Report

WITHIN_S = 60.0


async def play(hall: Hall, report: Report, cast: Cast, deal: Deal) -> bool:
    """Whether the money was released in the end."""
    invoice_id = (await hall.get(cast.company, f"/deals/{deal.deal_id}"))["invoice_id"]
    invoice = await hall.get(cast.company, f"/invoices/{invoice_id}")
    fee = written(invoice["amount"])
    report.step("invoice", invoice_id, name=cast.company.name, amount=fee, reference=invoice["reference"])
    if not await _pay(hall, report, cast.company, invoice_id):
        return False
    held = await _until(hall, report, cast.company, f"/invoices/{invoice_id}", lambda each: each["state"] == "held")
    report.step("held", invoice_id, amount=fee, until=held["hold_expires_at"][:10])
    await _record(hall, report, cast, deal)
    for party in (cast.university, cast.broker):
        await _open_account(hall, report, party)
    deal_path = f"/deals/{deal.deal_id}"
    active = await _until(hall, report, cast.company, deal_path, lambda each: each["state"] == "active")
    report.step("active", deal.deal_id, state=active["state"])
    for party in cast.all():
        await _show_statement(hall, report, party)
    return True


async def _pay(hall: Hall, report: Report, company: Party, invoice_id: str) -> bool:
    try:
        await hall.post(company, f"/invoices/{invoice_id}/checkout")
    except Refused as refused:
        if refused.slug != "stripe-not-connected":
            raise
        report.detail(report.text("note.by-bank"))
        return False
    path = f"/invoices/{invoice_id}"
    invoice = await _until(hall, report, company, path, lambda each: each["checkout_url"] is not None)
    if not await _press(invoice["checkout_url"]):
        report.detail(report.text("note.not-the-double", url=invoice["checkout_url"]))
        return False
    report.step("paid", invoice_id, name=company.name)
    return True


async def _record(hall: Hall, report: Report, cast: Cast, deal: Deal) -> None:
    today = datetime.now(UTC).date().isoformat()
    filing = {"filing_number": f"{today[:4]}350000{deal.deal_id[-6:]}", "filed_on": today}
    answer = await hall.post(cast.university, f"/deals/{deal.deal_id}/recordal", filing)
    article = answer["recordal"]["article"] or "-"
    report.step("filed", deal.deal_id, name=cast.university.name, number=filing["filing_number"], article=article)
    receipt = {"receipt_number": f"X{today[:4]}{deal.deal_id[-8:]}", "recorded_on": today}
    answer = await hall.post(cast.company, f"/deals/{deal.deal_id}/recordal/receipt", receipt)
    number = receipt["receipt_number"]
    report.step("recorded", deal.deal_id, name=cast.company.name, number=number, state=answer["state"])


async def _open_account(hall: Hall, report: Report, party: Party) -> None:
    """Licensor and broker say to Stripe who they are, so that they can be paid."""
    await hall.post(party, "/payments/accounts/stripe")

    def linked(each: Json) -> bool:
        return each["url"] is not None

    account = await _until(hall, report, party, "/payments/accounts", linked)
    await _press(account["url"])
    report.step("account", party.organisation_id, name=party.name)


async def _press(url: str) -> bool:
    """What a person does on a page of the double. False where the page is not the double's."""
    if urlsplit(url).hostname != "127.0.0.1":
        return False
    async with httpx.AsyncClient(timeout=30) as browser:
        for _ in range(60):
            try:
                return (await browser.post(url)).is_success
            except httpx.TransportError:  # killed together with the hall, and about to come back
                await asyncio.sleep(0.5)
    return False


async def _until(hall: Hall, report: Report, party: Party, path: str, arrived: Callable[[Json], bool]) -> Json:
    """Read until it is so, of the thing itself or of one of a page: the hall's cashier works beside our requests."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        found = await hall.get(party, path)
        each: Json
        for each in found.get("items", [found]):
            if arrived(each):
                return each
        if time.monotonic() > deadline:
            raise report.failure("money", path=path, seconds=round(WITHIN_S))
        await asyncio.sleep(0.2)


async def _show_statement(hall: Hall, report: Report, party: Party) -> None:
    statement = await hall.get(party, "/statements")
    lines = [
        {
            "kind": line["kind"],
            "purpose": line["purpose"],
            "amount": written({"minor_units": line["minor_units"], "currency": line["currency"]}),
        }
        for line in statement["items"]
    ]
    balances = {
        each["purpose"]: written({"minor_units": each["minor_units"], "currency": each["currency"]})
        for each in statement["balances"]
    }
    report.step("statement", party.organisation_id, name=party.name, lines=lines, balances=balances)
    for line in lines:
        kind, purpose = (report.text(f"ledger.{line[name]}") for name in ("kind", "purpose"))
        report.detail(f"{line['amount']:>20}  {purpose} · {kind}")
