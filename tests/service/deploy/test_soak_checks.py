"""The count after a soak finds what was lost, doubled, or there though refused. Else a soak would prove nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from bench.soak.checks import DOUBLES, EFFECTS, check_ledger, examine
from bench.soak.diary import Diary
from deploy.local.backup.schemas import connected
from deploy.local.demo.hall import Refused, Unreachable
from deploy.local.postgres import Postgres
from deploy.services import SCHEMAS
from services.kit.db import Database
from services.kit.ids import new_id

ORGANISATION = (
    "INSERT INTO gateway.organisations (organisation_id, name, kind, version)"
    " VALUES (gen_random_uuid(), '{}', 'broker', 1)"
)
UNSENT = (
    "INSERT INTO notify.outbox (event_id, topic, key, headers, payload) VALUES (gen_random_uuid(), 't', 'k', '{}', '')"
)
LETTER = (
    'INSERT INTO contract.dead_letters (topic, partition, "offset", headers, payload, reason, error, attempts)'
    " VALUES ('t', 0, 1, '{}', '', 'why', 'e', 1)"
)
STREAMED = "INSERT INTO gateway.stream_rows (type, data, occurred_at) VALUES ('deal_opened', '{\"deal_id\": 1}', now())"
HEARD = "INSERT INTO {}.organisations SELECT organisation_id, name{}, 1 FROM gateway.organisations"


@pytest.fixture
async def database(service_database: Callable[..., Awaitable[Database]]) -> Database:
    return await service_database("gateway", *(name for name in SCHEMAS if name != "gateway"))


async def found_in(database: Database, diary: Diary, *statements: str) -> Any:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement.replace(":", "\\:")))
    return await examine(dict.fromkeys(SCHEMAS, database.url), diary)


def heard_by_all() -> list[str]:
    return [HEARD.format("listing", ", kind"), HEARD.format("contract", ", kind"), HEARD.format("notify", "")]


async def diary_of(**told: Exception | None) -> Diary:
    diary = Diary()
    for mark, answer in told.items():
        try:
            async with diary.asking("organisation", mark):
                if answer:
                    raise answer
        except (Refused, Unreachable):
            continue
    return diary


async def test_where_all_is_well_nothing_is_found(database: Database) -> None:
    no = Refused("POST", 409, {"type": "x/taken"})
    diary = await diary_of(made=None, refused=no, perhaps=Unreachable("POST", 1, "gone"))
    names = [ORGANISATION.format(name) for name in ("made", "perhaps")]
    findings = await found_in(database, diary, *names, *heard_by_all())
    assert findings.good, findings
    assert diary.promised == 1


async def test_what_is_lost_doubled_or_unwanted_is_found(database: Database) -> None:
    no = Refused("POST", 409, {"type": "x/taken"})
    diary = await diary_of(gone=None, twice=None, refused=no, perhaps=Unreachable("POST", 1, "gone"))
    names = ("twice", "twice", "perhaps", "perhaps", "refused")
    findings = await found_in(database, diary, *map(ORGANISATION.format, names), *heard_by_all())
    assert (findings.lost.total(), findings.doubled.total(), findings.unwanted.total()) == (1, 2, 1)
    assert "lost organisation: gone" in findings.examples
    assert not findings.good


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ([ORGANISATION.format("unheard")], "organisations: listing lacks 1 of gateway"),
        ([UNSENT], "notify: 1 outbox rows were never published"),
        ([LETTER], "contract: 1 dead letters that nobody provoked: why"),
    ],
    ids=["unheard", "not published", "dead letter"],
)
async def test_what_else_is_not_as_it_should_be(database: Database, statements: list[str], said: str) -> None:
    findings = await found_in(database, Diary(), *statements)
    assert any(each.startswith(said) for each in findings.others), findings.others


async def test_an_event_that_took_effect_twice_is_found(database: Database) -> None:
    findings = await found_in(database, Diary(), STREAMED, STREAMED)
    assert findings.doubled == {"live stream": 1}
    assert set(DOUBLES) & set(EFFECTS) == set()


async def test_an_answer_nobody_deserves_is_found(database: Database) -> None:
    diary = await diary_of(broken=Refused("POST /organisations", 500, {"title": "oh"}))
    assert "POST /organisations: 500 oh" in (await found_in(database, diary)).others[0]


async def test_an_entry_of_the_ledger_that_does_not_balance_is_found(postgres: Postgres) -> None:
    """On tables without the constraint that refuses such an entry."""
    name = f"ledger_{new_id().hex}"
    await postgres.ensure_database(name)
    url = postgres.url(name)
    assert await check_ledger({"contract": url}) == []
    async with connected(url) as connection:
        await connection.execute(
            "CREATE SCHEMA contract; SET search_path = contract;"
            "CREATE TABLE ledger_accounts (account_id int PRIMARY KEY, currency text);"
            "CREATE TABLE ledger_postings (entry_id int, account_id int, minor_units bigint);"
            "INSERT INTO ledger_accounts VALUES (1, 'CNY'), (2, 'CNY'), (3, 'USD');"
            "INSERT INTO ledger_postings VALUES (1, 1, 500), (1, 2, -500), (2, 1, 500), (2, 3, -500);"
        )
    assert sorted(await check_ledger({"contract": url})) == [
        "ledger entry 2 in CNY does not balance",
        "ledger entry 2 in USD does not balance",
    ]
    await postgres.drop_database(name)
