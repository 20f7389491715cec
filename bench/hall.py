"""Figures of a whole hall, as `zayton up` starts it on an empty folder, on the real patents of ../shared/data.

start_s                 from the command to "ready", first start (empty folder)
restart_s               the same on the data of the run
import_rows_per_s       8,000 rows registered, and listed where the law allows, through POST /imports?publish=true
publish_to_match_p95_ms from the request that publishes a listing to its match on the company's live stream,
                        the 8,000 listings being there
publish_to_searchable_p95_ms
                        from the request that publishes a listing to the catalogue's answer that has it
rss_mb                  proportional set size of the hall and all its embedded servers after that
gateway_ratio           p50 of a listing read through the gateway ÷ p50 of the same read from the service itself,
                        in turns, each in a process of its own (`zayton up --separate`)
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from deploy.local.demo.hall import Hall, Json, Party, listening
from tests.support.halls import HallProcess

DATA = Path(__file__).parents[2] / "shared" / "data"
MATCHES = 60
READS = 1_500
PASSWORD = "a pass phrase for measuring"
Say = Callable[[str], None]


def measure(folder: Path, say: Say) -> dict[str, float]:
    """Raises FileNotFoundError where the real patents are missing."""
    patents = real_patents()
    hall = HallProcess(folder / "one")
    say("starting a hall on an empty folder")
    figures = {"start_s": _started(hall)}
    try:
        figures |= asyncio.run(_use(hall, patents, say))
        figures["rss_mb"] = _memory_mb(hall.pid)
        hall.stop()
        say("starting it again on its data")
        figures["restart_s"] = _started(hall)
    finally:
        hall.stop()
    separate = HallProcess(folder / "separate")
    say("starting a hall of separate processes")
    separate.start("--separate")
    try:
        figures["gateway_ratio"] = asyncio.run(_gateway_ratio(separate, patents[:40], say))
    finally:
        separate.stop()
    return figures


def real_patents() -> list[Json]:
    rows = []
    for name in ("patents_zh.jsonl", "patents_en.jsonl"):
        with (DATA / name).open(encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines]
    return rows


def _started(hall: HallProcess) -> float:
    began = time.monotonic()
    hall.start()
    return time.monotonic() - began


def _memory_mb(pid: int) -> float:
    """Shared pages are counted once over all processes (PSS), where the system tells; else resident set sizes."""
    hall = psutil.Process(pid)
    total = 0
    for process in (hall, *hall.children(recursive=True)):
        memory = process.memory_full_info()
        total += getattr(memory, "pss", 0) or memory.rss
    return total / 2**20


async def _use(process: HallProcess, patents: list[Json], say: Say) -> dict[str, float]:
    hall = Hall(process.url, language="zh")
    try:
        university, company = await registered(hall, "university"), await registered(hall, "company")
        held_back = [row for row in patents[:4_000] if row["prospect"]][:MATCHES]
        new = [row for row in patents[:4_000] if row not in held_back][:MATCHES]
        kept = {row["number"] for row in (*held_back, *new)}
        rows = [row for row in patents if row["number"] not in kept]
        say(f"importing {len(rows)} patents")
        figures = {"import_rows_per_s": await import_patents(hall, university, rows)}
        say(f"publishing {MATCHES} listings, each wanted by a demand")
        latencies = [
            latency for row in held_back if (latency := await _publish_to_match_ms(hall, university, company, row))
        ]
        if len(latencies) < MATCHES * 0.9:
            raise RuntimeError(f"only {len(latencies)} of {MATCHES} listings met their demand")
        figures["publish_to_match_p95_ms"] = statistics.quantiles(latencies, n=20)[18]
        say(f"publishing {MATCHES} listings, each looked for")
        searched = [await _publish_to_searchable_ms(hall, university, row) for row in new]
        figures["publish_to_searchable_p95_ms"] = statistics.quantiles(searched, n=20)[18]
        return figures
    finally:
        await hall.close()


async def registered(hall: Hall, kind: str) -> Party:
    email = f"{kind}@bench.example"
    admin = {"name": "Bench", "email": email, "password": PASSWORD, "language": "zh"}
    made = await hall.post(None, "/organisations", {"name": f"Bench {kind}", "kind": kind, "admin": admin})
    party = Party(kind, made["organisation"]["organisation_id"], kind, email, PASSWORD)
    await hall.sign_in(party)
    return party


async def import_patents(hall: Hall, university: Party, rows: list[Json]) -> float:
    """Rows a second, from sending the file to the last listing published."""
    began = time.monotonic()
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    job = await hall.post_lines(university, "/imports", lines, publish="true")
    while job["state"] in ("queued", "running"):
        await asyncio.sleep(0.1)
        job = await hall.get(university, f"/imports/{job['import_id']}")
    # Rights that have expired (many of the US patents) are registered and rightly not published (G3).
    if job["accepted"] < len(rows) or job["published"] < len(rows) / 2:
        raise RuntimeError(f"the import did not go as expected: {job}")
    return len(rows) / (time.monotonic() - began)


async def _publish_to_match_ms(hall: Hall, university: Party, company: Party, row: Json) -> float | None:
    """None where the listing is no match of the demand made from its own market words."""
    demand = {"title": row["title"][:60], "problem": row["prospect"][:600], "language": "zh"}
    await hall.post(company, "/demands", demand)
    listing = await _draft(hall, university, row)
    async with listening(hall, company, "match_found") as stream:
        await stream.until_listening(10)
        began = time.monotonic()
        await hall.post(university, f"/listings/{listing['listing_id']}/publish")
        while (left := began + 10 - time.monotonic()) > 0:
            heard = await stream.next(left)
            if heard and heard.data["listing_id"] == listing["listing_id"]:
                return (time.monotonic() - began) * 1000
    return None


async def _publish_to_searchable_ms(hall: Hall, university: Party, row: Json) -> float:
    listing = await _draft(hall, university, row)
    began = time.monotonic()
    await hall.post(university, f"/listings/{listing['listing_id']}/publish")
    while time.monotonic() < began + 30:
        found = await hall.get(None, "/catalogue", q=row["number"], limit=1, facets="")
        if found["items"] and found["items"][0]["listing_id"] == listing["listing_id"]:
            return (time.monotonic() - began) * 1000
    raise RuntimeError(f"{row['number']} is not found 30 s after it was published")


async def _draft(hall: Hall, university: Party, row: Json) -> Json:
    right = await hall.post(university, "/rights", {name: row[name] for name in ("number", "title", "abstract", "ipc")})
    listing: Json = await hall.post(
        university,
        "/listings",
        {
            "right_id": right["right_id"],
            "summary": row["title"],
            "deal_forms": ["ordinary_licence"],
            "price": {"form": "negotiable"},
            "maturity": "prototype",
            "industries": row["industry"][:3],
            "territories": [],
        },
    )
    return listing


async def _gateway_ratio(process: HallProcess, patents: list[Json], say: Say) -> float:
    hall = Hall(process.url, language="zh")
    try:
        university = await registered(hall, "university")
        await import_patents(hall, university, patents)
        listing = (await hall.get(None, "/listings", limit=1))["items"][0]
    finally:
        await hall.close()
    path = f"/api/v1/listings/{listing['listing_id']}"
    headers = {"Authorization": f"Bearer {university.token}", "Accept-Encoding": "identity"}
    say(f"reading a listing {READS} times by each way")
    through: list[float] = []
    direct: list[float] = []
    async with aiohttp.ClientSession(headers=headers) as client:
        ways = ((process.url, through), (f"http://127.0.0.1:{_port_of(process, 'listing', 'api')}", direct))
        for number in range(READS + 100):
            for base, times in ways:
                took = await _read(client, base + path)
                if number >= 100:  # the first ones warm up
                    times.append(took)
    return statistics.median(through) / statistics.median(direct)


async def _read(client: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with client.get(url) as answer:
        await answer.read()
        answer.raise_for_status()
    return time.perf_counter() - began


def _port_of(process: HallProcess, service: str, role: str) -> int:
    for child in psutil.Process(process.pid).children(recursive=True):
        words: list[Any] = child.cmdline()
        if "deploy.process" in words and words[words.index("deploy.process") + 1 :][:2] == [service, role]:
            return int(words[words.index("--port") + 1])
    raise LookupError(f"no process {service} {role}")
