"""The books in the language of Beancount (beancount.github.io), which checks them anew."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

from services.contract.domain.money.currencies import written as amount
from services.contract.domain.money.ledger import ASSETS, Purpose

_TOP = {Purpose.FEES: "Expenses"} | dict.fromkeys(ASSETS, "Assets")


def written(lines: Iterable[Any]) -> str:
    """`lines` are (entry, posting, account), oldest first, the lines of an entry together."""
    kept = list(lines)
    return "\n".join([*_head(kept), *_entries(kept)]) + "\n"


def _head(lines: list[Any]) -> Iterator[str]:
    yield 'option "title" "Zayton"'
    opened: dict[str, str] = {}
    for entry, _posting, account in lines:
        opened.setdefault(_name(account.purpose, account.organisation_id), entry.at.date().isoformat())
    for name, day in opened.items():
        yield f"{day} open {name}"
    yield ""


def _entries(lines: list[Any]) -> Iterator[str]:
    for _entry_id, group in groupby(lines, key=lambda line: line[0].entry_id):
        postings = list(group)
        entry = postings[0][0]
        yield f'{entry.at.date().isoformat()} * "{entry.kind}"'
        yield f'  entry: "{entry.entry_id}"'
        yield f'  cause: "{entry.cause}"'
        if entry.deal_id:
            yield f'  deal: "{entry.deal_id}"'
        for _entry, posting, account in postings:
            name = _name(account.purpose, account.organisation_id)
            yield f"  {name}  {amount(posting.minor_units, account.currency)} {account.currency}"
        yield ""


def _name(purpose: str, organisation_id: UUID | None) -> str:
    """Liabilities:Held:O019aa5c2-… — parts begin with a capital or a digit."""
    parts = [_TOP.get(Purpose(purpose), "Liabilities"), purpose.title().replace("_", "-")]
    return ":".join([*parts, *([f"O{organisation_id}"] if organisation_id else [])])
