"""What PostgreSQL promises beyond the port."""

from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from services.kit.problems import InvalidInput
from services.kit.search import Document, SearchQuery
from services.kit.search.postgres import COUNTED_EXACTLY, PostgresSearch
from services.kit.search.table import declare

from .conftest import Index
from .corpus import BASEBALL, GRAPHENE, MANAGEMENT, SPEECH, catalogue, document, identity


@pytest.fixture
async def full(postgres_index: Index) -> Index:
    await postgres_index.put(*catalogue())
    return postgres_index


@pytest.fixture
def search(full: Index) -> PostgresSearch:
    assert isinstance(full.search, PostgresSearch)
    return full.search


async def test_other_forms_of_a_word_are_found(full: Index) -> None:
    assert (await full.titles("Recognized SPEECHES"))[:1] == [SPEECH]


async def test_similar_listings_speak_of_the_same(full: Index, search: PostgresSearch) -> None:
    titles = [hit.fields["title"] for hit in await search.similar(identity(GRAPHENE))]
    assert GRAPHENE not in titles
    assert MANAGEMENT in titles
    only = await search.similar(identity(GRAPHENE), filters={"kind": ["invention"]})
    assert MANAGEMENT not in [hit.fields["title"] for hit in only]
    assert await search.similar(UUID(int=999)) == []
    await full.remove(identity(BASEBALL), 2)
    assert await search.similar(identity(BASEBALL)) == []
    with pytest.raises(InvalidInput):
        await search.similar(identity(GRAPHENE), filters={"colour": ["red"]})


async def test_what_a_transaction_takes_back_is_not_found(full: Index) -> None:
    async with full.database.transaction() as session:
        await full.writer.upsert(session, [document(SPEECH, 2, title="quicksilver")])
        await session.rollback()
    assert await full.titles("quicksilver") == []


async def test_facets_of_very_many_are_close_and_totals_exact(full: Index) -> None:
    """Rows without terms will do: what is counted are facets."""
    many = COUNTED_EXACTLY * 2
    async with full.database.transaction() as session:
        await full.writer.upsert(session, [Document(UUID(int=99), 1, {"kind": "design", "region": "浙江"})])
        await session.execute(
            text(
                "INSERT INTO search_catalogue (id, aggregate_version, document, facets)"
                " SELECT gen_random_uuid(), 1, '{}', (SELECT CASE WHEN n % 4 = 0 THEN facets ELSE facets[1:1] END"
                "   FROM search_catalogue WHERE id = :sample) FROM generate_series(1, :many) AS n"
            ),
            {"sample": UUID(int=99), "many": many},
        )
    results = await full.search.search(SearchQuery(facets=["kind", "region"]))
    assert results.total == many + 7
    assert results.facets["kind"]["design"] == pytest.approx(many, rel=0.1)
    assert results.facets["region"]["浙江"] == pytest.approx(many / 4, rel=0.2)


async def test_a_pasted_abstract_is_understood(full: Index) -> None:
    pasted = "将石墨烯与硅纳米颗粒混合，经喷雾干燥得到负极材料，循环寿命提高。" * 15
    assert (await full.titles(pasted[:500]))[:1] == [GRAPHENE]


async def test_a_migration_of_the_tables_is_complete(full: Index) -> None:
    """`alembic check` of a service that declares an index finds nothing to add."""
    metadata = MetaData()
    declare(metadata, full.declaration)

    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        # Tables of the kit and of other tests are none of this index's.
        return [each for each in found if not (isinstance(each, tuple) and str(each[0]).startswith("remove_"))]

    async with full.database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
