"""What else PostgreSQL could do for catalogue search, measured on a database that `bench/search.py --keep` has filled:

    python bench/search.py --listings 8000 --keep FOLDER
    python bench/search_alternatives.py --listings 8000 --keep FOLDER

Times are those of the server's processor for one statement, best of five, so that a busy machine does not show.
"""

import argparse
import asyncio
import random
from pathlib import Path
from statistics import mean, median
from typing import Any

import asyncpg

from bench.search import mistyped, patents
from deploy.local.postgres import Postgres

Connection = Any  # asyncpg has no types of its own
COMMON = "'method'"


async def processor_ms(connection: Connection, statement: str, *values: Any) -> float:
    pid = await connection.fetchval("SELECT pg_backend_pid()")
    times = []
    for _ in range(5):
        before = _processor_ns(pid)
        await connection.fetch(statement, *values)
        times.append((_processor_ns(pid) - before) / 1e6)
    return min(times)


def _processor_ns(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


async def facets(connection: Connection) -> None:
    """Facets of everything, of a common word; as they are kept, and as they could be."""
    await connection.execute(
        """
        CREATE TEMP TABLE alternatives AS
        SELECT id, facets AS codes, ARRAY(
          SELECT term FROM unnest(facets) AS code JOIN search_listings_facets USING (code)
        ) AS texts FROM search_listings;
        ANALYZE alternatives
        """
    )
    counted = "SELECT value, count(*) FROM alternatives, unnest({}) AS value GROUP BY value"
    groups = "SELECT {0}, count(*) AS hits FROM alternatives GROUP BY 1"
    grouped = f"SELECT value, sum(hits) FROM ({groups}) AS g, unnest({{0}}) AS value GROUP BY 1"
    print(f"facets_of_all_as_texts_ms {await processor_ms(connection, counted.format('texts')):.1f}")
    print(f"facets_of_all_as_codes_ms {await processor_ms(connection, counted.format('codes')):.1f}")
    print(f"facets_of_all_grouped_first_ms {await processor_ms(connection, grouped.format('codes')):.1f}")
    sampled = (
        "SELECT value, count(*) FROM alternatives, unnest(codes) AS value WHERE uuid_hash(id) % 50 = 0 GROUP BY value"
    )
    print(f"facets_of_a_fiftieth_ms {await processor_ms(connection, sampled):.1f}")


async def words(connection: Connection) -> None:
    await connection.execute("SET enable_seqscan = off")
    count = f"SELECT count(*) FROM search_listings WHERE terms @@ $${COMMON}$$::tsquery"
    print(f"common_word_by_index_ms {await processor_ms(connection, count):.1f}")
    await connection.execute("SET enable_bitmapscan = off; SET enable_seqscan = on")
    print(f"common_word_by_scan_ms {await processor_ms(connection, count):.1f}")
    await connection.execute("RESET enable_bitmapscan; RESET enable_seqscan")


async def trigrams(connection: Connection) -> None:
    """Typing errors by pg_trgm on titles instead of by words one deletion away."""
    await connection.execute(
        """
        CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
        CREATE TEMP TABLE titles AS
        SELECT id, document ->> 'title' AS title FROM search_listings WHERE document IS NOT NULL;
        CREATE INDEX ON titles USING gin (title gin_trgm_ops);
        ANALYZE titles
        """
    )
    statement = "SELECT title FROM titles WHERE title % $1 ORDER BY similarity(title, $1) DESC LIMIT 3"
    real, chance = patents(), random.Random(5)
    asked = [real[(place * 37 + place % 2 * len(real) // 2) % len(real)] for place in range(60)]
    found: dict[str, list[bool]] = {"zh": [], "en": []}
    times = []
    for fields in asked:
        typed = mistyped(fields["title"], chance)
        rows = await connection.fetch(statement, typed)
        found[fields["language"]].append(any(row["title"] == fields["title"] for row in rows))
        times.append(await processor_ms(connection, statement, typed))
    print(f"trigram_typo_top3_zh {mean(found['zh']):.3f}")
    print(f"trigram_typo_top3_en {mean(found['en']):.3f}")
    print(f"trigram_typo_p50_ms {median(times):.1f}")
    print(f"trigram_typo_max_ms {max(times):.1f}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=int, default=8_000)
    parser.add_argument("--keep", type=Path, required=True)
    options = parser.parse_args()
    server = Postgres(options.keep)
    await server.start()
    connection = await asyncpg.connect(
        server.url(f"search_{options.listings}"), server_settings={"search_path": "listing,public"}
    )
    try:
        await facets(connection)
        await words(connection)
        await trigrams(connection)
    finally:
        await connection.close()
        await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
