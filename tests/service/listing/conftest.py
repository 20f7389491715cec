from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from services.kit.auth import Principal
from services.kit.db import Database
from services.kit.settings import Settings
from services.listing.bootstrap import build
from tests.service.listing.hall import Hall
from tests.support.tokens import Issuer, principal


@pytest.fixture
async def hall(
    service_database: Callable[..., Awaitable[Database]], settings_for: Callable[..., Settings], issuer: Issuer
) -> AsyncIterator[Hall]:
    database = await service_database("listing")
    service = build(settings_for(database), verifier=issuer.verifier())
    async with AsyncExitStack() as stack:
        yield Hall(service, issuer, stack)
    await service.close()


@pytest.fixture
def owner() -> Principal:
    return principal("university", "agent")


@pytest.fixture
async def us(hall: Hall, owner: Principal) -> httpx.AsyncClient:
    """The owner's agent at the API."""
    return await hall.client(owner)


@pytest.fixture
async def anyone(hall: Hall) -> httpx.AsyncClient:
    return await hall.client(None)
