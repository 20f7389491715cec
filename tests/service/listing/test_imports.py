"""Imports: a sheet goes in as a stream, comes out as rights and listings, and survives its worker."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from zayton.common.v1 import types_pb2 as common

from services.kit.db import Database
from services.listing.adapters.store import SqlStore
from services.listing.adapters.tables import ImportRowRecord, ListingRecord, RightRecord
from services.listing.application import run_import
from services.listing.domain.limits import Limit
from services.listing.domain.numbers import cn_check_digit
from services.listing.entrypoints.jobs import import_step
from tests.service.listing.hall import Hall, made, new_right, sheet, start_import
from tests.support.tokens import principal


def patent(serial: int, **changes: Any) -> dict[str, Any]:
    body = f"20231{serial:07d}"
    return {
        "number": f"CN{body}.{cn_check_digit(body)}",
        "owner": "广东工业大学",
        "kind": "发明专利",
        "title": f"第{serial}号催化材料",
        "abstract": "本发明公开了一种材料。它很好。",
        "prospect": "用于制氢。",
        "ipc": ["B01J27/04", "H01M10/0525"],
        "industry": ["无机盐制造"],
        "strategic_industry": None,
        "deal_wish": ["拟转让"],
        "fee_wan_cny": "10.00",
        "price_band": "0-10万",
        "maturity": "样品、实验阶段",
        "self_rating": "五星",
    } | changes


def sorted_by_row(items: Sequence[dict[str, Any]]) -> bool:
    return [item["row"] for item in items] == sorted(item["row"] for item in items)


async def count(database: Database, table: type) -> int:
    async with database.transaction() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def state(us: httpx.AsyncClient, this: dict[str, Any]) -> dict[str, Any]:
    return await made(await us.get(f"/imports/{this['import_id']}"))


async def findings(us: httpx.AsyncClient, this: dict[str, Any], severity: str = "error") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"severity": severity, "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = await made(await us.get(f"/imports/{this['import_id']}/errors", params=query))
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


async def test_a_sheet_becomes_rights_and_listings(
    hall: Hall, us: httpx.AsyncClient, anyone: httpx.AsyncClient
) -> None:
    rows = [
        patent(1),
        {"number": "US9153231", "title": "Speech models", "abstract": "Networks.", "grant_date": "2015-10-06"},
    ]
    this = await start_import(us, b"\xef\xbb\xbf" + sheet(rows) + b"\n\n", publish=True)
    assert (this["state"], this["rows"], this["done"], this["percent"]) == ("queued", 2, 0, 0)
    await hall.work()
    done = await state(us, this)
    assert (done["state"], done["accepted"], done["rejected"], done["published"]) == ("finished", 2, 0, 2)
    assert (done["percent"], done["finished_at"] is not None) == (100, True)
    english, chinese = (await anyone.get("/listings")).json()["items"]
    assert chinese["right"]["ipc"] == ["B01J 27/04", "H01M 10/0525"]
    assert (chinese["right"]["kind"], chinese["right"]["status"]) == ("invention", "pending")
    assert chinese["price"]["minimum"] == {"minor_units": 10_000_000, "currency": "CNY"}
    assert (chinese["maturity"], chinese["deal_forms"]) == ("prototype", ["assignment"])
    assert (chinese["summary"], chinese["prospects"]) == ("本发明公开了一种材料。", "用于制氢。")
    assert (english["right"]["status"], english["right"]["language"]) == ("granted", "en")
    assert (english["maturity"], english["deal_forms"]) == (None, ["ordinary_licence"])
    assert english["price"]["form"] == "negotiable"
    facts = await hall.facts()
    names = ["RightRegistered", "ListingPublished"] * 2 + ["ImportFinished"]
    assert [name for name, _ in facts] == names
    assert facts[1][1].listing.maturity == common.MATURITY_PROTOTYPE
    end = facts[-1][1]
    assert (end.import_id, end.rows, end.accepted, end.rejected) == (this["import_id"], 2, 2, 0)


async def test_without_publish_only_rights_are_made(hall: Hall, us: httpx.AsyncClient) -> None:
    this = await start_import(us, sheet([patent(1)]))
    await hall.work()
    assert (await state(us, this))["published"] == 0
    assert await hall.fact_names() == ["RightRegistered", "ImportFinished"]


async def test_bad_rows_are_told_one_by_one(hall: Hall, us: httpx.AsyncClient) -> None:
    rows = [
        patent(1),
        "{not json",
        "",
        patent(2, number="CN202310375785.1"),
        patent(3, ipc=["H01M 10/05", "Q01"]),
        patent(4, title=None, industry="一种", fee_wan_cny="十万"),
        patent(5, kind="外观设计"),
        b"\xff\xfe",
        patent(6, title="a\0b"),
        patent(7, ipc=[5]),
        patent(1),
        patent(8),
    ]
    this = await start_import(us, sheet(rows), publish=True)
    await hall.work()
    done = await state(us, this)
    assert (done["state"], done["rows"], done["accepted"], done["rejected"]) == ("finished", 11, 2, 9)
    errors = await findings(us, this)
    assert [(error["row"], error["pointer"], error["code"], error["position"]) for error in errors] == [
        (2, "", "not-json", 1),
        (4, "/number", "check-digit", 15),
        (5, "/ipc/1", "ipc-character", 0),
        (6, "/title", "missing", None),
        (6, "/industry", "list", None),
        (6, "/fee_wan_cny", "fee", None),
        (7, "/kind", "kind-against-number", None),
        (8, "", "not-utf8", 0),
        (9, "/title", "character", 1),
        (10, "/ipc/0", "text", None),
        (11, "/number", "already-registered", None),
    ]
    assert all(error["text"]["en"] and error["text"]["zh"] for error in errors)
    assert {error["problem"] for error in errors} == {
        "invalid-row",
        "invalid-number",
        "invalid-right",
        "already-registered",
    }
    assert "must be X" in errors[1]["text"]["en"]
    assert await count(hall.database, RightRecord) == 2


async def test_remarks_on_rows_that_were_taken(hall: Hall, us: httpx.AsyncClient, anyone: httpx.AsyncClient) -> None:
    rows = [
        patent(1, deal_wish=["拟许可", "拟开放许可"]),  # pending: no open licence, but an ordinary one
        patent(2, deal_wish=["拟自行应用或产业化"]),
        patent(3, status="terminated"),
        patent(4, number="ZL" + patent(4)["number"][2:], maturity="成熟得很", colour="red"),
        patent(5, deal_wish=["拟开放许可"]),
    ]
    this = await start_import(us, sheet(rows), publish=True)
    await hall.work()
    done = await state(us, this)
    assert (done["accepted"], done["rejected"], done["published"]) == (5, 0, 2)
    remarks = await findings(us, this, "warning")
    assert [(remark["row"], remark["code"], remark["rule"]) for remark in remarks] == [
        (1, "open-licence-not-possible", "G7"),
        (2, "no-deal-wanted", None),
        (3, "right-not-in-force", "G3"),
        (4, "field-ignored", None),
        (4, "wording-unknown", None),
        (4, "zl-not-granted", None),
        (5, "open-licence-not-possible", "G7"),
    ]
    assert sorted_by_row(remarks)
    assert all(remark["text"]["en"] and remark["text"]["zh"] for remark in remarks)
    forms = [listing["deal_forms"] for listing in (await anyone.get("/listings")).json()["items"]]
    assert forms == [["assignment"], ["ordinary_licence"]]
    assert await findings(us, this) == []


async def test_running_a_sheet_again_changes_nothing(hall: Hall, us: httpx.AsyncClient) -> None:
    right = await new_right(us, number=patent(3)["number"])
    body = sheet([patent(serial) for serial in (1, 2, 3)])
    first = await start_import(us, body, publish=True)
    await hall.work()
    before = await hall.fact_names()
    second = await start_import(us, body, publish=True)
    await hall.work()
    assert (await state(us, first))["rejected"] == 1
    done = await state(us, second)
    assert (done["accepted"], done["rejected"], done["published"]) == (0, 3, 0)
    assert [error["code"] for error in await findings(us, second)] == ["already-registered"] * 3
    assert right["right_id"] in (await findings(us, second))[2]["text"]["en"]
    assert await hall.fact_names() == [*before, "ImportFinished"]
    assert (await count(hall.database, RightRecord), await count(hall.database, ListingRecord)) == (3, 2)


async def test_another_organisation_may_register_the_same(hall: Hall, us: httpx.AsyncClient) -> None:
    await start_import(us, sheet([patent(1)]))
    others = await hall.client(principal("company"))
    await start_import(others, sheet([patent(1)]))
    await hall.work()
    assert await count(hall.database, RightRecord) == 2


async def test_a_repeated_upload_is_one_import(hall: Hall, us: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/x-ndjson", "idempotency-key": "sheet"}
    body = sheet([patent(1), patent(2)])
    answers = [await us.post("/imports", content=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    other = await us.post("/imports", content=body + b"\n{}", headers=headers)
    assert other.status_code == 422
    assert await count(hall.database, ImportRowRecord) == 2
    [listed] = (await us.get("/imports")).json()["items"]
    assert listed["import_id"] == answers[0].json()["import_id"]


@pytest.mark.parametrize(
    ("body", "media_type", "status", "slug"),
    [
        (b"{}", "application/json", 415, "unsupported-media-type"),
        (b"", "application/x-ndjson", 422, "empty-import"),
        (b"\n \r\n\xef\xbb\xbf", "application/x-ndjson", 202, ""),  # a stray mark is a row, and a bad one
        (b" \n\n", "application/x-ndjson", 422, "empty-import"),
        (b"{" * (Limit.IMPORT_LINE + 1), "application/x-ndjson", 413, "line-too-long"),
        (b"{}\n" * (Limit.IMPORT_ROWS + 1), "application/x-ndjson", 413, "too-many-rows"),
    ],
)
async def test_uploads_that_are_no_sheet(
    hall: Hall, us: httpx.AsyncClient, *, body: bytes, media_type: str, status: int, slug: str
) -> None:
    answer = await us.post("/imports", content=body, headers={"content-type": media_type})
    assert answer.status_code == status
    if slug:
        assert answer.json()["type"].endswith(f"/{slug}")
        assert (await us.get("/imports")).json()["items"] == []
        assert await count(hall.database, ImportRowRecord) == 0


async def test_an_upload_over_the_limit_is_refused_while_it_comes(hall: Hall, us: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        line = json.dumps({"title": "x" * 500_000}).encode() + b"\n"
        while True:
            sent += len(line)
            yield line

    answer = await us.post("/imports", content=endless(), headers={"content-type": "application/x-ndjson"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (413, "body-too-large")
    assert sent < Limit.IMPORT_BYTES + 2_000_000
    assert await count(hall.database, ImportRowRecord) == 0


async def test_lines_may_come_in_pieces_of_any_size(hall: Hall, us: httpx.AsyncClient) -> None:
    body = sheet([patent(1), patent(2)]).replace(b"\n", b"\r\n")

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 7):
            yield body[start : start + 7]

    headers = {"content-type": "application/x-ndjson"}
    this = await made(await us.post("/imports", content=pieces(), headers=headers))
    await hall.work()
    assert (await state(us, this))["accepted"] == 2


class Killed(BaseException):
    """The process ends here, as after kill -9: nothing is caught, the transaction is lost."""


@pytest.mark.parametrize("point", ["take_rows", "add_findings", "save", "announce"])
async def test_a_worker_killed_in_a_chunk_is_followed_by_another(
    hall: Hall, us: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(run_import, "CHUNK", 2)
    this = await start_import(us, sheet([patent(serial) for serial in range(1, 6)]), publish=True)
    assert await import_step(hall.database)
    with monkeypatch.context() as dying:
        _die_after(dying, point)
        with pytest.raises(Killed):
            await import_step(hall.database)
    half = await state(us, this)
    assert (half["state"], half["done"], half["percent"], half["published"]) == ("running", 2, 40, 2)
    assert await count(hall.database, RightRecord) == 2
    await hall.work()
    done = await state(us, this)
    assert (done["state"], done["done"], done["accepted"], done["published"]) == ("finished", 5, 5, 5)
    names = await hall.fact_names()
    assert (names.count("RightRegistered"), names.count("ListingPublished"), names.count("ImportFinished")) == (5, 5, 1)
    assert await count(hall.database, ImportRowRecord) == 0


def _die_after(monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    from services.listing.adapters.imports import SqlImports

    owner = SqlStore if point == "announce" else SqlImports
    whole = getattr(owner, point)

    async def dying(self: Any, *args: Any) -> None:
        await whole(self, *args)
        raise Killed

    monkeypatch.setattr(owner, point, dying)


async def test_two_workers_at_once_do_each_row_once(hall: Hall, us: httpx.AsyncClient) -> None:
    this = await start_import(us, sheet([patent(serial) for serial in range(1, 451)]))

    async def worker() -> None:
        while await import_step(hall.database):
            pass

    await asyncio.gather(worker(), worker())
    done = await state(us, this)
    assert (done["accepted"], done["rejected"], done["done"]) == (450, 0, 450)
    assert (await hall.fact_names()).count("RightRegistered") == 450


async def test_imports_take_turns(hall: Hall, us: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_import, "CHUNK", 1)
    long = await start_import(us, sheet([patent(serial) for serial in range(1, 6)]))
    short = await start_import(us, sheet([patent(9)]))
    for _ in range(2):
        await import_step(hall.database)
    assert (await state(us, short))["state"] == "finished"
    assert (await state(us, long))["done"] == 1


async def test_a_row_we_fail_on_holds_up_nobody(
    hall: Hall, us: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_import.read_row

    def failing(line: bytes) -> Any:
        if "第2号".encode() in line:
            raise ZeroDivisionError
        return whole(line)

    monkeypatch.setattr(run_import, "read_row", failing)
    this = await start_import(us, sheet([patent(serial) for serial in (1, 2, 3)]))
    await hall.work()
    assert (await state(us, this))["accepted"] == 2
    assert [error["code"] for error in await findings(us, this)] == ["row-failed"]


async def test_a_chunk_that_cannot_be_done_ends_its_import_alone(
    hall: Hall, us: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    bad = await start_import(us, sheet([patent(1)]))
    with monkeypatch.context() as broken:
        broken.setattr(run_import, "_offers", fail)
        assert await import_step(hall.database)
    assert (await state(us, bad))["state"] == "failed"
    good = await start_import(us, sheet([patent(1)]))
    await hall.work()
    assert (await state(us, good))["state"] == "finished"
    assert await hall.fact_names() == ["ImportFinished", "RightRegistered", "ImportFinished"]


async def test_a_database_that_is_gone_fails_no_import(
    hall: Hall, us: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any) -> None:
        raise ConnectionResetError

    this = await start_import(us, sheet([patent(1)]))
    with monkeypatch.context() as broken:
        broken.setattr(SqlStore, "announce", gone)
        with pytest.raises(ConnectionResetError):
            await import_step(hall.database)
    assert (await state(us, this))["state"] == "queued"
    await hall.work()
    assert (await state(us, this))["accepted"] == 1
