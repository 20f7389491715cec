"""Dead letters and outboxes of all services, for `zayton dlq` and `zayton replay`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from sqlalchemy import RowMapping

from services.kit import dead_letters
from services.kit.db import Database
from services.kit.topics import message_class


@dataclass(frozen=True)
class Letter:
    """A dead letter of a service; `row` is a row of its table dead_letters."""

    service: str
    row: RowMapping

    @property
    def name(self) -> str:
        return f"{self.service}/{self.row['id']}"

    @property
    def event_type(self) -> str:
        return str(self.row["headers"].get("ce_type", "?"))

    def content(self) -> dict[str, Any] | str:
        """The event in JSON, or its bytes in hexadecimal where it is none of ours."""
        kind = message_class(self.event_type)
        try:
            return MessageToDict(kind.FromString(self.row["payload"])) if kind else self.row["payload"].hex()
        except DecodeError:
            return str(self.row["payload"].hex())

    def as_json(self) -> dict[str, Any]:
        row = self.row
        return {
            "letter": self.name,
            "event_type": self.event_type,
            "origin": {name: row[name] for name in ("topic", "partition", "offset")},
            "key": row["key"].decode(errors="replace") if row["key"] else None,
            "reason": row["reason"],
            "error": row["error"],
            "attempts": row["attempts"],
            "died_at": row["died_at"].isoformat(),
            "replayed_at": row["replayed_at"].isoformat() if row["replayed_at"] else None,
            "headers": row["headers"],
            "content": self.content(),
        }


async def waiting(url: str, services: Sequence[str]) -> list[Letter]:
    """Dead letters not yet replayed, the oldest first of each service."""
    found: list[Letter] = []
    for service in services:
        async with _database(url, service) as database, database.transaction() as session:
            found += [Letter(service, row) for row in await dead_letters.waiting(session)]
    return found


async def find(url: str, service: str, letter_id: int) -> Letter | None:
    async with _database(url, service) as database, database.transaction() as session:
        row = await dead_letters.show(session, letter_id)
    return Letter(service, row) if row else None


async def replay_waiting(url: str, services: Sequence[str], chosen: Sequence[tuple[str, int]]) -> int:
    """Send back the chosen letters, or all that wait at `services`. Returns how many were sent."""
    replayed = 0
    for service in services:
        numbers = [number for owner, number in chosen if owner == service]
        if chosen and not numbers:
            continue
        async with _database(url, service) as database, database.transaction() as session:
            replayed += await dead_letters.replay(session, service, numbers or None)
    return replayed


@asynccontextmanager
async def _database(url: str, service: str) -> AsyncIterator[Database]:
    database = Database(url, service, pool_size=1)
    try:
        yield database
    finally:
        await database.close()
