"""A gateway on a database of its own, and people to knock at it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gateway.bootstrap import Gateway, build
from gateway.settings import GatewaySettings
from services.kit.db import Database
from tests.support.people import Hall


@pytest.fixture
async def database(service_database: Callable[..., Awaitable[Database]]) -> Database:
    return await service_database("gateway")


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> GatewaySettings:
    return GatewaySettings.model_validate({"database_url": database.url, "home": tmp_path, "pool_size": 3})


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of people register in these tests; what a real hash costs is tested where it matters."""
    monkeypatch.setattr("gateway.identity.passwords._MEMORY_KIB", 64)


@pytest.fixture
async def gateway(settings: GatewaySettings, quick_passwords: None) -> AsyncIterator[Gateway]:  # noqa: ARG001
    gateway = build(settings, {})
    yield gateway
    await gateway.close()


@pytest.fixture
async def hall(gateway: Gateway) -> AsyncIterator[Hall]:
    hall = Hall(gateway)
    yield hall
    await hall.close()
