"""Keyset paging (a cursor holds the sort key of the last row seen) with Link headers (RFC 8288)."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.kit.db import to_json
from services.kit.problems import FieldError, InvalidInput

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Part of a list. `next` is the cursor of the part after it, null at the end."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True)
class Paging:
    cursor: str | None
    limit: int
    request: Request
    response: Response

    @classmethod
    def read(
        cls,
        request: Request,
        response: Response,
        cursor: Annotated[str | None, Query(max_length=500, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=100, description="How many items at most.")] = 20,
    ) -> "Paging":
        return cls(cursor, limit, request, response)


PagingQuery = Annotated[Paging, Depends(Paging.read)]

SortColumn = InstrumentedAttribute[Any] | ColumnElement[Any]


async def paginate(
    session: AsyncSession,
    statement: Select[Any],
    paging: Paging,
    *,
    sort: Sequence[SortColumn],
    descending: bool = True,
) -> tuple[list[Any], str | None]:
    """One page of a statement's entities, and the next cursor (also sent as a Link header).

    `sort` ends with a unique column. Its columns are never null, and are attributes of the entity by their key.
    """
    if paging.cursor is not None:
        last = [literal(value, column.type) for value, column in zip(_open(paging.cursor, sort), sort, strict=True)]
        key = tuple_(*sort)
        statement = statement.where(key < tuple_(*last) if descending else key > tuple_(*last))
    ordered = statement.order_by(*[column.desc() if descending else column.asc() for column in sort])
    rows = list((await session.execute(ordered.limit(paging.limit + 1))).scalars())
    if len(rows) <= paging.limit:
        return rows, None
    rows = rows[: paging.limit]
    cursor = _seal([getattr(rows[-1], str(column.key)) for column in sort])
    link(paging, cursor)
    return rows, cursor


def link(paging: Paging, cursor: str) -> None:
    url = paging.request.url.include_query_params(cursor=cursor)
    paging.response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'


def _seal(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(to_json(values)).decode().rstrip("=")


def _open(cursor: str, sort: Sequence[SortColumn]) -> list[Any]:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_typed(value, column) for value, column in zip(values, sort, strict=True)]
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidInput(errors=[FieldError("?cursor", "cursor")]) from error


def _typed(value: Any, column: SortColumn) -> Any:
    python_type = column.type.python_type
    if python_type is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment
    if python_type is UUID:
        return UUID(value)
    if type(value) is not python_type and not (python_type is float and isinstance(value, int)):
        raise TypeError(value)
    return value
