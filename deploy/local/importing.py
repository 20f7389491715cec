"""`zayton import`: a file of patents through the public API, with progress and the rows that were refused."""

import asyncio
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.demo.hall import Hall, Party, Refused, Unreachable

FINDINGS_SHOWN = 20
LOOK_EVERY_S = 0.3


async def run(
    console: Console,
    base_url: str,
    file: Path,
    *,
    email: str | None,
    password: str | None,
    api_key: str | None,
    publish: bool,
) -> int:
    """Returns the exit code: 0 where every row was taken, 1 where some were not or nothing could be done."""
    hall = Hall(base_url, language="en")
    try:
        who = await _sign_in(hall, email, password, api_key)
        job = await _import(hall, who, await asyncio.to_thread(file.read_bytes), publish=publish)
        console.print(
            f"{job['rows']} rows: [green]{job['accepted']} accepted[/], {job['published']} published, "
            f"[red]{job['rejected']} rejected[/]. Import {job['import_id']}"
        )
        if job["rejected"]:
            await _show_findings(console, hall, who, job)
    except Refused as refused:
        console.print(f"[red]Refused:[/] {escape(str(refused))}", soft_wrap=True)
        return 1
    except Unreachable as error:
        console.print(f"[red]No answer from {escape(base_url)}:[/] {escape(error.reason)}", soft_wrap=True)
        return 1
    finally:
        await hall.close()
    return 0 if job["state"] == "finished" and not job["rejected"] else 1


async def _sign_in(hall: Hall, email: str | None, password: str | None, api_key: str | None) -> Party | None:
    if api_key:
        hall.client.headers["x-api-key"] = api_key
        return None
    who = Party(kind="", organisation_id="", name="", email=email or "", password=password or "")
    await hall.sign_in(who)
    return who


async def _import(hall: Hall, who: Party | None, lines: bytes, *, publish: bool) -> dict[str, Any]:
    job = await hall.post_lines(who, "/imports", lines, publish="true" if publish else "false")
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("import", total=job["rows"])
        while job["state"] in ("queued", "running"):
            await asyncio.sleep(LOOK_EVERY_S)
            job = await hall.get(who, f"/imports/{job['import_id']}")
            progress.update(bar, completed=job["done"], total=job["rows"])
    return job


async def _show_findings(console: Console, hall: Hall, who: Party | None, job: dict[str, Any]) -> None:
    page = await hall.get(who, f"/imports/{job['import_id']}/errors", limit=FINDINGS_SHOWN)
    for finding in page["items"]:
        # Rows are counted from 1 by the API, characters from 0; people count both from 1.
        place = f", character {finding['position'] + 1}" if finding["position"] is not None else ""
        said = finding["text"]["en"]
        console.print(f"  row {finding['row']}, {escape(finding['pointer'])}{place}: {escape(said)}", soft_wrap=True)
    if page["next"]:
        console.print(f"  … more: GET /api/v1/imports/{job['import_id']}/errors")
