"""Search figures on the real patents of ../shared/data, as listings of the catalogue: part `search` of `make bench`.

search_p95_ms      a search with facets and highlighting, every fourth filtered, at 8,000 listings; _200k at 200,000
typo_top3          mistyped titles that find their patent among the first three; _200k at 200,000
number_spellings   numbers in five ways of writing that find their patent first
meilisearch_*      the same of the server that MEILISEARCH_URL names, and meilisearch_ratio: a search through the
                   adapter ÷ the bare HTTP call of the same question, median, in turns

More than 8,000 listings are the same patents over again with other numbers, words shuffled and mixed with those of
others. `python -m bench.search --listings N` prints all it measures for one size: no words (browse_p95_ms),
suggest_p95_ms, similar_p95_ms, pinyin_top10, typos by language. `--keep FOLDER` keeps the database there, so that the
next run starts with the questions.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.progress import Progress, track
from sqlalchemy import MetaData, text

from deploy.local.postgres import Postgres
from services.kit.db import Database
from services.kit.search import Document, Finder, SearchQuery
from services.kit.search import table as tables
from services.kit.search.meilisearch import MeilisearchSearch, uid_of
from services.kit.search.meilisearch_server import MeilisearchServer
from services.kit.search.mirror import Mirror
from services.kit.search.postgres import PostgresSearch
from services.kit.search.writer import IndexWriter
from services.listing.adapters.documents import DECLARATION, document_of
from services.listing.domain import listings
from services.listing.domain.imports.rows import read_row
from services.listing.domain.listings import ListingTerms
from services.listing.domain.prices import AskingPrice
from services.listing.domain.rights import register
from services.listing.domain.vocabulary import DealForm, ListingStatus, PriceForm
from services.listing.entrypoints.catalogue_query import FACETS

DATA = Path(__file__).parents[2] / "shared" / "data"
PATENTS = 8_000
MANY = 200_000
Fields = dict[str, Any]
Say = Callable[[str], None]


@lru_cache
def patents() -> list[Fields]:
    """The real ones as an import lists them, Chinese first. Raises FileNotFoundError where they are missing."""
    chance = random.Random(7)
    found = [
        _listing(line, chance)
        for language in ("zh", "en")
        for line in (DATA / f"patents_{language}.jsonl").read_bytes().splitlines()
    ]
    return found[:PATENTS]


def _listing(line: bytes, chance: random.Random) -> Fields:
    """Expired ones, too: here it is their words that count."""
    row, now = read_row(line), datetime.now(UTC)
    right = register(row.draft, organisation_id=UUID(int=1), by=None, now=now).right
    terms = row.offer or ListingTerms(right.title, (DealForm.ORDINARY_LICENCE,), AskingPrice(PriceForm.NEGOTIABLE))
    terms = replace(terms, region=chance.choice(["福建", "广东", "浙江", "北京"]))
    draft = listings.draft(right, right.owner_name or "Example University", terms, now)
    published_at = now - timedelta(days=chance.randrange(3_000))
    listing = replace(draft, status=ListingStatus.PUBLISHED, published_at=published_at)
    return dict(document_of(listing, right).fields)


def documents(count: int) -> Iterator[Document]:
    real, chance = patents(), random.Random(11)
    industries = sorted({industry for fields in real for industry in fields["industry"]})
    for place in range(count):
        fields = dict(real[place % PATENTS])
        if place >= PATENTS:
            half = range(PATENTS // 2) if place % PATENTS < PATENTS // 2 else range(PATENTS // 2, PATENTS)
            fields |= {
                name: _mixed(fields[name], real[chance.choice(half)][name], chance)
                for name in ("title", "summary", "abstract")
            }
            fields["number"] = fields["number_as_given"] = f"CN2099{place:08d}.X"
            fields["industry"] = chance.sample(industries, len(fields["industry"]))
        yield Document(UUID(int=place + 1), 1, fields)


def _mixed(words: str, others: str, chance: random.Random) -> str:
    """The words shuffled, some of them replaced by those of another; Chinese by fours of characters."""
    spaced = " " in words
    mine, theirs = (_parts(each, spaced) or [""] for each in (words, others))
    mixed = [chance.choice(theirs) if chance.random() < 0.3 else each for each in mine]
    chance.shuffle(mixed)
    return (" " if spaced else "").join(mixed)


def _parts(words: str, spaced: bool) -> list[str]:
    return words.split() if spaced else [words[start : start + 4] for start in range(0, len(words), 4)]


def mistyped(title: str, chance: random.Random) -> str:
    """One character put in, left out, changed or (English) swapped with the next."""
    chinese = any("一" <= character <= "鿿" for character in title)
    letters = "的一是在不了有和人这中大为上个国我以要他" if chinese else "abcdefghijklmnopqrstuvwxyz"
    places = [place for place, character in enumerate(title[:-1]) if character.isalpha()]
    if not chinese:
        long_enough = [place for place in places if len(_word_at(title, place)) >= 4]
        places = long_enough or places
    place, other = chance.choice(places), chance.choice(letters)
    before, here, after = title[:place], title[place], title[place + 1 :]
    kinds = [before + other + after, before + after, before + other + here + after]
    if not chinese and after[:1].isalpha():
        kinds.append(before + after[0] + here + after[1:])
    return chance.choice(kinds)


def _word_at(title: str, place: int) -> str:
    start = title.rfind(" ", 0, place) + 1
    end = title.find(" ", place)
    return title[start : end if end >= 0 else len(title)]


def some_words(title: str, chance: random.Random) -> str:
    """Three words in a row, or six characters."""
    words = title.split()
    if len(words) > 1:
        start = chance.randrange(max(1, len(words) - 2))
        return " ".join(words[start : start + 3])
    start = chance.randrange(max(1, len(title) - 5))
    return title[start : start + 6]


def spellings(number: str) -> list[str]:
    if number.startswith("US"):
        digits = number[2:]
        return [number, digits, f"US {int(digits):,} B2" if digits.isdigit() else number, f"us{digits.lower()}"]
    digits, check = number[2:].split(".")
    grouped = f"{digits[:4]} {digits[4]} {digits[5:]}.{check}"
    return [number, f"{digits}{check}", f"ZL {grouped}", f"cn{digits}{check.lower()}", f"ＣＮ{digits}．{check}"]


async def timed(ask: Callable[[], Awaitable[Any]], into: list[float]) -> Any:
    started = time.perf_counter()
    answer = await ask()
    into.append((time.perf_counter() - started) * 1_000)
    return answer


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


async def ask(search: Finder, questions: int) -> dict[str, float]:
    real, chance = patents(), random.Random(3)
    asked = [real[(place * 37 + (place % 2) * PATENTS // 2) % PATENTS] for place in range(questions)]
    searches: list[float] = []
    browses: list[float] = []
    suggests: list[float] = []
    similars: list[float] = []
    for place, fields in enumerate(asked):
        filters = {"kind": [fields["kind"]]} if place % 4 == 0 else {}
        query = SearchQuery(some_words(fields["title"], chance), filters, facets=FACETS)
        results = await timed(lambda: search.search(query), searches)  # noqa: B023  # awaited before it changes
        if place % 5 == 0:
            browse = SearchQuery(filters={"kind": [fields["kind"]]} if place % 2 else {}, facets=FACETS)
            await timed(lambda: search.search(browse), browses)  # noqa: B023  # the same
            await timed(lambda: search.suggest(fields["title"][:6]), suggests)  # noqa: B023  # the same
            if results.hits and isinstance(search, PostgresSearch):
                await timed(lambda: search.similar(results.hits[0].id), similars)  # noqa: B023  # the same
    figures = {
        "search_p50_ms": statistics.median(searches),
        "search_p95_ms": p95(searches),
        "browse_p95_ms": p95(browses),
        "suggest_p95_ms": p95(suggests),
    } | ({"similar_p95_ms": p95(similars)} if similars else {})
    return figures | await quality(search, asked)


async def quality(search: Finder, asked: list[Fields]) -> dict[str, float]:
    chance = random.Random(5)
    found: dict[str, list[bool]] = {"zh": [], "en": []}
    numbers, sounds = [], []
    typed: list[float] = []
    for fields in asked:
        query = SearchQuery(mistyped(fields["title"], chance)[:500], limit=3)
        hits = (await timed(lambda: search.search(query), typed)).hits  # noqa: B023  # awaited before it changes
        found[fields["language"]].append(any(hit.fields["title"] == fields["title"] for hit in hits))
    for fields in asked[:60]:
        for spelling in spellings(fields["number_as_given"]):
            hits = (await search.search(SearchQuery(spelling, limit=1))).hits
            numbers.append(bool(hits) and hits[0].fields["number"] == fields["number"])
    for typed_sound, meant in (("shimoxi", "石墨烯"), ("guangcuihua", "光催化"), ("lidianchi", "锂电池")):
        hits = (await search.search(SearchQuery(typed_sound, limit=10))).hits
        sounds.append(bool(hits) and all(meant in json.dumps(hit.fields, ensure_ascii=False) for hit in hits))
    return {
        "typo_p95_ms": p95(typed),
        "typo_top3": statistics.mean([*found["zh"], *found["en"]]),
        "typo_top3_zh": statistics.mean(found["zh"]),
        "typo_top3_en": statistics.mean(found["en"]),
        "number_spellings": statistics.mean(numbers),
        "pinyin_top10": statistics.mean(sounds),
    }


async def against_direct(server: MeilisearchServer, questions: int) -> dict[str, float]:
    """Adapter and bare call in turn, on warm connections, so that both see the same machine."""
    search = MeilisearchSearch(server, DECLARATION)
    real, chance = patents(), random.Random(9)
    through: list[float] = []
    bare: list[float] = []
    for place in range(questions):
        query = SearchQuery(some_words(real[place * 53 % PATENTS]["title"], chance), facets=FACETS)
        path, question = f"/indexes/{uid_of(DECLARATION)}/search", search._question(query, 0)  # noqa: SLF001  # the same
        await server.client.post(path, json=question)
        await timed(lambda: search.search(query), through)  # noqa: B023  # awaited before it changes
        await timed(lambda: server.client.post(path, json=question), bare)  # noqa: B023  # the same
    return {"direct_p95_ms": p95(bare), "adapter_over_direct": statistics.median(through) / statistics.median(bare)}


async def meilisearch(url: str, database: Database, questions: int) -> dict[str, float]:
    server = MeilisearchServer.at(url, os.environ.get("MEILISEARCH_KEY"), timeout_s=30)
    try:
        with Progress() as bar:
            task = bar.add_task("Mirroring")
            mirror = Mirror(server, DECLARATION)
            await mirror.rebuild(database, lambda done, total: bar.update(task, completed=done, total=total))
        figures = await ask(MeilisearchSearch(server, DECLARATION), questions)
        return figures | await against_direct(server, questions)
    finally:
        await server.close()


async def fill(database: Database, count: int) -> None:
    """Tables as a service's migration makes them; the big indexes after the load, as a restore would."""
    metadata = MetaData()
    tables.declare(metadata, DECLARATION)
    async with database.engine.begin() as connection:
        await connection.execute(text(f"CREATE SCHEMA {database.schema}"))
        await connection.run_sync(metadata.create_all)
        for statement in tables.storage_statements(DECLARATION):
            await connection.execute(text(statement))
        for index in ("terms", "headline_terms"):
            await connection.execute(text(f"DROP INDEX ix_search_listings_{index}"))
    writer, batch = IndexWriter(DECLARATION), []
    for document in track(documents(count), "Indexing", total=count):
        batch.append(document)
        if len(batch) == 500 or int(document.id) == count:
            async with database.transaction() as session:
                await writer.upsert(session, batch)
            batch = []
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("SET maintenance_work_mem = '256MB'"))
        await connection.execute(text("SET statement_timeout = 0"))
        for index in ("terms", "headline_terms"):
            await connection.execute(
                text(f"CREATE INDEX ix_search_listings_{index} ON search_listings USING gin ({index})")
            )
        await connection.execute(text("VACUUM ANALYZE search_listings"))


async def of_size(folder: Path, count: int, questions: int, *, keep: bool = False) -> dict[str, dict[str, float]]:
    """All figures of so many listings, by adapter."""
    server = Postgres(folder)
    await server.start()
    name = f"search_{count}"
    filled = folder / f"{name}.filled"
    try:
        if not (keep and filled.exists()):
            await server.drop_database(name)
            await server.ensure_database(name)
        database = Database(server.url(name), "listing")
        try:
            if not (keep and filled.exists()):
                await fill(database, count)
                filled.touch()
            figures = {"postgres": await ask(PostgresSearch(database, DECLARATION), questions)}
            if url := os.environ.get("MEILISEARCH_URL"):
                figures["meilisearch"] = await meilisearch(url, database, questions)
            return figures
        finally:
            await database.close()
    finally:
        await server.stop()


def measure(folder: Path, say: Say) -> dict[str, float]:
    """The figures of `make bench`. Raises FileNotFoundError where the real patents are missing."""
    found: dict[str, float] = {}
    for count, suffix in ((PATENTS, ""), (MANY, "_200k")):
        say(f"searching {count:,} listings, indexed first")
        figures = asyncio.run(of_size(folder, count, 300))
        chosen = ("search_p95_ms", "typo_top3", *(() if suffix else ("number_spellings",)))
        found |= {f"{name}{suffix}": figures["postgres"][name] for name in chosen}
        for name, value in figures.get("meilisearch", {}).items():
            if name in {*chosen, "adapter_over_direct"}:
                named = "ratio" if name == "adapter_over_direct" else name
                found[f"meilisearch_{named}{suffix}"] = value
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=PATENTS)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = options.keep or Path(folder)
        for adapter, figures in (await of_size(place, options.listings, options.questions, keep=True)).items():
            for figure, value in figures.items():
                print(f"{adapter} {figure} {value:.3f}" if value <= 2 else f"{adapter} {figure} {value:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
