"""Bank statements as banks send them: CSV, MT940 (by the library mt-940), camt.053 (ISO 20022).

A statement is taken whole or not at all: every fault is located, by the number of its line.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import mt940
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.contract.domain.money.currencies import minor_units
from services.contract.domain.money.statements import Line, StatementFormat
from services.kit.problems import FieldError, InvalidInput

_COLUMNS = ("date", "amount", "currency", "text")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_TEXT = 1_000


def parse(form: StatementFormat, body: bytes) -> list[Line]:
    """Raises InvalidInput with every fault."""
    faults: list[FieldError] = []
    lines = list(_READERS[form](body, faults))
    if not faults and not lines:
        faults.append(FieldError("", "statement-empty"))
    if faults:
        raise InvalidInput(errors=faults[:100])
    return lines


def _csv(body: bytes, faults: list[FieldError]) -> Iterator[Line]:
    try:
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            faults.append(FieldError("/header", "statement-columns", params={"missing": ", ".join(missing)}))
            return
        for number, row in enumerate(reader, start=1):
            values = {name: row[name] or "" for name in row if isinstance(name, str)}
            booked_on = _day(values["date"])
            yield from _line(faults, number, booked_on, values["amount"], values)
    except UnicodeDecodeError as error:
        faults.append(FieldError("", "statement-not-utf8", position=error.start))
    except csv.Error as error:
        faults.append(FieldError("", "statement-not-csv", params={"reason": str(error)}))


def _mt940(body: bytes, faults: list[FieldError]) -> Iterator[Line]:
    text = body.decode("utf-8", errors="replace")
    try:
        found: Any = mt940.parse(text)
    except Exception as error:  # noqa: BLE001  # the library raises whatever a wrong line runs into
        faults.append(FieldError("", "statement-not-mt940", params={"reason": str(error)[:200]}))
        return
    if len(found) != len(re.findall(r"^:61:", text, re.MULTILINE)):
        faults.append(FieldError("", "statement-not-mt940", params={"reason": ":61:"}))
        return
    total = Decimal(0)
    for number, each in enumerate(found, start=1):
        data = each.data
        amount = data["amount"].amount
        total += amount
        texts = (data.get("transaction_details"), data.get("extra_details"), data.get("customer_reference"))
        values = {
            "currency": data.get("currency") or "",
            "text": " ".join(filter(None, texts)),
            "bank_reference": data.get("bank_reference") or "",
        }
        yield from _line(faults, number, date(*data["date"].timetuple()[:3]), str(amount), values)
    opening, closing = (found.data.get(f"final_{name}_balance") for name in ("opening", "closing"))
    if opening and closing and opening.amount.amount + total != closing.amount.amount:
        faults.append(FieldError("/closing_balance", "statement-does-not-add-up"))


def _camt053(body: bytes, faults: list[FieldError]) -> Iterator[Line]:
    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError) as error:
        faults.append(FieldError("", "statement-not-xml", params={"reason": str(error)}))
        return
    if root.tag.rpartition("}")[2] != "Document" or root.find("{*}BkToCstmrStmt") is None:
        faults.append(FieldError("", "statement-not-camt053"))
        return
    for number, entry in enumerate(root.iterfind("{*}BkToCstmrStmt/{*}Stmt/{*}Ntry"), start=1):
        amount = entry.find("{*}Amt")
        sign = {"CRDT": "", "DBIT": "-"}.get(_text(entry, "CdtDbtInd"))
        if _text(entry, "RvslInd") == "true":
            sign = {"": "-", "-": ""}.get(sign or "", sign)
        said = [
            each.text or "" for name in ("Ustrd", "Ref", "EndToEndId") for each in entry.iterfind(f".//{{*}}{name}")
        ]
        names = [each.text or "" for each in entry.iterfind(".//{*}RltdPties//{*}Nm")]
        values = {
            "currency": amount.get("Ccy", "") if amount is not None else "",
            "text": " ".join([*said, _text(entry, "AddtlNtryInf")]).strip(),
            "counterparty": "; ".join(dict.fromkeys(names)),
            "bank_reference": _text(entry, "AcctSvcrRef"),
        }
        booked = _day(_text(entry, "BookgDt/{*}Dt") or _text(entry, "BookgDt/{*}DtTm")[:10])
        written = f"{sign}{amount.text}" if amount is not None and sign is not None else ""
        yield from _line(faults, number, booked, written, values)


def _text(entry: Element, path: str) -> str:
    found = entry.find(f"{{*}}{path}")
    return (found.text or "").strip() if found is not None else ""


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007  # a day of the bank's, no moment
    except ValueError:
        return None


def _line(
    faults: list[FieldError], number: int, booked_on: date | None, written: str, values: dict[str, str]
) -> Iterator[Line]:
    """The line, unless something is wrong with it."""
    where, before = f"/lines/{number}", len(faults)
    currency, amount = values.get("currency", "").strip(), 0
    if booked_on is None:
        faults.append(FieldError(f"{where}/date", "statement-date"))
    if not _CURRENCY.fullmatch(currency):
        faults.append(FieldError(f"{where}/currency", "statement-currency"))
    try:
        amount = minor_units(written.strip(), currency)
    except ValueError:
        faults.append(FieldError(f"{where}/amount", "statement-amount"))
    else:
        if amount == 0:
            faults.append(FieldError(f"{where}/amount", "statement-amount"))
    if len(faults) == before and booked_on is not None:
        said = {
            name: values.get(name, "").replace("\x00", "")[:_MOST_TEXT]
            for name in ("text", "counterparty", "bank_reference")
        }
        yield Line(number, booked_on, amount, currency, **said)


_READERS: dict[StatementFormat, Callable[[bytes, list[FieldError]], Iterator[Line]]] = {
    StatementFormat.CSV: _csv,
    StatementFormat.MT940: _mt940,
    StatementFormat.CAMT053: _camt053,
}
