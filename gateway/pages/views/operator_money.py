"""Money and recordals that wait for an operator: statements, lines without a purpose, transfers, disputes, registers'
answers.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any

from starlette.responses import Response

from gateway.pages.api import ApiProblem, Json
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.visitor import Visitor

area = Area(operators=True)

FORMATS = ("csv", "camt053", "mt940")
_BY_ENDING = {".csv": "csv", ".xml": "camt053", ".sta": "mt940", ".mt940": "mt940", ".940": "mt940"}
_MEDIA = {"csv": "text/csv", "camt053": "application/xml", "mt940": "text/plain"}
_REFUSED = 422
_MOST = 100
# What a person pays out, and what comes in by itself.
_BY_HAND = frozenset({"pay_out", "refund"})


@area.get("/operator/money")
async def money(visitor: Visitor) -> Response:
    return await _page(visitor, Form())


@area.post("/operator/money")
async def act(visitor: Visitor, form: Form) -> Response:
    """Every act on the page; `act` says which, `about` on what. A field's name ends with what it is about."""
    about = form.text("about")
    try:
        done = await _do(visitor, form, about)
    except ApiProblem as problem:
        places = {f"/{name}": f"{name}.{about}" for name in ("receipt_number", "recorded_on", "reason")}
        places["/refund_minor_units"] = f"part.{about}"
        places |= {f"/{name}": f"target.{about}" for name in ("invoice_id", "order_id")}
        _locate(visitor, form, problem)
        form.refuse(problem, places | {"": "statement"})
        done = None
    if done is not None:
        return visitor.go("/operator/money", done=done)
    return await _page(visitor, form, status=form.problem.status if form.problem else _REFUSED)


async def _do(visitor: Visitor, form: Form, about: str) -> str | None:
    """What to say when it is done; None where the form says what is missing, or there is no such act."""
    match form.text("act"):
        case "statement":
            done = await _import(visitor, form)
        case "match":
            done = await _match(visitor, form, about)
        case "execute":
            order = await visitor.api.post(f"/api/v1/payments/{about}/executions", once=form.once)
            done = "order_executed" if order["state"] == "done" else "order_proposed"
        case "retry":
            await visitor.api.post(f"/api/v1/payments/{about}/retry", once=form.once)
            done = "order_retried"
        case "receipt":
            receipt = {name: form.text(f"{name}.{about}") for name in ("receipt_number", "recorded_on")}
            await visitor.api.post(f"/api/v1/recordals/{about}/receipt", receipt, once=form.once)
            done = "recordal_receipt"
        case "refusal":
            reason = {"reason": form.text(f"reason.{about}")}
            await visitor.api.post(f"/api/v1/recordals/{about}/refusal", reason, once=form.once)
            done = "recordal_refusal"
        case "resume":
            done = await _resume(visitor, form, about)
        case "refund":
            await visitor.api.post(f"/api/v1/invoices/{about}/refund", once=form.once)
            done = "dispute_refunded"
        case _:
            done = None
    return done


async def _import(visitor: Visitor, form: Form) -> str | None:
    words = visitor.language.t
    file = form.file("statement")
    if file is None:
        form.errors["statement"] = words("operator.money.file_missing")
        return None
    kind = form.text("format") or _BY_ENDING.get(PurePath(file.filename or "").suffix.lower(), "")
    if kind not in FORMATS:
        form.errors["format"] = words("operator.money.format_missing")
        return None
    await visitor.api.send(
        "POST",
        "/api/v1/payments/bank/statements",
        query={"format": kind},
        content=await file.read(),
        headers={"content-type": _MEDIA[kind], "idempotency-key": form.once},
    )
    return "statement_imported"


async def _match(visitor: Visitor, form: Form, line_id: str) -> str | None:
    name = f"target.{line_id}"
    kind, _, chosen = form.text(name).partition(":")
    if kind not in {"invoice", "order"}:
        form.errors[name] = visitor.language.t("operator.money.target_missing")
        return None
    path = f"/api/v1/payments/bank/lines/{line_id}/matches"
    line = await visitor.api.post(path, {f"{kind}_id": chosen}, once=form.once)
    return "line_matched" if line["state"] == "matched" else "line_proposed"


async def _resume(visitor: Visitor, form: Form, invoice_id: str) -> str | None:
    part, wrong = f"part.{invoice_id}", visitor.language.t("operator.money.part_wrong")
    amount = form.amount(part, form.text("currency"), wrong)
    if form.errors:
        return None
    body = {"refund_minor_units": amount["minor_units"] if amount else 0}
    await visitor.api.post(f"/api/v1/invoices/{invoice_id}/resume", body, once=form.once)
    return "dispute_settled"


async def _page(visitor: Visitor, form: Form, *, status: int = 200) -> Response:
    get = visitor.api.get
    unmatched, proposed, invoices, waiting, done, failed, filed, refused, disputes = await asyncio.gather(
        get("/api/v1/payments/bank/lines", state="unmatched", limit=_MOST),
        get("/api/v1/payments/bank/lines", state="proposed", limit=_MOST),
        get("/api/v1/invoices", state="open", limit=_MOST),
        get("/api/v1/payments", state="waiting", limit=_MOST),
        get("/api/v1/payments", state="done", limit=_MOST),
        get("/api/v1/payments", state="failed", limit=_MOST),
        get("/api/v1/recordals", limit=_MOST),
        get("/api/v1/recordals", state="recordal_refused", limit=_MOST),
        get("/api/v1/disputes", limit=_MOST),
    )
    lines = proposed["items"] + unmatched["items"]
    orders = [order for order in waiting["items"] if order["provider"] == "bank"]
    to_execute = [order for order in orders if order["kind"] in _BY_HAND]
    targets = [*_as_targets(invoices["items"], "invoice"), *_as_targets(orders + done["items"], "order")]
    parties = {order["party_organisation_id"] for order in [*to_execute, *failed["items"]]}
    recordals = refused["items"] + filed["items"]
    deals = [*recordals, *disputes["items"]]
    parties |= {deal[f"{side}_organisation_id"] for deal in deals for side in ("licensor", "licensee")}
    return await visitor.page(
        "operator/money.html",
        status=status,
        form=form,
        about=form.text("about"),
        form_of=_form_of(form),
        formats=FORMATS,
        lines=[{**line, "amount": _amount(line), "targets": _fitting(line, targets)} for line in lines],
        names_of={target["value"]: target for target in targets},
        orders=to_execute,
        failed=failed["items"],
        recordals=recordals,
        disputes=disputes["items"],
        names=await _names(visitor, parties),
        me=str(visitor.member.user_id) if visitor.member else "",
        more=any(found["next"] for found in (unmatched, proposed, waiting, failed, filed, refused, disputes)),
    )


def _form_of(sent: Form) -> Callable[[str, str], Form]:
    """The form of an act on something: the one that was sent, or a new one with a key of its own."""
    mine = (sent.text("act"), sent.text("about"))
    return lambda act, about: sent if (act, about) == mine else Form()


def _locate(visitor: Visitor, form: Form, problem: ApiProblem) -> None:
    """Faults inside a statement, each with its place in words: there is no field of that name."""
    if form.text("act") != "statement":
        return
    for error in problem.errors:
        *line, place = str(error.get("pointer", "")).strip("/").split("/")
        about = {"place": visitor.language.word("statement_place", place), "detail": error.get("detail", "")}
        key = ".".join([*line, place])
        if line:
            form.errors[key] = visitor.language.t("operator.money.fault_line", line=line[-1], **about)
        elif place:
            form.errors[key] = visitor.language.t("operator.money.fault_place", **about)
        else:
            form.errors["statement"] = str(about["detail"])


def _as_targets(items: Iterable[Json], kind: str) -> list[dict[str, Any]]:
    return [{**item, "value": f"{kind}:{item[f'{kind}_id']}", "is_order": kind == "order"} for item in items]


def _fitting(line: Json, targets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a line may be for: money in pays an invoice or takes a pay-out back, money out carries out an order."""
    came_in, units = line["minor_units"] > 0, abs(line["minor_units"])
    found = []
    for target in targets:
        if target["amount"]["currency"] != line["currency"]:
            continue
        if target["is_order"]:
            fits = target["amount"]["minor_units"] == units and (target["kind"] == "reversal") is came_in
        else:
            fits = came_in
        found += [target] if fits else []
    return found


def _amount(line: Json) -> Json:
    return {"minor_units": line["minor_units"], "currency": line["currency"]}


async def _names(visitor: Visitor, organisations: set[str]) -> dict[str, str]:
    asked = sorted(organisations)
    found = await asyncio.gather(*(visitor.api.get(f"/api/v1/organisations/{each}") for each in asked))
    return {each: organisation["name"] for each, organisation in zip(asked, found, strict=True)}
