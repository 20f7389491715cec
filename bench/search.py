"""Search figures on the real patents of ../shared/data: `python bench/search.py [--listings 8000] [--meilisearch URL]`.

With a Meilisearch server: the same figures of it, adapter_over_direct (a search through the adapter against the bare
HTTP call of the same question) and publish_to_searchable_p95_ms.

More than 8,000 listings are the same patents over again with other numbers, words shuffled and mixed with those of
others. Prints one `name value` line per figure: search_p95_ms (facets, highlighting, every fourth query filtered),
browse_p95_ms (no words), suggest_p95_ms, similar_p95_ms, typo_top3 and its halves, number_spellings, pinyin_top10.

`--keep FOLDER` keeps the database there, so that the next run starts with the questions.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.progress import Progress, track
from sqlalchemy import MetaData, text

from deploy.local.postgres import Postgres
from services.kit.db import Database
from services.kit.search import Document, Finder, IndexDeclaration, RangeType, SearchQuery, TextField
from services.kit.search import table as tables
from services.kit.search.meilisearch import MeilisearchSearch, uid_of
from services.kit.search.meilisearch_server import MeilisearchServer
from services.kit.search.mirror import Mirror
from services.kit.search.postgres import PostgresSearch
from services.kit.search.writer import IndexWriter

DATA = Path(__file__).parents[2] / "shared" / "data"
PATENTS = 8_000
FACETS = ("kind", "ipc_section", "deal_form", "price_band", "status", "region", "industry", "maturity", "language")
DECLARATION = IndexDeclaration(
    name="listings",
    version=1,
    texts=(
        TextField("title", headline=True),
        TextField("organisation_name", headline=True),
        TextField("summary"),
        TextField("prospects"),
    ),
    numbers=("number",),
    facets=FACETS,
    ranges={"price": RangeType.INTEGER, "published_at": RangeType.MOMENT},
    displayed=("title", "summary", "number", "organisation_name", "kind", "status"),
)
KINDS = {"发明专利": "invention", "实用新型": "utility_model"}
Fields = dict[str, Any]


def patents() -> list[Fields]:
    """The real ones as listings, Chinese first. Raises SystemExit where the data is missing."""
    if not DATA.exists():
        sys.exit(f"{DATA} is missing: these figures are measured on real patents, which are not part of the project")
    chance = random.Random(7)
    found = [
        _listing(json.loads(line), language, chance)
        for language in ("zh", "en")
        for line in (DATA / f"patents_{language}.jsonl").open(encoding="utf-8")
    ]
    return found[:PATENTS]


def _listing(row: Fields, language: str, chance: random.Random) -> Fields:
    chinese = language == "zh"
    return {
        "title": row["title"],
        "summary": row["abstract"] or "",
        "prospects": row.get("prospect") or "",
        "number": row["number"],
        "organisation_name": row.get("owner") or "Example University",
        "kind": KINDS.get(row.get("kind", ""), "design") if chinese else "invention",
        "ipc_section": sorted({symbol[0] for symbol in row.get("ipc") or []}) or ["G"],
        "price_band": row.get("price_band") or "none",
        "maturity": row.get("maturity") or "concept",
        "deal_form": row.get("deal_wish") or ["ordinary_licence"],
        "industry": row.get("industry") or [],
        "language": language,
        "region": chance.choice(["福建", "广东", "浙江", "北京"]),
        "status": chance.choice(["published"] * 9 + ["under_offer"]),
        "price": chance.choice([None, chance.randrange(10**5, 10**8)]),
        "published_at": f"20{chance.randrange(10, 26)}-03-0{chance.randrange(1, 10)}T00:00:00Z",
    }


def documents(count: int) -> Iterator[Document]:
    real, chance = patents(), random.Random(11)
    industries = sorted({industry for fields in real for industry in fields["industry"]})
    for place in range(count):
        fields = dict(real[place % PATENTS])
        if place >= PATENTS:
            half = range(PATENTS // 2) if fields["language"] == "zh" else range(PATENTS // 2, PATENTS)
            fields |= {
                name: _mixed(fields[name], real[chance.choice(half)][name], chance) for name in ("title", "summary")
            }
            fields["number"] = f"CN2099{place:08d}.X"
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


async def measure(search: Finder, questions: int) -> dict[str, float]:
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
        for spelling in spellings(fields["number"]):
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
    through, bare = [], []
    for place in range(questions):
        query = SearchQuery(some_words(real[place * 53 % PATENTS]["title"], chance), facets=FACETS)
        path, question = f"/indexes/{uid_of(DECLARATION)}/search", search._question(query, 0)  # noqa: SLF001  # the same
        await server.client.post(path, json=question)
        await timed(lambda: search.search(query), through)  # noqa: B023  # awaited before it changes
        await timed(lambda: server.client.post(path, json=question), bare)  # noqa: B023  # the same
    return {"direct_p95_ms": p95(bare), "adapter_over_direct": statistics.median(through) / statistics.median(bare)}


async def publish_to_searchable(server: MeilisearchServer, database: Database, times: int = 60) -> dict[str, float]:
    """From the start of the transaction that publishes to the search that finds, one listing after another."""
    search, mirror = MeilisearchSearch(server, DECLARATION), Mirror(server, DECLARATION)
    writer = IndexWriter(DECLARATION)
    took: list[float] = []

    async def until_found(place: int) -> None:
        number = f"CN2098{place:08d}.X"
        document = Document(UUID(int=10**9 + place), int(time.time() * 1000), patents_once[place] | {"number": number})
        async with database.transaction() as session:
            await writer.upsert(session, [document])
        while not (await search.search(SearchQuery(number, limit=1, highlight=False))).total:
            await mirror.step(database)

    patents_once = patents()
    for place in range(times):
        await timed(lambda: until_found(place), took)  # noqa: B023  # awaited before it changes
    async with database.transaction() as session:
        await writer.remove(session, {UUID(int=10**9 + place): int(time.time() * 1000) for place in range(times)})
    return {"publish_to_searchable_p95_ms": p95(took)}


async def meilisearch(url: str, database: Database, questions: int) -> dict[str, float]:
    server = MeilisearchServer.at(url, timeout_s=30)
    try:
        with Progress() as bar:
            task = bar.add_task("Mirroring")
            mirror = Mirror(server, DECLARATION)
            await mirror.rebuild(database, lambda done, total: bar.update(task, completed=done, total=total))
        figures = await measure(MeilisearchSearch(server, DECLARATION), questions)
        figures |= await against_direct(server, questions)
        return figures | await publish_to_searchable(server, database)
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


def show(adapter: str, figures: dict[str, float]) -> None:
    for figure, value in figures.items():
        print(f"{adapter} {figure} {value:.3f}" if value <= 2 else f"{adapter} {figure} {value:.1f}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=int, default=PATENTS)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--meilisearch", metavar="URL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(options.keep or Path(folder))
        await server.start()
        name = f"search_{options.listings}"
        is_new = options.keep is None or not (options.keep / f"{name}.filled").exists()
        if is_new:
            await server.drop_database(name)
        await server.ensure_database(name)
        database = Database(server.url(name), "listing")
        try:
            if is_new:
                await fill(database, options.listings)
                if options.keep:
                    (options.keep / f"{name}.filled").touch()
            show("postgres", await measure(PostgresSearch(database, DECLARATION), options.questions))
            if options.meilisearch:
                show("meilisearch", await meilisearch(options.meilisearch, database, options.questions))
        finally:
            await database.close()
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
