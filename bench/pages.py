"""Pages of a hall with the real patents of ../shared/data on offer, as a browser asks for them.

page_p95_ms_…       home, results (words of a title, all facets, highlighting), a listing: answer complete
page_bytes_…        over the wire, compressed, with all files that a first visit needs
page_requests_…     of a first visit
first_paint_ms_…    first contentful paint of a first visit in Chromium on this machine, median

The last three need Chromium and are left out where it is missing.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx

from bench.hall import import_patents, real_patents, registered
from deploy.local.demo.hall import Hall, Json
from tests.support.halls import HallProcess

TURNS = 200
VISITS = 7
Say = Callable[[str], None]
Paths = dict[str, list[str]]


def measure(folder: Path, say: Say) -> dict[str, float]:
    """Raises FileNotFoundError where the real patents are missing."""
    patents = real_patents()
    hall = HallProcess(folder / "pages")
    hall.start()
    try:
        say(f"importing {len(patents)} patents")
        paths = asyncio.run(_prepare(hall, patents))
        say(f"reading each page {TURNS} times, in turns")
        figures = asyncio.run(_read(hall, paths))
        return figures | _visit(hall, paths, say)
    finally:
        hall.stop()


async def _prepare(process: HallProcess, patents: list[Json]) -> Paths:
    """Addresses of each kind of page; no question is asked twice."""
    hall = Hall(process.url, language="zh")
    try:
        await import_patents(hall, await registered(hall, "university"), patents)
        listings: list[Json] = []
        cursor = None
        while len(listings) < TURNS:
            page = await hall.get(None, "/listings", limit=100, **({"cursor": cursor} if cursor else {}))
            listings += page["items"]
            cursor = page["next"]
    finally:
        await hall.close()
    titles = [patent["title"] for patent in patents[:: len(patents) // TURNS]][:TURNS]
    return {
        "home": ["/zh/"] * TURNS,
        "results": [f"/zh/listings?q={quote(title[:6])}" for title in titles],
        "listing": [f"/zh/listings/{each['listing_id']}" for each in listings[:TURNS]],
    }


async def _read(hall: HallProcess, paths: Paths) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in paths}
    async with httpx.AsyncClient(base_url=hall.url, headers={"accept-encoding": "gzip"}, timeout=30) as browser:
        for turn in range(-10, TURNS):  # the first ones warm up
            for name, addresses in paths.items():
                began = time.perf_counter()
                (await browser.get(addresses[turn])).raise_for_status()
                if turn >= 0:
                    took[name].append((time.perf_counter() - began) * 1_000)
    return {f"page_p95_ms_{name}": statistics.quantiles(times, n=20)[18] for name, times in took.items()}


def _visit(hall: HallProcess, paths: Paths, say: Say) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    from tests.support.browsers import chromium, launch, person

    if chromium() is None:
        say("no Chromium: bytes, requests and first paint are left out")
        return {}
    figures: dict[str, float] = {}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for name, addresses in paths.items():
            paints = []
            for _ in range(VISITS):
                with person(browser, hall.url, width=390) as someone:
                    someone.open(addresses[0])
                    paint, files, size = someone.page.evaluate(_SEEN)
                    paints.append(paint)
            figures |= {
                f"first_paint_ms_{name}": statistics.median(paints),
                f"page_requests_{name}": files,
                f"page_bytes_{name}": size,
            }
        browser.close()
    return figures


# The live stream is no file: it has no end.
_SEEN = """async () => {
  const paint = await new Promise((seen) => new PerformanceObserver((list) => {
    const found = list.getEntriesByName("first-contentful-paint")[0];
    if (found) seen(found.startTime);
  }).observe({type: "paint", buffered: true}));
  const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const files = entries.filter((entry) => !entry.name.includes("/live"));
  return [paint, files.length, files.reduce((sum, entry) => sum + entry.transferSize, 0)];
}"""
