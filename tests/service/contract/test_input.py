"""Bad input is located and changes nothing; evidence cannot be changed at all."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.service.contract.hall import EXCLUSIVE, ORDINARY, Hall, Json, good, refused

FEE = {"minor_units": 1, "currency": "CNY"}


@pytest.mark.parametrize(
    ("terms", "pointer", "code"),
    [
        ({"form": "rent"}, "/terms/form", "choice"),
        ({"form": "open_licence"}, "/terms/form", "open-licence-not-negotiated"),
        ({"form": "assignment", "territories": ["CN"]}, "/terms/territories", "transfer-is-whole"),
        ({"territories": ["China"]}, "/terms/territories/0", "pattern"),
        ({"colour": "red"}, "/terms/colour", "extra"),
        ({"starts_at": "2026-01-01T00:00:00"}, "/terms/starts_at", "time"),
        ({"starts_at": "9999-12-31T23:59:59-23:00"}, "/terms/starts_at", "time"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "/terms/ends_at", "not-future"),
        (
            {"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"},
            "/terms/ends_at",
            "ends-before-start",
        ),
        ({"fixed_fee": FEE | {"minor_units": 0.5}}, "/terms/fixed_fee/minor_units", "integer"),
        ({"fixed_fee": FEE | {"minor_units": -1}}, "/terms/fixed_fee/minor_units", "at-least"),
        ({"fixed_fee": FEE | {"currency": "yuan"}}, "/terms/fixed_fee/currency", "pattern"),
        ({"royalty_basis_points": 10_001}, "/terms/royalty_basis_points", "at-most"),
        ({"minimum_annual_royalty": FEE}, "/terms/minimum_annual_royalty", "minimum-without-royalty"),
        ({"field_of_use": "a\x00b"}, "/terms/field_of_use", "pattern"),
        ({"other_terms": "x" * 10_001}, "/terms/other_terms", "too-long"),
    ],
)
async def test_terms_that_are_unsound(hall: Hall, terms: Json, pointer: str, code: str) -> None:
    deal_id = await hall.inquired()
    answer = await hall.post(hall.university, f"/{deal_id}/offers", {"terms": terms})
    (error,) = refused(answer, 422, "invalid-input")["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert await hall.state(deal_id) == "inquiry"


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/reject", {}, "/reason_code"),
        ("/reject", {"reason_code": "bored"}, "/reason_code"),
        ("/reject", {"reason_code": "other"}, "/note"),
        ("/offers", {}, "/terms"),
        ("/signatures", {"name": "x"}, "/name"),
    ],
)
async def test_bodies_that_lack_something(hall: Hall, path: str, body: Json, pointer: str) -> None:
    deal_id = await hall.inquired()
    problem = refused(await hall.post(hall.university, f"/{deal_id}{path}", body), 422, "invalid-input")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_terms_come_back_as_they_were_given(hall: Hall) -> None:
    deal_id = await hall.inquired()
    terms: dict[str, Any] = {
        "form": "sole_licence",
        "territories": ["US", "CN", "US"],
        "field_of_use": "钠离子电池",
        "starts_at": "2030-01-01T08:00:00+08:00",
        "ends_at": "2031-01-01T00:00:00.250Z",
        "sublicensing_allowed": True,
        "fixed_fee": {"minor_units": 10**15, "currency": "CNY"},
        "royalty_basis_points": 250,
        "minimum_annual_royalty": {"minor_units": 0, "currency": "CNY"},
        "other_terms": "每年三月底前付款\n",
    }
    await hall.offered(deal_id, terms)
    shown = good(await hall.get(hall.company, f"/{deal_id}"))["offers"][0]["terms"]
    assert shown == terms | {
        "territories": ["CN", "US"],
        "starts_at": "2030-01-01T00:00:00Z",
        "ends_at": "2031-01-01T00:00:00.250000Z",
    }
    # What is shown can be sent back as a counter, unchanged.
    await hall.offered(deal_id, shown, by=hall.company)


@pytest.mark.parametrize("table", ["history", "signatures"])
@pytest.mark.parametrize("change", ["UPDATE {} SET deal_id = deal_id", "DELETE FROM {}", "TRUNCATE {}"])
async def test_evidence_is_append_only(hall: Hall, table: str, change: str) -> None:
    deal_id = await hall.signed(ORDINARY)
    with pytest.raises(IntegrityError, match="append-only"):
        async with hall.service.database.transaction() as session:
            await session.execute(text(change.format(table)))
    assert await hall.value(f"SELECT count(*) FROM {table} WHERE deal_id = :id", id=UUID(deal_id)) > 1


async def test_the_signed_hash_holds_the_terms(hall: Hall) -> None:
    one, other = [await hall.agreed(terms) for terms in (EXCLUSIVE, ORDINARY)]
    digests = {good(await hall.get(hall.company, f"/{deal_id}"))["document"]["sha256"] for deal_id in (one, other)}
    assert len(digests) == 2
