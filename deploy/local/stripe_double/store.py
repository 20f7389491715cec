"""What the double remembers: JSON objects in SQLite, in memory for tests, in a file for a hall that starts again."""

import json
import sqlite3
import time
from pathlib import Path
from secrets import token_hex
from typing import Any

Json = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS objects
    (id TEXT PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers
    (key TEXT PRIMARY KEY, asked TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, due REAL NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.executescript(_TABLES)
        if path is not None:
            path.chmod(0o600)  # the key is in it

    def close(self) -> None:
        self._db.close()

    def begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        self._db.execute("ROLLBACK")

    def new(self, prefix: str, kind: str, **body: Any) -> Json:
        made: Json = {"id": f"{prefix}_{token_hex(12)}", "object": kind, "created": int(time.time()), **body}
        self.put(kind, made)
        return made

    def put(self, kind: str, body: Json) -> None:
        number = "coalesce((SELECT number FROM objects WHERE id = ?1), (SELECT count(*) FROM objects))"
        self._db.execute(
            f"INSERT OR REPLACE INTO objects VALUES (?1, ?2, {number}, ?3)",  # noqa: S608  # no input goes in
            (body["id"], kind, json.dumps(body)),
        )

    def get(self, kind: str, identity: str) -> Json | None:
        row = self._db.execute("SELECT body FROM objects WHERE id = ? AND kind = ?", (identity, kind)).fetchone()
        return dict(json.loads(row[0])) if row else None

    def all(self, kind: str) -> list[Json]:
        """Newest first, as Stripe lists."""
        rows = self._db.execute("SELECT body FROM objects WHERE kind = ? ORDER BY number DESC", (kind,))
        return [json.loads(body) for (body,) in rows]

    def answer(self, key: str) -> tuple[str, int, Json] | None:
        row = self._db.execute("SELECT asked, status, body FROM answers WHERE key = ?", (key,)).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def keep_answer(self, key: str, asked: str, status: int, body: Json) -> None:
        self._db.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, asked, status, json.dumps(body)))

    def deliver(self, event_id: str, due: float) -> None:
        self._db.execute("INSERT OR REPLACE INTO deliveries VALUES (?, ?)", (event_id, due))

    def due_deliveries(self, now: float) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT id FROM deliveries WHERE due <= ? ORDER BY due", (now,))]

    def delivered(self, event_id: str) -> None:
        self._db.execute("DELETE FROM deliveries WHERE id = ?", (event_id,))

    def setting(self, name: str, default: str) -> str:
        """A setting that stays as it was first made."""
        self._db.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, default))
        return str(self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()[0])
