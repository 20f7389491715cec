"""PostgreSQL: one schema per service, one transaction per request or batch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, DateTime, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from services.kit.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# For `type_annotation_map` of a service's Base.
COLUMN_TYPES: dict[Any, Any] = {
    UUID: Uuid(),
    datetime: DateTime(timezone=True),
    str: Text(),
    int: BigInteger(),
    dict[str, Any]: JSONB(),
    list[dict[str, Any]]: JSONB(),
    list[str]: ARRAY(Text()),
}


def service_metadata() -> MetaData:
    """Metadata without a schema: the connection's search path decides, so that any service fits any database."""
    return MetaData(naming_convention=NAMING)


def async_url(url: str) -> str:
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def to_json(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain)


def _plain(value: object) -> str:
    # asyncpg hands out a UUID class of its own, which orjson does not take for one.
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


class Database:
    """A service's own schema in a PostgreSQL database."""

    def __init__(
        self,
        url: str,
        schema: str,
        *,
        pool_size: int = 5,
        statement_timeout_ms: int = 30_000,
        lock_timeout_ms: int = 5_000,
    ) -> None:
        self.schema = schema
        self.url = url
        self.server_settings = {
            "application_name": f"zayton-{schema}",
            "search_path": f"{schema},public",
            "statement_timeout": str(statement_timeout_ms),
            "lock_timeout": str(lock_timeout_ms),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
        }
        self.engine: AsyncEngine = create_async_engine(
            async_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            pool_pre_ping=True,
            connect_args={"server_settings": self.server_settings, "timeout": 10},
            json_serializer=lambda value: to_json(value).decode(),
            json_deserializer=orjson.loads,
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @classmethod
    def of(cls, settings: Settings, schema: str) -> "Database":
        return cls(
            settings.database_url.get_secret_value(),
            schema,
            pool_size=settings.pool_size,
            statement_timeout_ms=settings.statement_timeout_ms,
            lock_timeout_ms=settings.lock_timeout_ms,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends well, rolled back when it raises. Only edges open one."""
        async with self._sessions() as session, session.begin():
            yield session

    async def ping(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


# SQLSTATE classes and codes that speak of the server's state, not of the statement:
# 08 connection, 28 and 3D no access or no such database, 53 resources, 57P0x shutdown or crash, 40001 serialisation,
# 40P01 deadlock, 55P03 somebody else's lock, 25006 read-only.
_OUTSIDE_STATES = ("08", "28", "3D", "53", "57P", "40001", "40P01", "55P03", "25006")


def is_unstorable(error: BaseException) -> bool:
    """Whether a value was of the right type but PostgreSQL cannot hold it: a NUL in a text, a number out of range."""
    return isinstance(error, DBAPIError) and str(getattr(error.orig, "sqlstate", "")).startswith("22")


def is_outside_fault(error: BaseException) -> bool:
    """Whether an error lies outside the work at hand (database or network gone), so that trying later is right."""
    if isinstance(error, OSError | TimeoutError | NoConnectionLeft):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_OUTSIDE_STATES)
    # asyncpg reports a connection that went away in mid-statement without a state.
    return type(cause).__name__ in {"ConnectionDoesNotExistError", "InterfaceError", "InternalClientError"}
