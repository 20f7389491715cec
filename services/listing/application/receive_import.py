"""A sheet of rows comes in as a stream and goes to the database as it comes; working through it is the worker's."""

import re
from collections.abc import AsyncIterator
from datetime import datetime

from services.kit.auth import Principal
from services.kit.ids import new_id
from services.listing.application.ports import Store
from services.listing.domain.errors import EmptyImport, LineTooLong, TooManyRows
from services.listing.domain.imports.progress import Import
from services.listing.domain.limits import Limit

_BATCH = 500
_NEWLINE = re.compile(rb"(?<=\n)")  # bytes.splitlines() would also end lines at a bare CR
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


async def receive_import(
    store: Store, caller: Principal, body: AsyncIterator[bytes], *, publish: bool, now: datetime
) -> Import:
    """Raises TooManyRows, LineTooLong or EmptyImport; nothing of the sheet is kept then."""
    this = Import(
        import_id=new_id(),
        organisation_id=caller.organisation_id,
        organisation_name=caller.organisation_name,
        requested_by=caller.user_id,
        publish=publish,
        rows=0,
        created_at=now,
    )
    await store.imports.add(this)
    batch: list[tuple[int, bytes]] = []
    rows = 0
    async for number, line in _rows(body):
        rows += 1
        if rows > Limit.IMPORT_ROWS:
            raise TooManyRows(limit=int(Limit.IMPORT_ROWS))
        batch.append((number, line))
        if len(batch) == _BATCH:
            await store.imports.add_rows(this.import_id, batch)
            batch = []
    if not rows:
        raise EmptyImport
    if batch:
        await store.imports.add_rows(this.import_id, batch)
    received = this.received(rows)
    await store.imports.save(received)
    await store.wake_worker()
    return received


async def _rows(body: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers in the sheet from 1. Raises LineTooLong."""
    number = 0
    async for line in _lines(body):
        number += 1
        content = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if content.strip():
            yield number, content.strip()


async def _lines(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Raises LineTooLong before a line that never ends has filled the memory."""
    rest = bytearray()
    number = 1
    async for chunk in body:
        for piece in _NEWLINE.split(chunk):
            rest += piece
            if len(rest) > Limit.IMPORT_LINE:
                raise LineTooLong(row=number, limit=int(Limit.IMPORT_LINE))
            if piece.endswith(b"\n"):
                yield bytes(rest)
                rest.clear()
                number += 1
    yield bytes(rest)
